"""The assignment form: what was typed, as a value that can be shown again, and the draft it becomes when it fits.

Rows of the rubric are added and removed by buttons of the form itself, so that it works without scripts; a script only
makes it quicker.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from grading.assignments import AssignmentDraft, AssignmentInvalid
from grading.errors import GradingError
from grading.points import PointsUnreadable, format_points, parse_points
from grading.prompts import PromptError
from grading.providers.catalogue import ModelUnavailable
from grading.rubrics import MOST_CRITERIA, MOST_LEVELS, Criterion, Rubric


@dataclass(frozen=True, slots=True)
class LevelRow:
    """A level as typed."""

    title: str = ""
    points: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """A criterion as typed."""

    title: str = ""
    description: str = ""
    levels: tuple[LevelRow, ...] = (LevelRow(), LevelRow())


class Assistance(StrEnum):
    """How things stand with AI assistance in the course, as the form says it."""

    ON = "on"
    OFF = "off"
    FORBIDDEN = "forbidden"  # by the site's limits


@dataclass(frozen=True, slots=True)
class AssignmentForm:
    """Everything as typed. `errors` maps field names to words."""

    title: str = ""
    description: str = ""
    points: str = ""
    opens_at: str = ""
    due_at: str = ""
    closes_at: str = ""
    attempts_allowed: str = ""
    model: str = ""
    system_instructions: str = ""
    template: str = ""
    temperature: str = ""
    max_output: str = ""
    allow_assessment: bool = False
    """Whether AI assistance is to be turned on for the course along with the assignment."""
    assistance: Assistance = Assistance.OFF
    criteria: tuple[CriterionRow, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def rubric_total(self) -> str:
        """What the rubric adds up to, as far as its points can be read."""
        total = 0
        for criterion in self.criteria:
            readable = [_points_or_none(level.points) for level in criterion.levels]
            total += max((value for value in readable if value is not None), default=0)
        return format_points(total)


def from_draft(draft: AssignmentDraft, zone: ZoneInfo, assistance: Assistance) -> AssignmentForm:
    """The form filled with what is saved."""
    return AssignmentForm(
        title=draft.title,
        description=draft.description,
        points=format_points(draft.points_hundredths) if draft.points_hundredths else "",
        opens_at=_typed(draft.opens_at, zone),
        due_at=_typed(draft.due_at, zone),
        closes_at=_typed(draft.closes_at, zone),
        attempts_allowed=str(draft.attempts_allowed),
        model=draft.model,
        system_instructions=draft.system_instructions,
        template=draft.template,
        temperature=format_points(draft.temperature_hundredths),
        max_output=str(draft.max_output_tokens),
        assistance=assistance,
        criteria=tuple(
            CriterionRow(
                criterion.title,
                criterion.description,
                tuple(
                    LevelRow(level.title, format_points(level.points_hundredths), level.description)
                    for level in criterion.levels
                ),
            )
            for criterion in draft.rubric.criteria
        ),
    )


def from_request(form: MultiDict[str, str]) -> AssignmentForm:
    """The form as it was sent, with line breaks as we keep them."""

    def value(name: str) -> str:
        return form.get(name, "").replace("\r\n", "\n")

    return AssignmentForm(
        title=value("title"),
        description=value("description"),
        points=value("points"),
        opens_at=value("opens_at"),
        due_at=value("due_at"),
        closes_at=value("closes_at"),
        attempts_allowed=value("attempts_allowed"),
        model=value("model"),
        system_instructions=value("system_instructions"),
        template=value("template"),
        temperature=value("temperature"),
        max_output=value("max_output"),
        allow_assessment=value("allow_assessment") == "yes",
        assistance=Assistance(value("assistance")) if value("assistance") in set(Assistance) else Assistance.OFF,
        criteria=_criteria(form),
    )


def rearranged(form: AssignmentForm, action: str) -> AssignmentForm:
    """The form after one of its add and remove buttons: `add-criterion`, `remove-criterion-0`, `add-level-0`,
    `remove-level-0-2`. Anything else changes nothing.
    """
    rows = list(form.criteria)
    removed = action.removeprefix("remove-criterion-")
    if action == "add-criterion" and len(rows) < MOST_CRITERIA:
        rows.append(CriterionRow())
    elif removed != action and removed.isdecimal() and int(removed) < len(rows) and len(rows) > 1:
        del rows[int(removed)]
    elif "-level-" in action:
        rows = _levels_rearranged(rows, action)
    return replace(form, criteria=tuple(rows))


def to_draft(form: AssignmentForm, zone: ZoneInfo) -> tuple[AssignmentDraft | None, dict[str, str]]:
    """The draft that was typed, or words for each field that can't be read."""
    reader = _Reader(zone)
    points = reader.points("points", form.points)
    temperature = reader.points("temperature", form.temperature or "0.3")
    attempts = reader.whole("attempts_allowed", form.attempts_allowed or "0", "attempts")
    most = reader.whole("max_output", form.max_output or "1500", "tokens")
    opens, due = reader.moment("opens_at", form.opens_at), reader.moment("due_at", form.due_at)
    closes = reader.moment("closes_at", form.closes_at)
    rubric = reader.rubric(form.criteria)
    if reader.errors or rubric is None:
        return None, reader.errors
    draft = AssignmentDraft(
        title=form.title,
        description=form.description,
        points_hundredths=points,
        rubric=rubric,
        model=form.model,
        system_instructions=form.system_instructions,
        template=form.template,
        temperature_hundredths=temperature,
        max_output_tokens=most,
        opens_at=opens,
        due_at=due,
        closes_at=closes,
        attempts_allowed=attempts,
    )
    return draft, {}


