"""Rubrics: criteria with levels, as value objects that versions store and prompts show (A6)."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from grading.points import format_points

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]

MOST_CRITERIA = 20
MOST_LEVELS = 10


class Level(BaseModel):
    """How well a criterion can be met."""

    model_config = ConfigDict(frozen=True)

    title: Title
    points_hundredths: int = Field(ge=0)
    description: Words = ""


class Criterion(BaseModel):
    """One thing the work is judged by. Levels are kept from weakest to strongest."""

    model_config = ConfigDict(frozen=True)

    title: Title
    description: Words = ""
    levels: tuple[Level, ...] = Field(min_length=2, max_length=MOST_LEVELS)

    @field_validator("levels")
    @classmethod
    def _order_levels(cls, levels: tuple[Level, ...]) -> tuple[Level, ...]:
        if len({level.points_hundredths for level in levels}) != len(levels):
            raise ValueError("Two levels of one criterion have the same points. Give each level its own points.")
        return tuple(sorted(levels, key=lambda level: level.points_hundredths))

    @property
    def maximum_hundredths(self) -> int:
        """Points of the strongest level."""
        return max(level.points_hundredths for level in self.levels)


class Rubric(BaseModel):
    """What a piece of work is judged by."""

    model_config = ConfigDict(frozen=True)

    criteria: tuple[Criterion, ...] = Field(min_length=1, max_length=MOST_CRITERIA)

    @model_validator(mode="after")
    def _worth_something(self) -> Self:
        if self.maximum_hundredths == 0:
            raise ValueError("The rubric gives no points at all. Give the strongest levels some points.")
        return self

    @property
    def maximum_hundredths(self) -> int:
        """All the points there are."""
        return sum(criterion.maximum_hundredths for criterion in self.criteria)

    def as_text(self) -> str:
        """The rubric as the model reads it, with the keys that its answer must use."""
        lines = []
        for number, criterion in enumerate(self.criteria, start=1):
            lines.append(f"{criterion_key(number)}: {criterion.title}")
            if criterion.description:
                lines.append(f"  {criterion.description}")
            for step, level in enumerate(criterion.levels, start=1):
                points = format_points(level.points_hundredths)
                described = f": {level.description}" if level.description else ""
                lines.append(f"  - {level_key(step)} = {level.title} ({points} points){described}")
        return "\n".join(lines)


def criterion_key(number: int) -> str:
    """The name of a criterion in the model's answer: by position, never by its text."""
    return f"criterion_{number}"


def level_key(number: int) -> str:
    """The name of a level in the model's answer, 1 being the weakest."""
    return f"level_{number}"


def _four(weakest: str, weak: str, good: str, strong: str, step: int = 200) -> tuple[Level, ...]:
    titles = ("Not yet", "Developing", "Secure", "Strong")
    return tuple(
        Level(title=title, points_hundredths=index * step, description=description)
        for index, (title, description) in enumerate(zip(titles, (weakest, weak, good, strong), strict=True))
    )


def default_rubric() -> Rubric:
    """A rubric to start from: three criteria that suit most written arguments, 18 points together."""
    return Rubric(
        criteria=(
            Criterion(
                title="Thesis and argument",
                description="Takes a position and gives reasons for it.",
                levels=_four(
                    "No position, or no reasons for it.",
                    "A position with reasons that are only asserted.",
                    "A clear position with reasons that support it.",
                    "A precise position, well-connected reasons, objections answered.",
                ),
            ),
            Criterion(
                title="Use of evidence",
                description="Supports claims with examples, texts or facts.",
                levels=_four(
                    "Claims stand without support.",
                    "Some support, often general or unconnected.",
                    "Most claims are supported by fitting evidence.",
                    "Well-chosen evidence that is explained, not only mentioned.",
                ),
            ),
            Criterion(
                title="Structure and clarity",
                description="Can be followed from beginning to end.",
                levels=_four(
                    "Hard to follow.",
                    "Can be followed in parts.",
                    "Clear order, understandable throughout.",
                    "Each paragraph has its place; precise and readable.",
                ),
            ),
        )
    )
