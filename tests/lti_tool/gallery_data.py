"""Invented people, work and figures for the mock pages."""

from typing import Any, Final

COURSE: Final = "Introduction to Ethics"


def _tabs(*items: tuple[str, str, int | None]) -> list[dict[str, Any]]:
    return [{"key": key, "label": label, "href": f"#{key}", "count": count} for key, label, count in items]


ASSIGNMENT_TABS: Final = _tabs(("work", "Submissions", 6), ("setup", "Set up", None), ("grades", "Gradebook", None))
ADMIN_SECTIONS: Final = _tabs(
    ("queue", "Queue", 1204),
    ("batches", "Batches", None),
    ("platforms", "Platforms", None),
    ("courses", "Courses", None),
    ("audit", "Audit", None),
)


def _criterion(title: str, description: str, *levels: str) -> dict[str, Any]:
    names = ("Not yet", "Developing", "Secure", "Strong")
    return {
        "title": title,
        "description": description,
        "points": 6,
        "levels": [
            {"title": name, "points": step * 2, "description": words}
            for step, (name, words) in enumerate(zip(names, levels, strict=True))
        ],
    }


ASSIGNMENT: Final[dict[str, Any]] = {
    "title": "May we ever break a promise?",
    "description": "Take a position on whether a promise may be broken for a good end. Use at least one case of your "
    "own, and answer the strongest objection you can think of. 400 to 600 words.",
    "criteria": [
        _criterion(
            "Thesis and argument",
            "Takes a position and gives reasons for it.",
            "No position, or no reasons.",
            "A position with reasons that are only asserted.",
            "A clear position with reasons that support it.",
            "A precise position; objections answered.",
        ),
        _criterion(
            "Use of evidence",
            "Supports claims with examples, texts or facts.",
            "Claims stand without support.",
            "Some support, often general.",
            "Most claims are supported.",
            "Well-chosen evidence that is explained.",
        ),
        _criterion(
            "Structure and clarity",
            "Can be followed from beginning to end.",
            "Hard to follow.",
            "Can be followed in parts.",
            "Clear order throughout.",
            "Each paragraph has its place.",
        ),
    ],
}

_PARAGRAPHS: Final = (
    (
        "Most of us were taught to keep our word before we were taught to read, and yet everyone I asked could name a "
        "promise they were glad to have broken. In this essay I argue that [1|a promise gives us a strong reason to "
        "act, but not one that outweighs every other reason]. It can be outweighed when keeping it would do serious "
        "harm to someone who never agreed to bear it."
    ),
    (
        "Last winter I promised my brother that I would not tell our parents he had stopped going to school. [2|Three "
        "weeks later he had stopped eating as well, and I told them the same evening.] He did not speak to me until "
        "spring. I had given my word freely, he had relied on it, and I broke it. I still think that I was right."
    ),
    (
        "What made it right was not that things turned out well. They might not have. It was that the promise was made "
        "about one thing, missing school, and then the facts changed until it covered another thing that neither of us "
        "had in mind. [3|A promise is like a map: it is drawn for a certain country, and when the land moves, you owe "
        "the other person a new map, not blind steps.]"
    ),
    (
        "The strongest objection is that if promises can be broken for good ends, they are worth nothing, because each "
        "of us is an expert in finding good ends. I take this seriously. A person who weighs every promise again each "
        "morning has not promised anything. But the objection shows only that the bar must be high, and that the one "
        "who breaks a promise must be ready to say so to the face of the person who trusted them."
    ),
    (
        "So I would keep a promise that has become a burden to me, and even one that has become pointless. I would not "
        "keep one whose price is paid by somebody else."
    ),
)


def _pieces(paragraph: str) -> list[dict[str, Any]]:
    pieces: list[dict[str, Any]] = []
    for part in paragraph.replace("[", "]*").split("]"):
        number, _, words = part.removeprefix("*").partition("|")
        if part.startswith("*"):
            pieces.append({"text": words, "mark": int(number)})
        else:
            pieces.append({"text": part, "mark": None})
    return pieces


ESSAY: Final = [_pieces(paragraph) for paragraph in _PARAGRAPHS]


def _result(title: str, level: int, points: int, reasoning: str, *quotes: tuple[str, int | None]) -> dict[str, Any]:
    return {
        "title": title,
        "level": level,
        "levels": 4,
        "level_title": ("Not yet", "Developing", "Secure", "Strong")[level - 1],
        "points_hundredths": points,
        "maximum_hundredths": 600,
        "reasoning": reasoning,
        "evidence": [{"quote": quote, "found": mark is not None, "mark": mark} for quote, mark in quotes],
    }


