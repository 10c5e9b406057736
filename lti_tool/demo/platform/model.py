"""Who and what a school of the demonstration platform knows: its addresses, its one tool, its people."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlsplit

Clock = Callable[[], float]
"""Gives the time now in seconds since 1970, UTC."""

CLIENT_ID: Final = "blindmark-demo"
DEPLOYMENT_ID: Final = "demo-1"
STORAGE_TARGET: Final = "_parent"
"""The frame that keeps values for the tool: the page around it (LTI platform storage)."""
COURSE_ID: Final = "course-phil-101"
"""The course that every school has from the start."""
COURSE_TITLE: Final = "Introduction to Ethics"
COURSE_LABEL: Final = "PHIL 101"
ACTIVITY_ID: Final = "activity-reflection"
"""The assignment of the platform's own in that course."""
ACTIVITY_TITLE: Final = "Reflection letter"
COURSE_TYPE: Final = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseOffering"

_VOCABULARY: Final = "http://purl.imsglobal.org/vocab/lis/v2/"
MEMBERSHIP: Final = _VOCABULARY + "membership#"
ROLES: Final[dict[str, list[str]]] = {
    "student": [MEMBERSHIP + "Learner", _VOCABULARY + "institution/person#Student"],
    "teacher": [MEMBERSHIP + "Instructor", _VOCABULARY + "institution/person#Faculty"],
    "assistant": [MEMBERSHIP + "Instructor", _VOCABULARY + "membership/Instructor#TeachingAssistant"],
    "administrator": [
        _VOCABULARY + "institution/person#Administrator",
        _VOCABULARY + "system/person#Administrator",
    ],
}
"""Every role with the full URIs sent for it (LTI Core 1.3, appendix A.2)."""


class Person(Protocol):
    """One person of the demonstration school; `user_id` is the opaque `sub` of every launch."""

    @property
    def key(self) -> str: ...
    @property
    def user_id(self) -> str: ...
    @property
    def given_name(self) -> str: ...
    @property
    def family_name(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def sourcedid(self) -> str: ...
    @property
    def role(self) -> str: ...


def origin_of(url: str) -> str:
    """Give scheme, host and port of an address, as browsers write an origin."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


@dataclass
class Connection:
    """How the one tool is known here: set from the start, or by its registration."""

    client_id: str = CLIENT_ID
    deployment_id: str = DEPLOYMENT_ID


@dataclass(frozen=True)
class Platform:
    """The two addresses everything else follows from, both without a closing slash."""

    public_url: str
    tool_url: str
    connection: Connection = field(default_factory=Connection)

    @property
    def client_id(self) -> str:
        return self.connection.client_id

    @property
    def deployment_id(self) -> str:
        """The deployment of the whole school, which serves every course that has none of its own."""
        return self.connection.deployment_id

    def notices_url(self, deployment_id: str) -> str:
        """Give the address of the notification service: handlers are kept for each deployment."""
        return f"{self.public_url}/lti/deployments/{deployment_id}/notice-handlers"

    @property
    def reports_url(self) -> str:
        return f"{self.public_url}/lti/reports"

    @property
    def eula_url(self) -> str:
        return f"{self.public_url}/lti/eula"

    @property
    def issuer(self) -> str:
        return self.public_url

    @property
    def token_url(self) -> str:
        return f"{self.public_url}/lti/token"

    def line_items_url(self, course_id: str) -> str:
        """Give the address of all line items of a course."""
        return f"{self.public_url}/lti/courses/{course_id}/lineitems"

    def memberships_url(self, course_id: str) -> str:
        """Give the address of the roster of a course."""
        return f"{self.public_url}/lti/courses/{course_id}/memberships"

    @property
    def tool_login_url(self) -> str:
        return f"{self.tool_url}/lti/login"

    @property
    def redirect_uri(self) -> str:
        return f"{self.tool_url}/lti/launch"

    @property
    def tool_jwks_url(self) -> str:
        return f"{self.tool_url}/lti/jwks.json"

    def line_item_url(self, course_id: str, number: int) -> str:
        """Give the address of a line item; its query part belongs to the address and may not be lost."""
        return f"{self.line_items_url(course_id)}/{number}/lineitem?type_id=1"


class People:
    """The people of the school, found by their key on the sign-in page or by their user id."""

    def __init__(self, people: list[Person]) -> None:
        self.all = list(people)
        self._by_user_id = {person.user_id: person for person in people}
        self._by_key = {person.key: person for person in people}

    def by_user_id(self, user_id: str) -> Person | None:
        return self._by_user_id.get(user_id)

    def by_key(self, key: str) -> Person | None:
        return self._by_key.get(key)

    @property
    def students(self) -> list[Person]:
        return [person for person in self.all if person.role == "student"]

    @property
    def members(self) -> list[Person]:
        """Everyone enrolled, in every course alike: the administrator runs the school and is in none."""
        return [person for person in self.all if person.role != "administrator"]
