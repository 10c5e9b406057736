"""What one Moodle site holds: courses with their activities and grades, people, and the tools that it knows."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from lti_tool.demo.platform.keys import ToolKeys
from lti_tool.demo.platform.model import Clock

COURSE: Final = "2"
FIRST_TOOL: Final = "1"
LARGEST_POINTS: Final = 100
"""The site setting `gradepointmax`, as it is after installation."""
_AGS: Final = "https://purl.imsglobal.org/spec/lti-ags/scope/"
MEMBERSHIP_SCOPE: Final = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
LINE_ITEM_SCOPE: Final = _AGS + "lineitem"
SCORE_SCOPES: Final = (_AGS + "lineitem.readonly", _AGS + "score", _AGS + "result.readonly")
SCOPES: Final = (LINE_ITEM_SCOPE, *SCORE_SCOPES, MEMBERSHIP_SCOPE)


@dataclass
class Course:
    """A course; all of them have the same people here."""

    number: str = COURSE
    label: str = "ALG101"
    title: str = "Algorithms 101"
    section: str = "SIS-ALG101"
    """Its number at the registrar, which a copy does not have."""
    history: str = ""
    """Of which course it is a copy, as `$Context.id.history` tells."""


@dataclass
class Item:
    """A grade item."""

    number: int
    label: str | None
    maximum: float
    resource_id: str | None = ""
    tag: str = ""
    link_id: str | None = None
    review: dict[str, Any] | None = None
    locked: bool = False
    tool: str | None = FIRST_TOOL
    """Whose it is; None for the course total, which anybody may read."""
    course: str = COURSE


@dataclass
class Grade:
    """One cell of the gradebook."""

    score: float | None
    comment: str
    second: int | None
    """When it was changed last; an erased cell has no time."""
    overridden: bool = False
    """A teacher typed it: score and comment stand from then on, whatever the tool sends."""
    from_tool: float | None = None
    """What the tool sent last; kept, and not shown, under a teacher's own."""


@dataclass
class Tool:
    """A tool type of the site. Its number is the deployment's id."""

    number: str
    client_id: str
    keys: ToolKeys
    name: str = "Probe Tool"
    description: str = ""
    domain: str = ""
    logo_url: str = ""
    jwks_url: str = ""
    login_url: str = ""
    redirect_urls: list[str] = field(default_factory=list)
    target_url: str = ""
    deep_linking_url: str = ""
    """Where deep linking begins; empty when the tool does not offer it."""
    custom: dict[str, str] = field(default_factory=dict)
    scopes: tuple[str, ...] = SCOPES
    """What it was granted, whatever the answer to its registration said."""
    shares_names: bool = True
    shares_email: bool = True


@dataclass
class Activity:
    """An external tool in the course."""

    number: str
    """The id of the resource link; the page in the course has another."""
    module: int
    tool: str
    title: str
    text: str = ""
    url: str = ""
    custom: str = ""
    """Lines of `name=value`, as Moodle keeps them."""
    course: str = COURSE


@dataclass(frozen=True)
class Launch:
    """A launch that began, until the tool asks for its message. `activity` is None in deep linking."""

    tool: str
    message: str
    activity: str | None = None
    for_user: str | None = None
    course: str = COURSE


@dataclass
class Session:
    """Somebody who is signed in."""

    user_id: str
    key: str
    """The `sesskey` that forms and return addresses carry."""
    launches: dict[str, Launch] = field(default_factory=dict)
    """By launch id; each serves once, and only in this session."""


@dataclass(frozen=True)
class AccessToken:
    """What a token opens, and for which tool."""

    tool: str
    scopes: tuple[str, ...]


@dataclass
class Moodle:
    """The state of a site."""

    url: str
    """Address of the site, as https://moodle.example."""
    tools: dict[str, Tool]
    people: list[dict[str, Any]]
    """Members as the list of people shows them."""
    administrators: list[dict[str, Any]] = field(default_factory=list)
    """Of the site: they come into every course and are on no list."""
    courses: dict[str, Course] = field(default_factory=lambda: {COURSE: Course()})
    items: dict[int, Item] = field(default_factory=dict)
    grades: dict[tuple[int, str], Grade] = field(default_factory=dict)
    activities: dict[str, Activity] = field(default_factory=dict)
    tokens: dict[str, AccessToken] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    non_editing_teachers: set[str] = field(default_factory=set)
    """Learners in the list of people, instructors in launches, and not gradable."""
    suspended: set[str] = field(default_factory=set)
    """Whose enrolment rests: missing from the list of people, gradable all the same."""
    clock: Clock = time.time
    keys_of: Callable[[str], ToolKeys] = ToolKeys
    """Makes the key set of a tool that registers, from its address."""

    @property
    def services(self) -> str:
        return f"{self.url}/mod/lti/services.php"

    @cached_property
    def key(self) -> RSAPrivateKey:
        """The site's own key; made when it is first needed."""
        return generate_private_key(public_exponent=65537, key_size=2048)

    def item_url(self, number: int, tool: str = FIRST_TOOL) -> str:
        """Give the address of a grade item: the tool that asks stands at its end, whoever owns the item."""
        course = self.items[number].course if number in self.items else COURSE
        return f"{self.services}/{course}/lineitems/{number}/lineitem?type_id={tool}"

    def items_url(self, course: str, tool: str) -> str:
        return f"{self.services}/{course}/lineitems?type_id={tool}"

    def members_url(self, course: str, tool: str) -> str:
        return f"{self.services}/CourseSection/{course}/bindings/{tool}/memberships"

    def person(self, user_id: str) -> dict[str, Any] | None:
        """Give who may come into the courses; None for anybody else who has an account."""
        return next((one for one in (*self.people, *self.administrators) if one["user_id"] == user_id), None)

    def students(self) -> set[str]:
        """Who can be graded."""
        return {one["user_id"] for one in self.people if "Learner" in one["roles"]} - self.non_editing_teachers

    def sign_in(self, user_id: str) -> str:
        """Give the cookie of somebody who signed in, enrolled or not."""
        cookie = secrets.token_hex(13)
        self.sessions[cookie] = Session(user_id, secrets.token_hex(5))
        return cookie

    def only_item_of(self, link: str) -> Item | None:
        """Give the grade item of an activity; None when it has none, or more than one."""
        found = [item for item in self.items.values() if item.link_id == link and item.tool is not None]
        return found[0] if len(found) == 1 else None

    def override(self, number: int, user_id: str, score: float, comment: str) -> None:
        """Let a teacher type a grade: it stands from then on, whatever the tool sends."""
        known = self.grades.get((number, user_id))
        self.grades[number, user_id] = Grade(
            score, comment, int(self.clock()), overridden=True, from_tool=known.from_tool if known else None
        )
