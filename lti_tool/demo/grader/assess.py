"""Counts what can be counted in a text and words it as an assessment. Pure, and the same for the same request.

It understands nothing: it measures length, paragraphs, sentences, connectives, examples, authors and vocabulary, and
quotes the sentences in which it found them.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_MARKED: Final = re.compile(r"<submission-([a-z0-9-]+)>\n(.*)\n</submission-\1>", re.DOTALL | re.IGNORECASE)
_SENTENCE: Final = re.compile(r"[^.!?\n]+[.!?]+[”\"']?")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_TITLE: Final = re.compile(r"^(criterion_\d+): (.+)$", re.MULTILINE)
_CONNECTIVES: Final = frozenset(
    [
        "because",
        "however",
        "therefore",
        "although",
        "thus",
        "hence",
        "since",
        "while",
        "whereas",
        "nevertheless",
        "moreover",
        "consequently",
        "unless",
        "instead",
        "yet",
        "so",
        "finally",
        "firstly",
        "secondly",
    ]
)
_EXAMPLE: Final = re.compile(r"\b(for example|for instance|imagine|suppose|consider|such as|case of)\b", re.IGNORECASE)
_AUTHOR: Final = re.compile(
    r"\b(Kant|Mill|Bok|Aristotle|Hume|Bentham|Plato|Augustine|Arendt|Nietzsche|Rawls|Ross|Williams|\(\d{4}\)|\d{4}\))"
)
_OBJECTION: Final = re.compile(r"\b(object|objection|critics|some say|one might|on the other hand|admittedly)\b", re.I)
_INJECTION: Final = re.compile(
    r"(ignore (all |the )?(previous|above)|full marks|you are (now )?(a|the) (grader|assistant)|system prompt)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Measures:
    """What was counted, and the sentences it was counted in."""

    words: int
    paragraphs: int
    variety: float
    connectives: int
    examples: tuple[str, ...]
    authors: tuple[str, ...]
    objections: tuple[str, ...]
    reasons: tuple[str, ...]
    opening: tuple[str, ...]
    vocabulary: float
    injection: bool


def submission_of(messages: list[dict[str, Any]]) -> str:
    """The text between the marks of the last user message; the whole message where there are none."""
    last = next((str(one["content"]) for one in reversed(messages) if one["role"] == "user"), "")
    found = _MARKED.search(last)
    return found.group(2) if found else last


def measure(text: str) -> Measures:
    """Count."""
    sentences = [match.group().strip() for match in _SENTENCE.finditer(text)]
    sentences = [sentence for sentence in sentences if len(sentence.split()) >= 4]
    words = [word.lower() for word in _WORD.findall(text)]
    lengths = [len(sentence.split()) for sentence in sentences] or [0]
    mean = sum(lengths) / len(lengths)
    spread = (sum((length - mean) ** 2 for length in lengths) / len(lengths)) ** 0.5
    long_words = sum(len(word) >= 8 for word in words)

    def with_words(chosen: frozenset[str]) -> tuple[str, ...]:
        return tuple(one for one in sentences if chosen & {word.lower() for word in _WORD.findall(one)})

    def matching(pattern: re.Pattern[str]) -> tuple[str, ...]:
        return tuple(one for one in sentences if pattern.search(one))

    return Measures(
        words=len(words),
        paragraphs=len([one for one in re.split(r"\n\s*\n", text) if one.strip()]),
        variety=spread / mean if mean else 0.0,
        connectives=sum(word in _CONNECTIVES for word in words),
        examples=matching(_EXAMPLE),
        authors=matching(_AUTHOR),
        objections=matching(_OBJECTION),
        reasons=with_words(_CONNECTIVES),
        opening=tuple(sentences[:1]),
        vocabulary=long_words / len(words) if words else 0.0,
        injection=bool(_INJECTION.search(text)),
    )


def assess(messages: list[dict[str, Any]], schema: Mapping[str, Any]) -> dict[str, Any]:
    """An answer that satisfies the schema."""
    text = submission_of(messages)
    found = measure(text)
    instructions = "\n".join(str(one["content"]) for one in messages if one["role"] in ("developer", "system"))
    titles = dict(_TITLE.findall(instructions))
    answer: dict[str, Any] = _fill(schema, _Filler(text, found, titles), ())
    return answer


class _Filler:
    def __init__(self, text: str, found: Measures, titles: dict[str, str]) -> None:
        self.found = found
        self.titles = titles
        self._seed = hashlib.sha256(text.encode()).digest()

    def quality(self, criterion: str) -> float:
        """0 to 1, by what suits the criterion's title, with a small steady difference between texts."""
        found, title = self.found, self.titles.get(criterion, "").lower()
        length = min(1.0, found.words / 320)
        if "evidence" in title or "source" in title or "example" in title:
            raw = 0.11 * min(3, len(found.authors)) + 0.13 * min(2, len(found.examples)) + 0.3 * length
        elif "structure" in title or "clarity" in title or "style" in title or "language" in title:
            raw = 0.06 * min(6, found.paragraphs) + 0.5 * min(0.5, found.variety) + 1.9 * min(0.12, found.vocabulary)
        else:
            raw = 0.04 * min(10, found.connectives) + 0.12 * min(2, len(found.objections)) + 0.35 * length
        nudge = (self._seed[sum(criterion.encode()) % 32] / 255 - 0.5) * 0.1
        if found.words < 40:
            return 0.0
        return max(0.0, min(0.999, raw + nudge))

    def quotes(self, criterion: str) -> list[str]:
        found, title = self.found, self.titles.get(criterion, "").lower()
        if "evidence" in title or "source" in title:
            chosen = found.authors + found.examples
        elif "structure" in title or "clarity" in title:
            chosen = found.opening + found.reasons
        else:
            chosen = found.objections + found.reasons
        return list(dict.fromkeys(chosen or found.opening))[:2]


