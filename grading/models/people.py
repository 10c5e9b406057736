"""People: who someone is at an LMS, what they are in a course, and who administers Blindmark itself."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, state_type
from grading.models.columns import Created, Key, LmsId, Moment, Sealed


class CourseRole(StrEnum):
    """What someone may do in a course, decided from context roles alone (LTI Core 1.3, appendix A)."""

    INSTRUCTOR = "instructor"
    GRADER = "grader"
    DESIGNER = "designer"
    LEARNER = "learner"
    OBSERVER = "observer"


class EnrolmentState(StrEnum):
    """Whether someone still belongs to a course."""

    ACTIVE = "active"
    LEFT = "left"


class Person(Base):
    """A person inside a registration: (issuer, sub). Never matched by name or e-mail, and without either."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("registration_id", "subject"),)

    id: Mapped[Key]
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"))
    subject: Mapped[LmsId]
    """The LTI `sub`, opaque."""
    lti11_user_id: Mapped[LmsId | None]
    """Who this was to an LTI 1.1 tool, if the LMS proved it (migration claim)."""
    created_at: Mapped[Created]


class Enrolment(Base):
    """A person in a course, with the name that this course's LMS told us, sealed under the person's key."""

    __tablename__ = "enrolment"
    __table_args__ = (
        UniqueConstraint("context_id", "person_id"),
        Index("ix_enrolment_context_id_state", "context_id", "state"),
    )

    id: Mapped[Key]
    context_id: Mapped[UUID] = mapped_column(ForeignKey("context.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[CourseRole] = mapped_column(state_type(CourseRole, "course_role"))
    state: Mapped[EnrolmentState] = mapped_column(
        state_type(EnrolmentState, "enrolment_state"), default=EnrolmentState.ACTIVE
    )
    test_user: Mapped[bool] = mapped_column(default=False)
    """An LMS's "student view": may look, is never graded."""
    sealed_profile: Mapped[Sealed | None]
    """JSON: name, given_name, family_name, middle_name, email, username, sourcedid."""
    role_from_launch: Mapped[bool] = mapped_column(default=False)
    """A launch said the role; a roster that disagrees doesn't change it (Moodle lists some teachers as learners)."""
    created_at: Mapped[Created]
    seen_at: Mapped[Moment | None]

    person: Mapped[Person] = relationship()


class Administrator(Base):
    """An account of Blindmark's own for `/admin`."""

    __tablename__ = "administrator"

    id: Mapped[Key]
    username: Mapped[str] = mapped_column(String(100), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    """argon2id."""
    must_change_password: Mapped[bool] = mapped_column(default=False)
    disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[Created]
    last_sign_in_at: Mapped[Moment | None]
