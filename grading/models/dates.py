"""Dates that an LMS gave to one person: an extension, or a group's own date."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from config.database import Base
from grading.models.columns import Key, Moment


class IndividualDate(Base):
    """When an assignment is due and closes for one person, as their LMS says. It goes before the assignment's own."""

    __tablename__ = "individual_date"
    __table_args__ = (
        UniqueConstraint("assignment_id", "person_id"),
        CheckConstraint("due_at IS NOT NULL OR closes_at IS NOT NULL", name="some_date"),
    )

    id: Mapped[Key]
    assignment_id: Mapped[UUID] = mapped_column(ForeignKey("assignment.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    due_at: Mapped[Moment | None]
    closes_at: Mapped[Moment | None]
    noted_at: Mapped[Moment]
