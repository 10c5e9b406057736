"""The answer to a deep linking request: one assignment with its gradebook column, signed by us (Deep Linking 2.0).

PyLTI1p3 builds and signs the message; what it leaves out or gets wrong is added here: an `exp` of five minutes at
most, `data` only when it was sent, and a content item with text, custom parameters and line item.
"""

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from pylti1p3.deep_link import DeepLink
from pylti1p3.deep_link_resource import DeepLinkResource
from pylti1p3.registration import Registration as SigningRegistration

from grading.models import Registration
from lti_tool.lti import claims as names
from lti_tool.lti.keys import SigningKey

LIFETIME_SECONDS = 300


@dataclass(frozen=True, slots=True)
class AssignmentItem:
    """An assignment as an LMS is told about it."""

    assignment_id: UUID
    title: str
    text: str
    points: float
    launch_url: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A form to post to the platform."""

    return_url: str
    token: str


class _Item(DeepLinkResource):
    def __init__(self, item: AssignmentItem, *, with_line_item: bool) -> None:
        super().__init__()
        self._item = item
        self._with_line_item = with_line_item

    def to_dict(self) -> dict[str, object]:
        """The content item."""
        identifier = str(self._item.assignment_id)
        content: dict[str, object] = {
            "type": "ltiResourceLink",
            "url": self._item.launch_url,
            "title": self._item.title,
            "custom": {"assignment_id": identifier},
        }
        if self._item.text:
            content["text"] = self._item.text
        if self._with_line_item:
            content["lineItem"] = {
                "scoreMaximum": self._item.points,
                "label": self._item.title,
                "resourceId": identifier,
                "tag": "grade",
                "gradesReleased": True,
            }
        return content


def build_answer(
    settings: dict[str, Any],
    registration: Registration,
    lms_deployment_id: str,
    key: SigningKey,
    item: AssignmentItem | None,
) -> Answer:
    """The signed answer with one assignment, or with none to cancel."""
    signer = SigningRegistration()
    signer.set_issuer(registration.issuer).set_client_id(registration.client_id)
    signer.set_tool_private_key(key.private_pem)
    link = _Signed(signer, lms_deployment_id, settings, key.kid)
    accepts = settings.get("accept_lineitem")
    with_line_item = accepts not in (False, "false")
    return Answer(
        return_url=settings["deep_link_return_url"],
        token=link.get_response_jwt([_Item(item, with_line_item=with_line_item)] if item else []),
    )


class _Signed(DeepLink):
    def __init__(self, registration: SigningRegistration, deployment_id: str, settings: Any, kid: str) -> None:
        super().__init__(registration, deployment_id, settings)
        self._kid = kid

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
        return jwt.encode(
            message, self._registration.get_tool_private_key() or "", algorithm="RS256", headers={"kid": self._kid}
        )
