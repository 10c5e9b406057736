"""Assignments, and the versions of prompt and rubric that assessments are made with (A1, A2, A6)."""

from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, JsonObject
from grading.models.columns import Created, Hundredths, Key, Moment, Url
from grading.models.tenancy import Context


class Assignment(Base):
    """Work to hand in: what is asked, how many points it is worth, when it is open."""

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("points_hundredths > 0", name="points_positive"),
        CheckConstraint("attempts_allowed >= 0", name="attempts_not_negative"),
    )

    id: Mapped[Key]
    """Also the `resourceId` of the line item and the custom parameter of the link: survives course copies."""
    context_id: Mapped[UUID] = mapped_column(ForeignKey("context.id"), index=True)
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text(), default="")
    points_hundredths: Mapped[Hundredths]
    opens_at: Mapped[Moment | None]
    due_at: Mapped[Moment | None]
    closes_at: Mapped[Moment | None]
    attempts_allowed: Mapped[int] = mapped_column(default=3)
    """0 means any number."""
    lineitem_url: Mapped[Url | None]
    """The gradebook column, once an LMS has named it."""
    column_claimed_until: Mapped[Moment | None]
    """While in the future, one worker looks for the column or makes it: two would make two."""
    column_outdated: Mapped[bool] = mapped_column(default=False)
    """The column does not have the assignment's present title or points yet."""
    results_read_at: Mapped[Moment | None]
    """When the LMS's gradebook was last read for this assignment."""
    results_offered: Mapped[bool] = mapped_column(default=True)
    """Whether the LMS lets us read its gradebook, as far as we know."""
    created_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[Created]

    context: Mapped[Context] = relationship()


class PromptVersion(Base):
    """One saved state of an assignment's prompt. Never changed: every save is a new row."""

    __tablename__ = "prompt_version"
    __table_args__ = (
        UniqueConstraint("assignment_id", "number"),
        CheckConstraint("max_output_tokens > 0", name="max_output_tokens_positive"),
        CheckConstraint("temperature_hundredths BETWEEN 0 AND 200", name="temperature_range"),
    )

    id: Mapped[Key]
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    number: Mapped[int]
    system_instructions: Mapped[str] = mapped_column(Text())
    template: Mapped[str] = mapped_column(Text())
    model: Mapped[str] = mapped_column(String(100))
    temperature_hundredths: Mapped[int] = mapped_column(default=30)
    max_output_tokens: Mapped[int] = mapped_column(default=1500)
    created_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[Created]


class RubricVersion(Base):
    """One saved state of an assignment's rubric. Never changed: every save is a new row."""

    __tablename__ = "rubric_version"
    __table_args__ = (UniqueConstraint("assignment_id", "number"),)

    id: Mapped[Key]
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    number: Mapped[int]
    content: Mapped[JsonObject] = mapped_column(JSON())
    """A `grading.rubrics.Rubric` as JSON."""
    created_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[Created]
