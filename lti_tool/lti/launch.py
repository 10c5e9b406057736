"""A launch: verify what the platform signed, consume state and nonce once, note who came, open a visit (L1).

A browser without cookies gets no visit from the launch alone: it must first show what the login stored with the
platform (LTI platform storage, OIDC login with client-side postMessages).
"""

import hmac
import secrets
from collections.abc import Callable, Mapping

import jwt
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from config.clock import Clock, utc_now
from config.database import Database
from grading.arrivals import PlatformChanged
from lti_tool.lti import verify
from lti_tool.lti.answered import AnsweredLogin, Platform, PlatformMemory, check_browser, find_login
from lti_tool.lti.errors import ADVICE, DeploymentPending, PlatformAnswered, TokenRefused, refused
from lti_tool.lti.platform_keys import PlatformKeys, pick_key
from lti_tool.lti.signed import read_token
from lti_tool.lti.states import State, States
from lti_tool.lti.storage import StoredProof, proof_of
from lti_tool.lti.visits import Launch, VisitOpener
from lti_tool.sessions import LaunchSession, hash_secret, new_browser_secret
from lti_tool.spent_logins import is_spent
from privacy.sealing import Vault


class Launcher:
    """Takes launches. One per process."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        keys: PlatformKeys,
        *,
        base_url: str,
        signing_key: str,
        session_hours: float,
        clock: Clock = utc_now,
    ) -> None:
        self._database = database
        self._keys = keys
        self._base_url = base_url
        self._signing_key = signing_key
        self.states = States(signing_key)
        self._visits = VisitOpener(database, vault, self.states, hours=session_hours, clock=clock)
        self._platforms = PlatformMemory()
        self._clock = clock

    def take(self, form: Mapping[str, str], secret: str) -> Launch:
        """Handle the platform's answer to a login.

        Raises:
            PlatformAnswered: the platform ended it with an error of its own.
            TokenRefused: a check failed; nothing was written.
            DeploymentPending: an administrator has to let the deployment in first.
        """
        state = self.states.read(form.get("state", ""))
        check_browser(state, secret)
        token = form.get("id_token", "")
        if not form.get("error"):
            launch = self._take_as_remembered(state, token, secret)
            if launch is not None:
                return launch
        login = self._answered(state, secret)
        if form.get("error"):
            raise PlatformAnswered(
                f"Your LMS ended the launch by itself ({_error_code(form['error'])}). {ADVICE}", code="platform_error"
            )
        if login.handle is not None:
            return self._resume(login, login.handle)
        try:
            return self._accept(login, token, secret, self._fetched_key)
        except PlatformChanged as error:
            raise refused("platform_disabled") from error
        except IntegrityError:
            # The same message is being taken by another request: a button pressed twice, or a thief.
            login = self._answered(state, secret)
            if login.handle is not None:
                return self._resume(login, login.handle)
            # Or its visit is gone, with the person or the course: what was erased is not opened again.
            with self._database.connection() as connection:
                spent = is_spent(connection, login.state_hash)
            if spent:
                raise refused("replayed") from None
            raise

    def _take_as_remembered(self, state: State, token: str, secret: str) -> Launch | None:
        """Take a message with what is remembered of its platform; None, and nothing written, unless all is well.

        Then the database is asked: the platform may have new keys or be switched off, or the message has led somewhere.
        """
        now = self._clock()
        platform = self._platforms.recall(state.registration_id, now)
        if platform is None or platform.keys is None or platform.keys.expires_at <= now or state.is_over(now):
            return None
        login = AnsweredLogin(state, state.hash, platform, from_its_browser=bool(secret))
        try:
            return self._accept(login, token, secret, _known_key)
        except (TokenRefused, PlatformChanged, IntegrityError):
            return None

    def _accept(
        self, login: AnsweredLogin, text: str, secret: str, key_of: Callable[[Platform, str], jwt.PyJWK]
    ) -> Launch:
        """Check a message and open its visit."""
        token, platform = read_token(text), login.platform.registration
        claims = verify.verify_token(
            token,
            key_of(login.platform, token.kid),
            issuer=platform.issuer,
            client_id=platform.client_id,
            now=self._clock(),
        )
        nonce, expected = claims.get("nonce"), self.states.nonce(login.state_hash)
        if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.encode()):
            raise refused("nonce")
        verify.check_message(claims, own_origin=self._base_url, accepted=verify.LAUNCHES)
        launch = self._visits.open(login, claims, secret)
        if launch is None:
            raise DeploymentPending(
                "Your LMS reaches Blindmark from a place that nobody has approved yet. "
                "Ask Blindmark's administrator to approve it under Platforms, then open the activity again."
            )
        return launch

    def _fetched_key(self, platform: Platform, kid: str) -> jwt.PyJWK:
        registration = platform.registration
        if platform.keys is None or pick_key(platform.keys, kid) is None:
            # The set will be fetched anew: keys that are no longer in it must not be taken from memory.
            self._platforms.forget(registration.registration_id)
        return self._keys.find(registration.registration_id, registration.jwks_url, kid, stored=platform.keys)

    def prove(self, ticket: str, stored: StoredProof) -> tuple[str, str]:
        """Open the visit of a browser without cookies; returns its handle and the key that its requests carry.

        Raises:
            TokenRefused: the browser does not have what the login stored, or the ticket was used.
        """
        key = new_browser_secret()
        with self._database.transaction() as session:
            row = session.execute(
                select(LaunchSession.id, LaunchSession.handle, LaunchSession.state_hash).where(
                    LaunchSession.proof_hash == hash_secret(ticket), LaunchSession.expires_at > self._clock()
                )
            ).one_or_none()
            if row is None or not ticket:
                raise refused("ticket")
            visit_id, handle, state_hash = row
            if state_hash is None or not stored.fits(
                self._signing_key, state_hash=state_hash, nonce=self.states.nonce(state_hash)
            ):
                raise refused("state_of_another_browser")
            opened = session.execute(
                update(LaunchSession)
                .where(LaunchSession.id == visit_id, LaunchSession.proof_hash == hash_secret(ticket))
                .values(proof_hash=None, browser_hash=hash_secret(key))
                .returning(LaunchSession.id)
            ).first()
            if opened is None:
                raise refused("ticket")
        return handle, key

    def _answered(self, state: State, secret: str) -> AnsweredLogin:
        now = self._clock()
        login = find_login(self._database, state, now, from_its_browser=bool(secret))
        self._platforms.keep(login.platform, now)
        return login

    def _resume(self, login: AnsweredLogin, handle: str) -> Launch:
        """The same message again. In the browser that it was for, it leads where it led; anywhere else nowhere."""
        if login.from_its_browser:
            return Launch(handle, "", None, resumed=True)
        ticket = secrets.token_urlsafe(32)
        with self._database.transaction() as session:
            again = session.execute(
                update(LaunchSession)
                .where(LaunchSession.handle == handle, LaunchSession.cookieless)
                .values(proof_hash=hash_secret(ticket))
                .returning(LaunchSession.id)
            ).first()
        if again is None:
            raise refused("replayed")
        return Launch(handle, "", None, resumed=True, proof=self._visits.proof(login, ticket))

    def stored_values(self, state: str, nonce: str) -> dict[str, str]:
        """What the login asks the platform to keep for a browser without cookies: names and values."""
        return proof_of(self._signing_key, state, nonce).entries(state, nonce)


def _known_key(platform: Platform, kid: str) -> jwt.PyJWK:
    key = pick_key(platform.keys, kid) if platform.keys else None
    if key is None:
        raise refused("unknown_key")
    return key


def _error_code(value: str) -> str:
    """An OIDC error code as far as it looks like one: the rest of such an answer is anybody's text."""
    return value if value.isascii() and value.replace("_", "").isalnum() and len(value) <= 40 else "unnamed"