def _fill(schema: Mapping[str, Any], filler: _Filler, path: tuple[str, ...]) -> Any:
    """Fill one place of a schema; known names with what was counted, others with something that is allowed."""
    if "anyOf" in schema:
        return _fill(schema["anyOf"][0], filler, path)
    if "enum" in schema:
        return _choose(schema["enum"], filler, path)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        return {name: _fill(child, filler, (*path, name)) for name, child in schema["properties"].items()}
    if kind == "array":
        return _list(schema, filler, path)
    if kind == "string":
        return _words(filler, path)
    if kind in ("integer", "number"):
        return _number(schema, filler, path)
    if kind == "boolean":
        return filler.found.injection if path[-1:] == ("injection_suspected",) else False
    return None


def _choose(options: list[Any], filler: _Filler, path: tuple[str, ...]) -> Any:
    quality = filler.quality(path[-2]) if len(path) > 1 and path[-1] == "level" else 0.0
    return options[int(quality * len(options))]


def _list(schema: Mapping[str, Any], filler: _Filler, path: tuple[str, ...]) -> list[Any]:
    name, found = path[-1] if path else "", filler.found
    if schema.get("items", {}).get("type") != "string":
        return [_fill(schema["items"], filler, (*path, "item"))]
    if name == "evidence":
        return list(filler.quotes(path[-2]))
    if name == "strengths":
        strengths = ["You keep to the question."] if found.words >= 40 else []
        strengths += ["You use examples that a reader can picture."] if found.examples else []
        strengths += ["You bring in what others have written."] if found.authors else []
        strengths += [f"You connect your points: {found.connectives} linking words."] if found.connectives > 3 else []
        return strengths or ["You have made a start."]
    if name == "improvements":
        steps = [] if found.objections else ["Name one objection to your view and answer it."]
        steps += [] if found.authors else ["Support a claim with one of the authors from the course."]
        steps += [] if found.examples else ["Add an example that shows what you mean."]
        steps += [] if found.paragraphs > 2 else ["Give each step of your argument a paragraph of its own."]
        return steps or ["Say in your last paragraph what follows from your argument."]
    return [_words(filler, (*path, "item"))]


def _words(filler: _Filler, path: tuple[str, ...]) -> str:
    name, found = path[-1] if path else "", filler.found
    if name == "language":
        return "en"
    if name == "reasoning":
        title = filler.titles.get(path[-2], "this criterion")
        return (
            f"For “{title}” the demonstration grader counted {found.connectives} linking words, "
            f"{len(found.examples)} sentences with examples and {len(found.authors)} with an author or a year."
        )
    if name == "confidence_reasoning":
        return "The demonstration grader counts words and phrases; it does not understand the argument."
    if name == "comments":
        second = (
            "You take up at least one objection, which makes your view stronger."
            if found.objections
            else "A reader who disagrees will look for an objection that you answer."
        )
        return (
            f"You wrote {found.words} words in {found.paragraphs} "
            f"{'paragraph' if found.paragraphs == 1 else 'paragraphs'}. {second} "
            "Please read these notes as a start: they come from the demonstration grader, which only counts."
        )
    return "Written by the demonstration grader."


def _number(schema: Mapping[str, Any], filler: _Filler, path: tuple[str, ...]) -> int:
    low = int(schema.get("minimum", 0))
    high = int(schema.get("maximum", low + 100))
    if path[-1:] == ("confidence",):
        certain = 45 + min(40, filler.found.words // 10) - (25 if filler.found.injection else 0)
        return max(low, min(high, certain))
    return low


def plain_answer() -> str:
    """What is said where no schema asks for more."""
    return "This is the demonstration grader: a small program that counts, not a language model."
