"""Third-party-initiated login: who is asked, with a state bound to this browser and a nonce used once (L1).

Nothing is written: whoever asks to log in is nobody yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from config.clock import Clock, utc_now
from config.database import table_of
from grading.models import Registration
from grading.tenancy import of_issuer
from lti_tool.lti.errors import ADVICE, LoginRefused
from lti_tool.lti.outside import with_query
from lti_tool.lti.states import LONGEST_TARGET, States
from lti_tool.sessions import hash_secret

LONGEST_HINT: Final = 8192
INITIATION: Final = ("iss", "login_hint", "target_link_uri", "lti_message_hint", "client_id", "lti_deployment_id")


# Built once: putting a statement together takes longer than running it.
_OF_ISSUER, _OF_CLIENT = of_issuer(
    select(*(table_of(Registration).c[name] for name in ("id", "client_id", "authorization_url")))
)


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """A login initiation as it came. Nothing in it is signed."""

    issuer: str
    login_hint: str
    target_link_uri: str
    message_hint: str
    client_id: str
    storage_target: str = ""
    """The frame that keeps data for us (`lti_storage_target`); empty when the platform offers none."""


def read_request(values: Mapping[str, str]) -> LoginRequest:
    """Read an initiation.

    Raises:
        LoginRefused: something that is required is missing.
    """
    target = values.get("lti_storage_target", "")
    request = LoginRequest(
        issuer=values.get("iss", ""),
        login_hint=values.get("login_hint", ""),
        target_link_uri=values.get("target_link_uri", ""),
        message_hint=values.get("lti_message_hint", ""),
        client_id=values.get("client_id", ""),
        storage_target=target if target.isprintable() and len(target.encode()) <= LONGEST_TARGET else "",
    )
    if not request.issuer or not request.login_hint:
        raise LoginRefused(f"Your LMS did not say who it is or who you are. {ADVICE}", code="login_incomplete")
    if not (request.issuer.isprintable() and request.client_id.isprintable()):
        raise LoginRefused(f"Your LMS gave itself a name that can't be read. {ADVICE}", code="login_unreadable")
    if len(request.login_hint) > LONGEST_HINT or len(request.message_hint) > LONGEST_HINT:
        raise LoginRefused(f"Your LMS sent more than fits into a login. {ADVICE}", code="login_too_large")
    return request


@dataclass(frozen=True, slots=True)
class Login:
    """A login that has begun."""

    url: str
    """Where the browser goes next: the stored address of the platform, never one from the request."""
    state: str
    nonce: str


def begin(
    connection: Connection,
    request: LoginRequest,
    states: States,
    *,
    secret: str,
    launch_url: str,
    clock: Clock = utc_now,
) -> Login:
    """Begin a login.

    Raises:
        LoginRefused: the platform is not connected, or its client can't be told.
    """
    registration = _registration(connection, request)
    state = states.new(registration.id, secret, request.storage_target, clock())
    nonce = states.nonce(hash_secret(state))
    parameters = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": registration.client_id,
        "redirect_uri": launch_url,
        "login_hint": request.login_hint,
        "state": state,
        "nonce": nonce,
    }
    if request.message_hint:
        parameters["lti_message_hint"] = request.message_hint
    return Login(with_query(registration.authorization_url, parameters), state, nonce)


def _registration(connection: Connection, request: LoginRequest) -> Row[Any]:
    statement = _OF_CLIENT if request.client_id else _OF_ISSUER
    found = connection.execute(statement, {"issuer": request.issuer, "client": request.client_id}).all()
    if len(found) == 1:
        return found[0]
    if found:
        raise LoginRefused(
            f"Several connections with this LMS exist, and it did not say which one. {ADVICE}", code="client_unclear"
        )
    raise LoginRefused(
        "This LMS is not connected with Blindmark, or its connection is switched off. "
        "Its administrator can connect it under Platforms.",
        code="platform_unknown",
    )
