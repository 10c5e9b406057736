"""The step while a batch runs at its provider: ask how it stands, in its own time, and act on a refusal."""

from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from config.logging import fields, get_logger
from grading.batches import room, splitting
from grading.batches.holding import hold_all
from grading.batches.turn import Turn, moved
from grading.clearance import TOO_LARGE
from grading.models import Batch
from grading.providers.base import TOO_MUCH_QUEUED, RemoteBatch, RemoteState
from grading.results.words import words_for
from grading.states import BATCH_MOVES, BatchState, BatchStep, move_many
from grading.waking import wake

SLOWEST_FACTOR: Final = 5
MOST_TRIES_OF_ONE: Final = 6
"""How often a batch of one line is refused for want of room, with nothing else there to wait for, before it is held."""
log = get_logger(__name__)


def poll(turn: Turn) -> bool:
    """Ask how the batch stands; ask for its end first, when somebody cancelled it."""
    batch, now = turn.batch, turn.clock()
    remote = turn.provider.poll(batch.provider_batch_id or "")
    if batch.cancel_requested_at and remote.state is RemoteState.RUNNING and remote.status != "cancelling":
        remote = turn.provider.cancel(remote.id)
    before = (batch.provider_status, batch.provider_completed, batch.provider_failed)
    further = moved(now) if before != (remote.status, remote.completed, remote.failed) else {}
    values: dict[str, object] = {
        "provider_status": remote.status,
        "provider_completed": remote.completed,
        "provider_failed": remote.failed,
        "provider_output_file_id": remote.output_file_id,
        "provider_error_file_id": remote.error_file_id,
        "attempts": 0,
        "failure_code": None,
        "failure_words": None,
        **further,
    }
    if remote.state is RemoteState.REFUSED:
        turn.lease.write(**values)
        return _refused(turn, remote)
    if remote.state is RemoteState.ENDED:
        turn.lease.write(step=BatchStep.INGEST, **values)
        return True
    return turn.wait(_pause(turn), **values)


def wake_those_that_wait_for_room(session: Session, batch: Batch, turn: Turn) -> None:
    """What a provider had no room for may try again now that a batch has left it."""
    waiting = (Batch.step == BatchStep.CREATE, Batch.failure_code == TOO_MUCH_QUEUED)
    wake(session, turn.clock(), Batch.provider == batch.provider, Batch.model == batch.model, *waiting)


def _pause(turn: Turn) -> timedelta:
    """Short at first, then a tenth of the time already waited, five times the shortest pause at most."""
    waited = (turn.clock() - turn.since).total_seconds()
    return timedelta(seconds=min(max(turn.poll_seconds, waited / 10), turn.poll_seconds * SLOWEST_FACTOR))


def _refused(turn: Turn, remote: RemoteBatch) -> bool:
    log.warning("batch.refused", extra=fields(batch=turn.batch.id, code=remote.refusal_code))
    if turn.batch.cancel_requested_at:
        return turn.end(BatchState.CANCELLED)
    if remote.refusal_code == TOO_MUCH_QUEUED:
        return _wait_for_room(turn)
    code = (remote.refusal_code or "batch_failed")[:64]
    return turn.end(BatchState.FAILED, code, f"{words_for(code)} {remote.refusal_words}".strip())


def _wait_for_room(turn: Turn) -> bool:
    """Try again when other batches are through; in two parts when there are none to wait for."""
    batch, now = turn.batch, turn.clock()
    again_at_once: dict[str, object] = {"step": BatchStep.UPLOAD, "provider_file_id": None, "next_check_at": now}
    values: dict[str, object] = {"step": BatchStep.CREATE, "next_check_at": now + room.PAUSE}
    with turn.lease.transaction() as session:
        if not room.others_run(session, batch):
            middle = splitting.line_at(session, batch.id, splitting.waiting(session, batch.id) // 2)
            first = splitting.line_at(session, batch.id, 0)
            if middle is not None and middle != first:
                splitting.split(session, turn.now_in(session), middle, now)
                values = again_at_once
            elif batch.refused_alone + 1 >= MOST_TRIES_OF_ONE:
                # Even alone it is too much: nothing is left to send, and a person grades it.
                hold_all(session, batch, TOO_LARGE, turn.clock)
                values = again_at_once
            values = values | {"refused_alone": batch.refused_alone + 1}
        move_many(
            session,
            Batch.state,
            [batch.id],
            BATCH_MOVES,
            BatchState.SUBMITTED,
            provider_batch_id=None,
            provider_status=None,
            create_started_at=None,
            create_attempt=batch.create_attempt + 1,
            failure_code=TOO_MUCH_QUEUED,
            failure_words=words_for(TOO_MUCH_QUEUED),
            **values,
        )
        turn.record(session, "batch.waits_for_room", attempt=batch.create_attempt)
    return values["step"] is BatchStep.UPLOAD
