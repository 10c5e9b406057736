"""Whether a provider is called at all (B5): a circuit breaker and a stop, shared by all workers through one row.

It opens when too many steps of a window failed. From then on one batch at a time tries whether the provider works
again, after pauses that grow. It stops when the provider refuses the key or the account has no money: then nothing is
sent, while what runs there already is watched and read, which costs nothing. A stop is tried again by itself now and
then, or at once when an administrator says so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from config.database import insert_ignoring_conflicts
from config.logging import fields, get_logger
from grading.errors import NotFound
from grading.models import Batch, ProviderHealth
from grading.providers.base import ProviderError, ProviderMisconfigured, ProviderUnavailable
from grading.states import BatchStep, Circuit
from grading.waking import wake
from privacy.audit import Actor, Detail, record

WINDOW: Final = timedelta(minutes=10)
FEWEST_CALLS: Final = 6
"""Below this nothing can be said about a rate."""
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(minutes=30)
STOP_PAUSE: Final = timedelta(minutes=30)
PROBE: Final = timedelta(minutes=10)
"""How long the one that tries may take before another may."""
WAITING_CODES: Final = {Circuit.OPEN: "provider_open", Circuit.STOPPED: "provider_stopped"}
_SENDING: Final = frozenset({BatchStep.UPLOAD, BatchStep.CREATE})
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a batch may not call its provider, and when it may ask again."""

    until: datetime
    code: str


def admit(session: Session, batch: Batch, now: datetime) -> Wait | None:
    """None when a batch may do its step; it may have become the one that tries."""
    row = session.get(ProviderHealth, batch.provider, with_for_update=True)
    if row is None or row.state is Circuit.CLOSED:
        return None
    if row.state is Circuit.STOPPED and batch.step not in _SENDING:
        return None
    trying = row.probe_batch_id is not None and row.probe_until is not None and row.probe_until > now
    if trying and row.probe_batch_id == batch.id:
        return None
    if not trying and (row.next_probe_at is None or row.next_probe_at <= now):
        row.probe_batch_id, row.probe_until = batch.id, now + PROBE
        return None
    until = max(filter(None, (row.next_probe_at, row.probe_until if trying else None)), default=now)
    return Wait(max(until, now + timedelta(seconds=30)), WAITING_CODES[row.state])


def note_success(session: Session, batch: Batch, now: datetime) -> None:
    """A step that called the provider went well."""
    row = _row(session, batch.provider, now)
    if row.state is Circuit.CLOSED:
        _count(row, now, failed=False)
    elif row.probe_batch_id == batch.id and (row.state is Circuit.OPEN or batch.step is BatchStep.CREATE):
        _close(session, row, Actor.system(), now)


def note_failure(session: Session, batch: Batch, error: ProviderError, now: datetime) -> None:
    """A step that called the provider went wrong; a refusal is an answer, and speaks for the provider's health."""
    row = _row(session, batch.provider, now)
    if isinstance(error, ProviderMisconfigured):
        _enter(session, row, Circuit.STOPPED, error, now, STOP_PAUSE)
    elif not isinstance(error, ProviderUnavailable):
        note_success(session, batch, now)
    elif row.state is Circuit.CLOSED:
        _count(row, now, failed=True)
        if row.calls >= FEWEST_CALLS and 2 * row.failures >= row.calls:
            _enter(session, row, Circuit.OPEN, error, now, FIRST_PAUSE)
    elif row.probe_batch_id == batch.id:
        row.pauses += 1
        row.probe_batch_id = row.probe_until = None
        longest = STOP_PAUSE if row.state is Circuit.STOPPED else min(LONGEST_PAUSE, FIRST_PAUSE * 2**row.pauses)
        row.next_probe_at = now + longest


def resume(session: Session, provider: str, actor: Actor, now: datetime) -> None:
    """Let the next batch try at once, because an administrator says that what was wrong is mended.

    Raises:
        NotFound: nothing is known of this provider.
    """
    row = session.get(ProviderHealth, provider, with_for_update=True)
    if row is None:
        raise NotFound("This provider was never called, so there is nothing to resume.")
    row.next_probe_at = now
    row.probe_batch_id = row.probe_until = None
    _wake(session, provider, now)
    _audit(session, "provider.tried_again", actor, row)


def all_rows(session: Session) -> list[ProviderHealth]:
    """How every provider fares that was ever called."""
    return list(session.execute(select(ProviderHealth).order_by(ProviderHealth.provider)).scalars())


def troubled(session: Session) -> list[ProviderHealth]:
    """Providers that are not called as usual."""
    return list(session.execute(select(ProviderHealth).where(ProviderHealth.state != Circuit.CLOSED)).scalars())


def _row(session: Session, provider: str, now: datetime) -> ProviderHealth:
    row = session.get(ProviderHealth, provider, with_for_update=True)
    if row is None:
        session.execute(
            insert_ignoring_conflicts(session, ProviderHealth).values(
                provider=provider, state=Circuit.CLOSED, since=now, window_began_at=now, calls=0, failures=0, pauses=0
            )
        )
        row = session.get_one(ProviderHealth, provider, with_for_update=True)
    return row


def _count(row: ProviderHealth, now: datetime, *, failed: bool) -> None:
    if now - row.window_began_at > WINDOW:
        row.window_began_at, row.calls, row.failures = now, 0, 0
    row.calls += 1
    row.failures += failed


def _enter(
    session: Session, row: ProviderHealth, state: Circuit, error: ProviderError, now: datetime, pause: timedelta
) -> None:
    if row.state is not state:
        row.state, row.since, row.pauses = state, now, 0
        stopped = state is Circuit.STOPPED
        _audit(session, "provider.stopped" if stopped else "provider.opened", Actor.system(), row, code=error.code)
        log.error("provider.not_called", extra=fields(provider=row.provider, state=state.value, code=error.code))
    row.failure_code, row.failure_words = error.code, error.message
    row.next_probe_at = now + pause
    row.probe_batch_id = row.probe_until = None


def _close(session: Session, row: ProviderHealth, actor: Actor, now: datetime) -> None:
    row.state, row.since, row.pauses = Circuit.CLOSED, now, 0
    row.window_began_at, row.calls, row.failures = now, 0, 0
    row.next_probe_at = row.probe_batch_id = row.probe_until = None
    row.failure_code = row.failure_words = None
    _wake(session, row.provider, now)
    _audit(session, "provider.closed", actor, row)
    log.info("provider.closed", extra=fields(provider=row.provider))


def _wake(session: Session, provider: str, now: datetime) -> None:
    waits = or_(*(Batch.failure_code == code for code in (*WAITING_CODES.values(), ProviderMisconfigured.code)))
    asleep = (Batch.provider == provider, Batch.next_check_at > now, waits)
    wake(session, now, *asleep, failure_code=None, failure_words=None)


def _audit(session: Session, event: str, actor: Actor, row: ProviderHealth, **details: Detail) -> None:
    record(
        session,
        event=event,
        actor=actor,
        tenant_id=None,
        object_type="provider",
        object_id=None,
        details={"provider": row.provider, **details},
    )
