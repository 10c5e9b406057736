"""A second invented school for behind the same issuer, whose people have the user ids of people of the first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from lti_tool.demo.platform.model import CLIENT_ID, DEPLOYMENT_ID, Person, School

Told = Literal["client", "deployment"]
"""What tells schools apart: a client id of its own (as at Canvas) or the deployment alone (as at Blackboard)."""

NAME: Final = "Northfield College"
COURSE_TITLE: Final = "Organic Chemistry"
COURSE_LABEL: Final = "CHEM 201"
_DOMAIN: Final = "northfield.example"
_NAMES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "teacher": (("Ruth", "Castellan"),),
    "student": (("Otto", "Brandt"), ("Ines", "Caldeira"), ("Yusuf", "Demir")),
    "administrator": (("Petra", "Novak"),),
}


@dataclass(frozen=True)
class Namesake:
    """Somebody of the second school; `user_id` is that of somebody else in the first."""

    user_id: str
    given_name: str
    family_name: str
    role: str

    @property
    def key(self) -> str:
        return f"{self.given_name}-{self.family_name}".lower()

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def username(self) -> str:
        return self.key.replace("-", ".")

    @property
    def email(self) -> str:
        return f"{self.username}@{_DOMAIN}"

    @property
    def sourcedid(self) -> str:
        return f"N-{self.username}"


def second_school(first: Sequence[Person], told_by: Told) -> School:
    """Give the second school for the people of the first, who need one person at least of every role in it."""
    people: list[Person] = []
    for role, names in _NAMES.items():
        same_role = [each for each in first if each.role == role]
        people += [Namesake(each.user_id, *name, role) for each, name in zip(same_role, names, strict=False)]
    return School(
        people,
        NAME,
        COURSE_TITLE,
        COURSE_LABEL,
        client_id=f"{CLIENT_ID}-2" if told_by == "client" else CLIENT_ID,
        deployment_id=DEPLOYMENT_ID if told_by == "client" else "demo-2",
    )
