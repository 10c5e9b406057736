"""Administrators' accounts: argon2 passwords, sign-in with a rate limit, sessions that can be ended."""

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from limits import RateLimitItemPerMinute
from limits.strategies import MovingWindowRateLimiter
from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from config.clock import Clock, utc_now
from config.database import Base
from grading.errors import GradingError
from grading.models import Administrator
from grading.models.columns import Created, Key, Moment
from privacy.audit import Actor, Detail, record

SHORTEST_PASSWORD = 12
ATTEMPTS_PER_ACCOUNT = RateLimitItemPerMinute(5, 5)
ATTEMPTS_PER_ADDRESS = RateLimitItemPerMinute(30, 5)
NOTED_BLOCKS_PER_ADDRESS = RateLimitItemPerMinute(1, 5)
_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """A hash that is verified when the name is unknown, so that an answer takes as long either way."""
    return _hasher.hash(secrets.token_urlsafe(16))


class SignInRefused(GradingError):
    """Name or password is wrong: it is not said which."""

    code = "sign_in_refused"
    status = 401


class TooManyAttempts(GradingError):
    """Somebody is guessing."""

    code = "too_many_attempts"
    status = 429


class AccountRefused(GradingError):
    """An account can't be made or changed as asked."""

    code = "account_refused"


class AdminSession(Base):
    """A signed-in administrator. Only the hash of the cookie's secret is kept."""

    __tablename__ = "admin_session"

    id: Mapped[Key]
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    administrator_id: Mapped[UUID] = mapped_column(ForeignKey("administrator.id"), index=True)
    created_at: Mapped[Created]
    expires_at: Mapped[Moment]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, for views."""

    administrator_id: UUID
    username: str
    must_change_password: bool
    session_id: UUID


def create_administrator(
    session: Session, username: str, password: str | None = None, *, clock: Clock = utc_now
) -> tuple[Administrator, str]:
    """Make an account. Without a password, a one-time password is made that must be changed at the first sign-in.

    Raises:
        AccountRefused: the name is empty or taken, or the password is too short.
    """
    username = username.strip()
    if not username or len(username) > 100:
        raise AccountRefused("Give the account a name of at most 100 characters.")
    if session.execute(select(Administrator.id).where(Administrator.username == username)).first():
        raise AccountRefused(f"There is an administrator called {username} already.")
    one_time = password is None
    secret = password or secrets.token_urlsafe(12)
    _check_password(secret)
    account = Administrator(
        id=uuid.uuid4(),
        username=username,
        password_hash=_hasher.hash(secret),
        must_change_password=one_time,
        created_at=clock(),
    )
    session.add(account)
    _audit(session, "administrator.created", Actor.system(), account.id)
    return account, secret


def set_password(session: Session, administrator_id: UUID, password: str) -> None:
    """Change a password; every session of the account ends.

    Raises:
        AccountRefused: it is too short.
    """
    _check_password(password)
    account = session.get_one(Administrator, administrator_id)
    account.password_hash = _hasher.hash(password)
    account.must_change_password = False
    session.execute(delete(AdminSession).where(AdminSession.administrator_id == administrator_id))
    _audit(session, "administrator.password_changed", Actor.administrator(administrator_id), administrator_id)


def reset_password(session: Session, account: Administrator) -> str:
    """Give an account a new one-time password; every session of it ends."""
    secret = secrets.token_urlsafe(12)
    set_password(session, account.id, secret)
    account.must_change_password = True
    return secret


def check_rate(limiter: MovingWindowRateLimiter, username: str, address: str) -> None:
    """Count an attempt.

    Raises:
        TooManyAttempts: there were too many from this address or for this account.
    """
    account_key = hashlib.sha256(username.strip().lower().encode()).hexdigest()[:16]
    by_address = limiter.hit(ATTEMPTS_PER_ADDRESS, "admin-sign-in-address", address)
    by_account = limiter.hit(ATTEMPTS_PER_ACCOUNT, "admin-sign-in-account", account_key)
    if not (by_address and by_account):
        raise TooManyAttempts("Too many attempts to sign in. Wait five minutes and try again.")


def worth_noting(limiter: MovingWindowRateLimiter, refusal: GradingError, address: str) -> bool:
    """Whether a refusal goes into the audit log. One that blocks does so once in five minutes for each address: who
    guesses without end must not be able to fill the log."""
    if not isinstance(refusal, TooManyAttempts):
        return True
    return limiter.hit(NOTED_BLOCKS_PER_ADDRESS, "admin-sign-in-noted", address)


def sign_in(session: Session, username: str, password: str, *, hours: float, clock: Clock = utc_now) -> str:
    """Check name and password and open a session; returns the secret for the cookie.

    Raises:
        SignInRefused: name or password is wrong, or the account is disabled.
    """
    account = session.execute(
        select(Administrator).where(Administrator.username == username.strip())
    ).scalar_one_or_none()
    try:
        _hasher.verify(account.password_hash if account else _nobody(), password)
    except (VerificationError, InvalidHashError) as error:
        raise SignInRefused("The name or the password is wrong.") from error
    if account is None or account.disabled:
        raise SignInRefused("The name or the password is wrong.")
    if _hasher.check_needs_rehash(account.password_hash):
        account.password_hash = _hasher.hash(password)
    now = clock()
    account.last_sign_in_at = now
    session.execute(delete(AdminSession).where(AdminSession.expires_at < now))
    secret = secrets.token_urlsafe(32)
    session.add(
        AdminSession(
            id=uuid.uuid4(),
            secret_hash=_hash(secret),
            administrator_id=account.id,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
    )
    _audit(session, "administrator.signed_in", Actor.administrator(account.id), account.id)
    return secret


def find_signed_in(session: Session, secret: str | None, now: datetime) -> SignedIn | None:
    """Who holds a cookie's secret, while the session lasts and the account is not disabled."""
    if not secret:
        return None
    row = session.execute(
        select(AdminSession, Administrator)
        .join(Administrator, Administrator.id == AdminSession.administrator_id)
        .where(
            AdminSession.secret_hash == _hash(secret),
            AdminSession.expires_at > now,
            Administrator.disabled.is_(False),
        )
    ).one_or_none()
    if row is None:
        return None
    admin_session, account = row
    return SignedIn(account.id, account.username, account.must_change_password, admin_session.id)


def sign_out(session: Session, secret: str | None) -> None:
    """End a session."""
    if not secret:
        return
    ended = session.execute(
        delete(AdminSession).where(AdminSession.secret_hash == _hash(secret)).returning(AdminSession.administrator_id)
    ).scalar_one_or_none()
    if ended is not None:
        _audit(session, "administrator.signed_out", Actor.administrator(ended), ended)


def note_refusal(session: Session, username: str, refusal: GradingError) -> None:
    """Note that somebody did not get in, in a transaction that outlives the refusal; what was typed is not kept."""
    known = session.execute(
        select(Administrator.id).where(Administrator.username == username.strip())
    ).scalar_one_or_none()
    _audit(session, "administrator.sign_in_refused", Actor.visitor(), known, {"code": refusal.code})


def _audit(
    session: Session,
    event: str,
    actor: Actor,
    administrator_id: UUID | None,
    details: Mapping[str, Detail] | None = None,
) -> None:
    record(
        session,
        event=event,
        actor=actor,
        tenant_id=None,
        object_type="administrator",
        object_id=administrator_id,
        details=details,
    )


def _check_password(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise AccountRefused(f"A password needs at least {SHORTEST_PASSWORD} characters.")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
