"""The answer to a deep linking request: what is added to the course, signed by us (Deep Linking 2.0).

PyLTI1p3 builds and signs the message; what it leaves out or gets wrong is added here: an `exp` of five minutes at
most, `data` only when it was sent, and content items with text, dates, custom parameters and line item.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID

import jwt
from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.registration import Registration as SigningRegistration

from grading.models import Registration
from lti_tool.lti import claims as names
from lti_tool.lti.keys import SigningKey
from lti_tool.lti.registration.tool import CUSTOM

LIFETIME_SECONDS: Final = 300
LINK: Final = "ltiResourceLink"
PROCESSOR: Final = "ltiAssetProcessor"


class ContentItem(Protocol):
    """Something that can be added to a course."""

    def content(self, settings: dict[str, Any]) -> dict[str, Any]:
        """The item as JSON, as far as the request's settings take it."""


@dataclass(frozen=True, slots=True)
class AssignmentItem:
    """An assignment as an LMS is told about it."""

    assignment_id: UUID
    title: str
    text: str
    points: float
    launch_url: str
    icon_url: str = ""
    opens_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None

    def content(self, settings: dict[str, Any]) -> dict[str, Any]:
        """A resource link with its column, if the LMS makes one."""
        identifier = str(self.assignment_id)
        content: dict[str, Any] = {
            "type": LINK,
            "url": self.launch_url,
            "title": self.title,
            "custom": {"assignment_id": identifier, **CUSTOM},
            "iframe": {"width": 1000, "height": 900},
        }
        if self.text:
            content["text"] = self.text
        if self.icon_url:
            content["icon"] = {"url": self.icon_url, "width": 64, "height": 64}
        for name, begins, ends in (
            ("available", self.opens_at, self.closes_at),
            ("submission", self.opens_at, self.due_at or self.closes_at),
        ):
            span = {"startDateTime": begins, "endDateTime": ends}
            known = {key: _moment(moment) for key, moment in span.items() if moment is not None}
            if known:
                content[name] = known
        if takes_line_item(settings) is not False:
            content["lineItem"] = {
                "scoreMaximum": self.points,
                "label": self.title,
                "resourceId": identifier,
                "tag": "grade",
                "gradesReleased": True,
                "submissionReview": {
                    "reviewableStatus": ["InProgress", "Submitted", "Completed"],
                    "label": "Open in Blindmark",
                    "url": self.launch_url,
                    "custom": {"assignment_id": identifier},
                },
            }
        return content


@dataclass(frozen=True, slots=True)
class ProcessorItem:
    """An assignment that takes in what is handed in to the LMS's own (LTI Asset Processor 1.0)."""

    assignment_id: UUID
    title: str
    launch_url: str

    def content(self, settings: dict[str, Any]) -> dict[str, Any]:
        """An asset processor with its report."""
        custom = {"assignment_id": str(self.assignment_id)}
        return {
            "type": PROCESSOR,
            "url": self.launch_url,
            "title": self.title,
            "text": "Graded with Blindmark, without names.",
            "custom": custom,
            "report": {"url": self.launch_url, "custom": custom},
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """A form to post to the platform."""

    return_url: str
    token: str


def takes_multiple(settings: dict[str, Any]) -> bool:
    """Whether several items may be added at once; some platforms write booleans as words."""
    return _flag(settings.get("accept_multiple")) is True


def takes_line_item(settings: dict[str, Any]) -> bool | None:
    """Whether the LMS makes a column from our item; None when it does not say."""
    return _flag(settings.get("accept_lineitem"))


def takes(settings: dict[str, Any], kind: str) -> bool:
    """Whether items of a type may be added."""
    return kind in settings.get("accept_types", [])


def build_answer(
    settings: dict[str, Any],
    registration: Registration,
    lms_deployment_id: str,
    key: SigningKey,
    items: Sequence[ContentItem],
) -> Answer:
    """The signed answer with these items, or with none to cancel."""
    signer = SigningRegistration()
    signer.set_issuer(registration.issuer).set_client_id(registration.client_id)
    link = _Signed(signer, lms_deployment_id, settings, key)
    return Answer(
        return_url=settings["deep_link_return_url"],
        token=link.get_response_jwt([_Resource(item.content(settings)) for item in items]),
    )


class _Resource(DeepLinkResource):
    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__()
        self._content = content

    def to_dict(self) -> dict[str, object]:
        """The content item."""
        return self._content


class _Signed(DeepLink):
    def __init__(self, registration: SigningRegistration, deployment_id: str, settings: Any, key: SigningKey) -> None:
        super().__init__(registration, deployment_id, settings)
        self._key = key

    def get_message_jwt(self, resources: Any) -> dict[str, object]:
        """The library's claims, corrected."""
        message = super().get_message_jwt(resources)
        now = int(time.time())
        message |= {"aud": self._registration.get_issuer(), "iat": now, "exp": now + LIFETIME_SECONDS}
        if "data" not in self._deep_link_settings:
            message.pop(names.DL_DATA, None)
        if not resources:
            message[names.DL_MESSAGE] = "Nothing was added."
        return message

    def encode_jwt(self, message: Any) -> str:
        """Sign under our own `kid`: the library derives one from a public key that it is not given here."""
        return jwt.encode(message, self._key.private, algorithm="RS256", headers={"kid": self._key.kid})


def _flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value).lower())


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