ASSESSMENT: Final[dict[str, Any]] = {
    "comments": "You take a clear position and stay with it. The case of your brother does real work in the argument, "
    "and the image of the map shows why changed facts matter. What is missing is a rule for telling a good reason from "
    "a convenient one: you say that the bar must be high, but not how a reader would know that it has been reached.",
    "strengths": [
        "A position that is stated early and qualified with care.",
        "One case from your own life, told briefly and then used.",
    ],
    "improvements": [
        "Say what “serious harm” is, perhaps with a second case that falls just short of it.",
        "Name the view behind the objection; it would let you answer its strongest form.",
    ],
    "criteria": [
        _result(
            "Thesis and argument",
            4,
            600,
            "The position is precise and limited, and the fourth paragraph answers an objection that could sink it.",
            ("a promise gives us a strong reason to act, but not one that outweighs every other reason", 1),
        ),
        _result(
            "Use of evidence",
            3,
            400,
            "One case is developed and connected to the claim. A second one would show where the limit lies.",
            ("Three weeks later he had stopped eating as well, and I told them the same evening.", 2),
            ("as Kant himself admitted in his letters", None),
        ),
        _result(
            "Structure and clarity",
            3,
            400,
            "Paragraphs follow from one another, and the image is carried through its sentence without strain.",
            ("A promise is like a map: it is drawn for a certain country", 3),
        ),
    ],
}


def _student(number: int, name: str, at: str, state: str, points: int | None, sure: int | None, flags: str) -> Any:
    return {
        "id": number,
        "name": name,
        "at": at,
        "state": state,
        "points": points,
        "confidence": sure,
        "flags": flags,
    }


STUDENTS: Final = [
    _student(1, "Ingrid Solheim", "6 May, 14:02", "needs_you", 1450, 62, "A quotation was not found"),
    _student(2, "Tomás Arriaga", "6 May, 15:40", "needs_you", 1125, 71, ""),
    _student(3, "Aiko Maruyama", "7 May, 09:12", "needs_you", 1800, 88, ""),
    _student(4, "Bartholomew Featherstonehaugh-Okonkwo", "7 May, 10:55", "grading", None, None, ""),
    _student(5, "Lea Brandt", "7 May, 11:03", "waiting", None, None, ""),
    _student(6, "Samuel Adeyemi", "5 May, 20:31", "released", 1600, 90, ""),
    _student(7, "Nour Haddad", "5 May, 21:17", "failed", None, None, "The answer was cut off before its end"),
]


def _item(number: int, assignment: str, state: str, priority: str, queued: str, words: int, **more: Any) -> Any:
    given = {"course": COURSE, "lms": "Moodle", "tries": 0, "note": "", "micro_dollars": words * 1, **more}
    return {
        "id": number,
        "assignment": assignment,
        "state": state,
        "priority": priority,
        "queued": queued,
        "words": words,
        **given,
    }


_ESSAY_TITLE: Final = "May we ever break a promise?"
QUEUE: Final = [
    _item(5101, _ESSAY_TITLE, "selected", "high", "Today, 08:48", 412, note="Exam board on Thursday"),
    _item(5102, _ESSAY_TITLE, "selected", "high", "Today, 08:51", 588),
    _item(5103, _ESSAY_TITLE, "queued", "high", "Today, 09:02", 471, tries=1, note="Came back: provider was busy"),
    _item(5104, "Source criticism: two letters", "queued", "normal", "Today, 09:10", 1204, course="Modern History"),
    _item(5105, "Source criticism: two letters", "queued", "normal", "Today, 09:11", 1420, course="Modern History"),
    _item(5106, _ESSAY_TITLE, "queued", "normal", "Today, 09:30", 398),
    _item(
        5107, "Lab report 3: titration", "queued", "normal", "Today, 09:41", 2210, course="Chemistry 1", lms="Canvas"
    ),
    _item(
        5108, "Lab report 3: titration", "queued", "normal", "Today, 09:44", 1987, course="Chemistry 1", lms="Canvas"
    ),
    _item(5109, "Lab report 3: titration", "failed", "normal", "Today, 09:46", 2302, course="Chemistry 1", tries=3),
    _item(5110, _ESSAY_TITLE, "queued", "normal", "Today, 10:15", 455),
    _item(5111, "Reading diary, weeks 1 to 4", "queued", "low", "Yesterday, 17:20", 3104, course="Modern History"),
    _item(5112, "Reading diary, weeks 1 to 4", "skipped", "low", "Yesterday, 17:25", 2875, course="Modern History"),
]


def _line(state: str, tokens: int, micro_dollars: int, words: str = "", assignment: str = _ESSAY_TITLE) -> Any:
    return {
        "assignment": assignment,
        "course": COURSE,
        "state": state,
        "tokens": tokens,
        "micro_dollars": micro_dollars,
        "words": words,
    }


BATCH_ITEMS: Final = [
    _line("failed", 3011, 402, "The answer was cut off before its end."),
    _line("failed", 0, 0, "The provider's content filter stopped the answer."),
    _line("completed", 2844, 377),
    _line("completed", 2790, 371),
    _line("completed", 3120, 409),
    _line("processing", 0, 0),
    _line("processing", 0, 0),
]

STATES: Final = [
    "draft",
    "waiting",
    "grading",
    "with_instructor",
    "needs_you",
    "failed",
    "released",
    "queued",
    "selected",
    "processing",
    "completed",
    "skipped",
    "cancelled",
    "created",
    "submitted",
    "overridden",
    "pending",
    "approved",
    "rejected",
    "by_hand",
    "sending",
    "delivered",
    "replaced",
    "withdrawn",
]
