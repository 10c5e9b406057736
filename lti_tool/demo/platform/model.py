"""Who and what a school of the demonstration platform knows: its addresses, its one tool, its people."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
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
    enabled: bool = True
    """Whether the administrator lets the tool in."""


@dataclass(frozen=True)
class Ways:
    """In what LMSs differ within the specifications. The defaults are the demonstration's own ways."""

    issuer: str = ""
    """The name that tokens carry; empty where it is the address of the platform."""
    authorisation_path: str = "/lti/auth"
    token_path: str = "/lti/token"  # noqa: S105 - a path
    keys_path: str = "/lti/jwks.json"
    token_audience: str = ""
    """The audience of assertions; empty where it is the token address."""
    family: str = "blindmark-demonstration-lms"
    """The product family code of launches and of the registration."""
    key_set_seconds: int = 3600
    """For how long the key set may be kept; 0 when it may not be kept at all."""
    key_life_seconds: float | None = None
    """Age at which a key is replaced; None where only people replace keys."""
    old_key_seconds: float = 86_400
    """For how long a replaced key stays published."""
    registers: bool = True
    """Whether schools register tools; where not, the maker of the LMS has done so for all of them."""
    enables_registrations: bool = True
    """Whether a registration works at once, or when the administrator has enabled it."""
    caps_scores: bool = False
    """Whether the gradebook shows no more than a column's maximum."""
    launch_claims: Callable[[], dict[str, Any]] = dict
    """Makes claims that each launch carries besides the standard ones."""


@dataclass(frozen=True)
class School:
    """A school as it is from the start; `people` are all of its people."""

    people: Sequence[Person]
    name: str = "Demonstration LMS"
    course_title: str = COURSE_TITLE
    course_label: str = COURSE_LABEL
    client_id: str = CLIENT_ID
    deployment_id: str = DEPLOYMENT_ID


@dataclass(frozen=True)
class Platform:
    """One school's addresses, from which everything else follows, without a closing slash.

    `front_url` is that of the issuer, which schools may share; `public_url` is that of the school's own pages.
    """

    public_url: str
    tool_url: str
    connection: Connection
    front_url: str
    name: str
    ways: Ways = field(default_factory=Ways)

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

    def eula_url(self, deployment_id: str) -> str:
        """Give the address of the EULA service: what it notes counts for one deployment."""
        return f"{self.public_url}/lti/deployments/{deployment_id}/eula"

    @property
    def issuer(self) -> str:
        return self.ways.issuer or self.front_url

    @property
    def guid(self) -> str:
        """The name of this school among all installations of the LMS."""
        path = urlsplit(self.public_url).path.strip("/").replace("/", "-")
        return "-".join(part for part in (self.ways.family, path) if part)

    @property
    def authorisation_url(self) -> str:
        return self.front_url + self.ways.authorisation_path

    @property
    def token_url(self) -> str:
        return self.front_url + self.ways.token_path

    @property
    def token_audience(self) -> str:
        return self.ways.token_audience or self.token_url

    @property
    def keys_url(self) -> str:
        return self.front_url + self.ways.keys_path

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

    def line_item_url(self, course_id: str, number: int) -> str:
        """Give the address of a line item; its query part belongs to the address and may not be lost."""
        return f"{self.line_items_url(course_id)}/{number}/lineitem?type_id=1"


class People:
    """The people of the school, found by their key on the sign-in page or by their user id."""

    def __init__(self, people: Sequence[Person]) -> None:
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
