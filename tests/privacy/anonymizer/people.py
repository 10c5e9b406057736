"""A small course to test with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from privacy.anonymizer import Anonymized, CompiledRoster, RosterMember, anonymize, compile_roster


def member(given: str, family: str, role: str = "student", **fields: str) -> RosterMember:
    """A member with a user id made from the name, unless one is given."""
    name = fields.pop("name", f"{given} {family}".strip())
    user_id = fields.pop("user_id", f"user-{name}")
    return RosterMember(user_id=user_id, role=role, name=name, given_name=given, family_name=family, **fields)


AUTHOR = member("Zuzana", "Kovářová", email="zuzana.kovarova@uni.example", username="zkovarova7", sourcedid="K1234567")
CLASSMATES = (
    member("Bill", "Stone", middle_name="A"),
    member("Grace", "Young"),
    member("Florence", "Hall"),
    member("May", "Newton"),
    member("Lars", "van der Berg", sourcedid="2021-CS-4711"),
    member("Destiny", "O'Brian"),
    member("María José", "García Márquez"),
    member("Zoë", "Brontë-Hall"),
    member("Ferdinando", "Coronado"),
    member("William", "Ashdown"),
    member("민수", "김", name="김민수"),
    member("Оксана", "Коваленко"),
    member("فاطمة", "حسن"),
    member("Anushka", "", name="Anushka"),
)
TEACHERS = (member("Freddy", "Radolič", role="teacher"), member("Barbara", "Brown", role="teacher"))
COURSE = (AUTHOR, *CLASSMATES, *TEACHERS)


def course(extra: Sequence[RosterMember] = (), countries: Sequence[str] = ()) -> CompiledRoster:
    """The compiled course, with more members if wanted."""
    return compile_roster((*COURSE, *extra), countries=countries)


ROSTER = course()


def hide(text: str, roster: CompiledRoster = ROSTER, **options: Any) -> Anonymized:
    """Anonymize a text by the course's author."""
    return anonymize(text, author_id=AUTHOR.user_id, roster=roster, **options)
