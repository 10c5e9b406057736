"""The login that a launch answers: read from its state, with the platform that was asked, in one statement.

A process remembers for a moment what it read of a platform: when a class arrives, each launch would read the same. What
is remembered is only enough to check a message with; `grading.arrivals` refuses to note a launch of a platform that
does not stand as it did, in the transaction of the launch itself.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select

from config.database import Database
from grading.launch_facts import VerifiedFor
from grading.models import Registration
from grading.models.tenancy import RegistrationState
from lti_tool.lti.errors import refused
from lti_tool.lti.models import PlatformKeySet
from lti_tool.lti.platform_keys import StoredKeys
from lti_tool.lti.states import State
from lti_tool.security_headers import origin
from lti_tool.sessions import LaunchSession

REMEMBERED: Final = timedelta(seconds=30)
"""So long may a key that was withdrawn ahead of time still serve here: within what its platform allowed for it."""
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
class Platform:
    """A platform as it stands in the database, and the keys that were last fetched from it."""

    registration: VerifiedFor
    authorization_url: str
    keys: StoredKeys | None

    @property
    def origin(self) -> str:
        """Where the platform's frames are."""
        return origin(self.authorization_url)


class PlatformMemory:
    """Platforms as they were read a moment ago. One per process."""

    def __init__(self) -> None:
        self._read: dict[UUID, tuple[datetime, Platform]] = {}

    def keep(self, platform: Platform, now: datetime) -> None:
        """Remember what was just read."""
        self._read[platform.registration.registration_id] = now, platform

    def forget(self, registration_id: UUID) -> None:
        """Have a platform be read anew."""
        self._read.pop(registration_id, None)

    def recall(self, registration_id: UUID, now: datetime) -> Platform | None:
        """What was read of a platform, if that was a moment ago."""
        read_at, platform = self._read.get(registration_id, (None, None))
        return platform if read_at is not None and abs(now - read_at) < REMEMBERED else None


@dataclass(frozen=True, slots=True)
class AnsweredLogin:
    """A login as its state tells it, with the platform that was asked."""

    state: State
    state_hash: str
    platform: Platform
    from_its_browser: bool
    """Whether the cookie of the browser that began the login came with it; else that is still to be proved."""
    handle: str | None = None
    """Of the visit that it led to already."""


def check_browser(state: State, secret: str) -> None:
    """See that a login is answered where it was begun.

    Args:
        secret: of the browser that answers; empty when it has none.

    Raises:
        TokenRefused: it was begun in another browser.
    """
    if not secret and not state.storage_target:
        raise refused("no_cookie")
    if secret and not state.belongs_to(secret):
        raise refused("state_of_another_browser")


def find_login(database: Database, state: State, now: datetime, *, from_its_browser: bool) -> AnsweredLogin:
    """The login with this state.

    Raises:
        TokenRefused: it is over, or its platform is no longer connected.
    """
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
    stands = VerifiedFor(state.registration_id, found.issuer, found.client_id, found.jwks_url)
    keys = (
        None
        if found.content is None
        else StoredKeys(found.content, found.fetched_at, found.expires_at, found.refetched_at)
    )
    platform = Platform(stands, found.authorization_url, keys)
    return AnsweredLogin(state, state_hash, platform, from_its_browser, found.handle)
