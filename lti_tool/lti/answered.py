"""The login that a launch answers: read from its state, with the platform that was asked, in one statement."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from config.database import Database
from grading.models import Registration
from grading.models.tenancy import RegistrationState
from lti_tool.lti.errors import refused
from lti_tool.lti.models import PlatformKeySet
from lti_tool.lti.platform_keys import StoredKeys
from lti_tool.lti.states import State
from lti_tool.security_headers import origin
from lti_tool.sessions import LaunchSession

# Built once: putting a statement together takes longer than running it.
_OF_STATE = (
    select(
        LaunchSession.handle,
        Registration.issuer,
        Registration.client_id,
        Registration.jwks_url,
        Registration.authorization_url,
        Registration.state,
        PlatformKeySet.content,
        PlatformKeySet.fetched_at,
        PlatformKeySet.expires_at,
        PlatformKeySet.refetched_at,
    )
    .select_from(Registration)
    .outerjoin(PlatformKeySet, PlatformKeySet.registration_id == Registration.id)
    .outerjoin(LaunchSession, LaunchSession.state_hash == bindparam("state_hash"))
    .where(Registration.id == bindparam("registration"))
)


@dataclass(frozen=True, slots=True)
class AnsweredLogin:
    """A login as its state tells it, with the platform that was asked."""

    state: State
    state_hash: str
    handle: str | None
    """Of the visit that it led to already."""
    issuer: str
    client_id: str
    jwks_url: str
    authorization_url: str
    from_its_browser: bool
    """Whether the cookie of the browser that began the login came with it; else that is still to be proved."""
    keys: StoredKeys | None

    @property
    def platform_origin(self) -> str:
        """Where the platform's frames are."""
        return origin(self.authorization_url)


def find_login(database: Database, state: State, secret: str, now: datetime) -> AnsweredLogin:
    """The login with this state.

    Args:
        secret: of the browser that answers; empty when it has none.

    Raises:
        TokenRefused: it was begun in another browser, is over, or its platform is no longer connected.
    """
    if not secret and not state.storage_target:
        raise refused("no_cookie")
    if secret and not state.belongs_to(secret):
        raise refused("state_of_another_browser")
    state_hash = state.hash
    with database.connection() as connection:
        found = connection.execute(
            _OF_STATE, {"registration": state.registration_id, "state_hash": state_hash}
        ).one_or_none()
    if found is None:
        raise refused("unknown_state")
    if found.handle is None and state.is_over(now):
        raise refused("state_expired")
    if found.state is not RegistrationState.ACTIVE:
        raise refused("platform_disabled")
    return AnsweredLogin(
        state=state,
        state_hash=state_hash,
        handle=found.handle,
        issuer=found.issuer,
        client_id=found.client_id,
        jwks_url=found.jwks_url,
        authorization_url=found.authorization_url,
        from_its_browser=bool(secret),
        keys=None
        if found.content is None
        else StoredKeys(found.content, found.fetched_at, found.expires_at, found.refetched_at),
    )
