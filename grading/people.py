"""Names of a course's people, opened for those entitled to see them and for the anonymizer that hides them."""

import json
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from grading.models import Enrolment
from grading.models.people import CourseRole, EnrolmentState
from privacy.anonymizer import CompiledRoster, RosterMember, compile_roster
from privacy.sealing import Place, Vault

_STAFF = frozenset({CourseRole.INSTRUCTOR, CourseRole.GRADER, CourseRole.DESIGNER})
PROFILE_FIELDS = ("name", "given_name", "family_name", "middle_name", "email", "username", "sourcedid")


def profile_place(enrolment_id: UUID) -> Place:
    """Where an enrolment's sealed profile stands."""
    return Place("enrolment", "profile", enrolment_id)


def tells_name(profile: Mapping[str, str]) -> bool:
    """Whether a profile says what somebody is called. One that doesn't never replaces one that does.

    Who is known by name can be hidden in what people write, also after an LMS has stopped sharing names.
    """
    return any(profile.get(name) for name in ("name", "given_name", "family_name"))


def names_of(session: Session, vault: Vault, context_id: UUID, people: Collection[UUID]) -> dict[UUID, str]:
    """Display names of some people of a course, as far as its LMS told them. Two statements, however many people."""
    rows = session.execute(
        select(Enrolment.id, Enrolment.person_id, Enrolment.sealed_profile).where(
            Enrolment.context_id == context_id,
            Enrolment.person_id.in_(people),
            Enrolment.sealed_profile.is_not(None),
        )
    ).all()
    opened = vault.open_many(session, [(profile_place(row.id), row.sealed_profile or b"") for row in rows])
    return {row.person_id: display_name(json.loads(raw)) for row, raw in zip(rows, opened, strict=True)}


def roster_size(session: Session, context_id: UUID) -> int:
    """How many people a course has."""
    return session.execute(
        select(func.count()).where(Enrolment.context_id == context_id, Enrolment.state == EnrolmentState.ACTIVE)
    ).scalar_one()


class RosterReader:
    """Reads rosters for a long piece of work: one that has not changed since it was read last is not compiled again."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._last: tuple[UUID, int, CompiledRoster] | None = None

    def read(self, session: Session, context_id: UUID) -> CompiledRoster:
        """A course's roster as it is now, for the anonymizer."""
        rows = _profiles(session, context_id)
        mark = hash(tuple(sorted(rows, key=lambda row: row[0])))
        if self._last is None or self._last[:2] != (context_id, mark):
            self._last = context_id, mark, _compiled(session, self._vault, rows)
        return self._last[2]


def compiled_roster(session: Session, vault: Vault, context_id: UUID) -> CompiledRoster:
    """Everybody who is or was in a course, ready for the anonymizer: people who left may still be named."""
    return _compiled(session, vault, _profiles(session, context_id))


_Profile = Row[UUID, UUID, CourseRole, bytes | None]


def _profiles(session: Session, context_id: UUID) -> Sequence[_Profile]:
    return session.execute(
        select(Enrolment.id, Enrolment.person_id, Enrolment.role, Enrolment.sealed_profile).where(
            Enrolment.context_id == context_id, Enrolment.sealed_profile.is_not(None)
        )
    ).all()


def _compiled(session: Session, vault: Vault, rows: Sequence[_Profile]) -> CompiledRoster:
    opened = vault.open_many(session, [(profile_place(row.id), row.sealed_profile or b"") for row in rows])
    return compile_roster(
        [
            _member(row.person_id, row.role, json.loads(raw))
            for row, raw in sorted(zip(rows, opened, strict=True), key=lambda pair: str(pair[0].person_id))
        ]
    )


def _member(person_id: UUID, role: CourseRole, profile: dict[str, str]) -> RosterMember:
    return RosterMember(
        user_id=str(person_id),
        role="teacher" if role in _STAFF else "student",
        **{field: str(profile.get(field) or "") for field in PROFILE_FIELDS},
    )


def display_name(profile: dict[str, str]) -> str:
    """A person's name as the LMS wrote it; empty when it told none."""
    parts = " ".join(filter(None, (profile.get("given_name"), profile.get("family_name"))))
    return str(profile.get("name") or parts or "")