def field_of(error: GradingError) -> str:
    """The field that a refusal of the domain is about."""
    if isinstance(error, AssignmentInvalid):
        return error.field
    if isinstance(error, PromptError):
        return "template"
    return "model" if isinstance(error, ModelUnavailable) else "title"


class _Reader:
    """Reads typed values; what can't be read is noted under its field, and something harmless stands in for it."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self.errors: dict[str, str] = {}

    def points(self, name: str, text: str) -> int:
        try:
            return parse_points(text)
        except PointsUnreadable as error:
            self.errors[name] = error.message
            return 0

    def whole(self, name: str, text: str, noun: str) -> int:
        if text.strip().isdecimal() and len(text.strip()) <= 6:
            return int(text)
        self.errors[name] = f"Write a whole number of {noun}."
        return 0

    def moment(self, name: str, text: str) -> datetime | None:
        if not text.strip():
            return None
        try:
            return datetime.fromisoformat(text.strip()).replace(tzinfo=self._zone).astimezone(UTC)
        except ValueError:
            self.errors[name] = "Write a date and time such as 2027-01-31T18:00, or leave it empty."
            return None

    def rubric(self, rows: tuple[CriterionRow, ...]) -> Rubric | None:
        criteria = []
        for number, row in enumerate(rows):
            criterion = self._criterion(f"criterion-{number}", row)
            if criterion:
                criteria.append(criterion)
        if len(criteria) != len(rows) or not rows:
            self.errors.setdefault("rubric", "The rubric is not complete yet: see the marked criteria.")
            return None
        try:
            return Rubric(criteria=tuple(criteria))
        except ValidationError as error:
            self.errors["rubric"] = _words(error)
            return None

    def _criterion(self, name: str, row: CriterionRow) -> Criterion | None:
        if not row.title.strip():
            self.errors[name] = "Give this criterion a title."
            return None
        levels = []
        for level in row.levels:
            points = _points_or_none(level.points)
            if points is None or points < 0 or not level.title.strip():
                self.errors[name] = f"Each level of “{row.title.strip()}” needs a title and a number of points."
                return None
            levels.append({"title": level.title, "points_hundredths": points, "description": level.description})
        try:
            return Criterion.model_validate(
                {"title": row.title, "description": row.description, "levels": tuple(levels)}
            )
        except ValidationError as error:
            self.errors[name] = _words(error)
            return None


def _words(error: ValidationError) -> str:
    first = error.errors()[0]
    if first["type"] == "value_error":
        return str(first["msg"]).removeprefix("Value error, ")
    if first["type"] == "too_short":
        return "A criterion needs at least two levels."
    if first["type"] in ("string_too_long", "too_long"):
        return "Something in this criterion is too long."
    return "This criterion can't be read."


def _points_or_none(text: str) -> int | None:
    try:
        return parse_points(text)
    except PointsUnreadable:
        return None


def _typed(moment: datetime | None, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M") if moment else ""


def _criteria(form: MultiDict[str, str]) -> tuple[CriterionRow, ...]:
    rows = []
    for number in range(MOST_CRITERIA):
        name = f"criterion-{number}"
        if f"{name}-title" not in form:
            break
        levels = []
        for step in range(MOST_LEVELS):
            level = f"{name}-level-{step}"
            if f"{level}-title" not in form:
                break
            levels.append(
                LevelRow(form[f"{level}-title"], form.get(f"{level}-points", ""), form.get(f"{level}-description", ""))
            )
        rows.append(CriterionRow(form[f"{name}-title"], form.get(f"{name}-description", ""), tuple(levels)))
    return tuple(rows)


def _levels_rearranged(rows: list[CriterionRow], action: str) -> list[CriterionRow]:
    verb, _, rest = action.partition("-level-")
    numbers = [int(part) for part in rest.split("-") if part.isdecimal()]
    if not numbers or numbers[0] >= len(rows):
        return rows
    levels = list(rows[numbers[0]].levels)
    if verb == "add" and len(levels) < MOST_LEVELS:
        levels.append(LevelRow())
    elif verb == "remove" and len(numbers) == 2 and numbers[1] < len(levels) and len(levels) > 2:
        del levels[numbers[1]]
    rows[numbers[0]] = replace(rows[numbers[0]], levels=tuple(levels))
    return rows
