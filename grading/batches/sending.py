"""The steps until a batch runs at its provider: seal, upload, create.

Before each call that changes something there the intent is committed; after it, the outcome. A step that finds its own
intent without an outcome looks at the provider first, under the batch's id, before it asks again.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.logging import fields, get_logger
from grading import disclosures
from grading.batches import room, splitting
from grading.batches.holding import hold_what_may_not_leave, may_all_leave
from grading.batches.seal import seal_requests, sealed_lines
from grading.batches.turn import Turn, moved
from grading.budget import freezing
from grading.models import Batch, BatchRequest
from grading.providers.base import TOO_MUCH_QUEUED, JobInput, ProviderMisconfigured, ProviderRefused, RemoteBatch
from grading.results.words import words_for
from grading.states import BATCH_MOVES, BatchState, BatchStep, RequestState, move_many

SETTLES_WITHIN: Final = timedelta(minutes=2)
"""How long the provider may take to show a batch whose creation was answered by nothing."""
log = get_logger(__name__)


def seal(turn: Turn) -> bool:
    """Collect, anonymize, build the prompts, seal the lines."""
    if turn.batch.cancel_requested_at:
        return turn.end(BatchState.CANCELLED)
    seal_requests(turn.lease, turn.vault, turn.provider, turn.batch.id, turn.clock)
    with turn.lease.database.transaction() as session:
        items, _ = _size(session, turn.batch)
    return turn.go_on(BatchStep.UPLOAD) if items else _end_empty(turn)


def upload(turn: Turn) -> bool:
    """Have exactly one file with the lines at the provider."""
    batch = turn.batch
    if batch.cancel_requested_at and batch.upload_started_at is None:
        return turn.end(BatchState.CANCELLED)
    content = _what_leaves(turn)
    if content is None:
        return _end_empty(turn)
    file_id = _arrived(turn, content) if batch.upload_started_at else None
    if file_id is None:
        file_id = turn.provider.upload(turn.job, content)
    return turn.go_on(BatchStep.CREATE, provider_file_id=file_id)


def create(turn: Turn) -> bool:
    """Have exactly one batch of this attempt at the provider."""
    batch = turn.batch
    if batch.create_started_at:
        found = turn.provider.find(turn.job, batch.create_attempt, turn.since)
        if found is not None:
            return _begun(turn, found)
        left = batch.create_started_at + SETTLES_WITHIN - turn.clock()
        if left > timedelta(0):
            return turn.wait(left)
    if batch.cancel_requested_at:
        return turn.end(BatchState.CANCELLED)
    with turn.lease.database.transaction() as session:
        unchanged = may_all_leave(session, batch)
        held = freezing.frozen(session) is not None
        full = room.is_full(session, batch, turn.limits.tokens(batch.model))
    if held:
        # What was asked for before the freeze has not happened: now it waits like everything else.
        return turn.wait(timedelta(0), create_started_at=None)
    if not unchanged:
        # It waited with its file there, and somebody took work back: the file goes, and one without that work follows.
        return turn.go_on(BatchStep.UPLOAD, provider_file_id=None, create_started_at=None)
    if full:
        return _wait_for_room(turn)
    turn.lease.write(create_started_at=turn.clock())
    try:
        remote = turn.provider.create(turn.job, batch.create_attempt, batch.provider_file_id or "")
    except ProviderMisconfigured:
        # A clear no: there is nothing to look for before the next try.
        turn.lease.write(create_started_at=None)
        raise
    except ProviderRefused as refusal:
        if refusal.code != "gone":
            raise
        # The file's time has run out while the batch waited: it is uploaded anew.
        turn.provider.note_failure(refusal)
        return turn.wait(SETTLES_WITHIN, step=BatchStep.UPLOAD, provider_file_id=None, create_started_at=None)
    return _begun(turn, remote)


def _wait_for_room(turn: Turn) -> bool:
    """Wait with the file at the provider until what others have waiting there leaves room, and say so."""
    code = TOO_MUCH_QUEUED
    values: dict[str, object] = {"next_check_at": turn.clock() + room.PAUSE, "create_started_at": None}
    with turn.lease.transaction(**values, failure_code=code, failure_words=words_for(code)) as session:
        if turn.batch.failure_code != code:
            turn.record(session, "batch.waits_for_room", attempt=turn.batch.create_attempt)
    return False


def _begun(turn: Turn, remote: RemoteBatch) -> bool:
    """Note that a batch runs at the provider, and when it is looked at."""
    now = turn.clock()
    with turn.lease.transaction(
        provider_batch_id=remote.id,
        provider_status=remote.status,
        step=BatchStep.POLL,
        attempts=0,
        failure_code=None,
        failure_words=None,
        next_check_at=now + timedelta(seconds=turn.poll_seconds),
        **moved(now),
    ) as session:
        move_many(session, Batch.state, [turn.batch.id], BATCH_MOVES, BatchState.PROCESSING)
        turn.record(session, "provider.created", items=turn.batch.items)
    log.info("batch.created_at_provider", extra=fields(batch=turn.batch.id, items=turn.batch.items))
    return False


def _what_leaves(turn: Turn) -> JobInput | None:
    """The lines that may leave at this moment; from here on the batch counts as sent. None when there are none.

    The batch's row is changed first: whoever takes work back waits for it, and then knows that it is too late.
    """
    batch, now = turn.batch, turn.clock()
    with turn.lease.transaction(upload_started_at=batch.upload_started_at or now) as session:
        hold_what_may_not_leave(session, batch, turn.clock)
        _make_fit(session, turn)
        items, size = _size(session, batch)
        if not items:
            # Nothing leaves, so nothing counts as sent.
            restored = update(Batch).where(Batch.id == batch.id).values(upload_started_at=batch.upload_started_at)
            session.execute(restored)
            return None
        tokens = room.tokens_of(session, batch)
        session.execute(update(Batch).where(Batch.id == batch.id).values(enqueued_tokens=tokens))
        disclosures.note_sending(session, batch, turn.provider.endpoint, now)

    def lines() -> Iterator[bytes]:
        for line in sealed_lines(turn.lease.database, turn.vault, batch):
            turn.lease.keep()
            yield line

    return JobInput(lines, items, size)


def _make_fit(session: Session, turn: Turn) -> None:
    """Leave to a batch of its own what is more than one file of the provider holds."""
    limits = turn.provider.limits
    for first in (
        splitting.line_at(session, turn.batch.id, limits.requests),
        splitting.beyond_bytes(session, turn.batch.id, limits.bytes),
    ):
        if first is not None:
            made = splitting.split(session, turn.now_in(session), first, turn.clock())
            log.info("batch.split", extra=fields(batch=turn.batch.id, made=made.id, items=made.items))


def _size(session: Session, batch: Batch) -> tuple[int, int]:
    """How many lines wait, and how large their file is."""
    row = session.execute(
        select(func.count(), func.coalesce(func.sum(BatchRequest.body_bytes + 1), 0)).where(
            BatchRequest.batch_id == batch.id,
            BatchRequest.state == RequestState.PREPARED,
            BatchRequest.sealed_body.is_not(None),
        )
    ).one()
    return row[0], int(row[1] or 0)


def _arrived(turn: Turn, content: JobInput) -> str | None:
    """The file of an earlier try that arrived whole; others of the batch are deleted."""
    found = turn.provider.uploads(turn.job, turn.since)
    whole = next((file.id for file in found if file.bytes == content.bytes), None)
    for file in found:
        if file.id != whole:
            turn.provider.delete_file(file.id)
    return whole


def _end_empty(turn: Turn) -> bool:
    """End a batch of which nothing may be sent."""
    return turn.end(BatchState.FAILED, "nothing_left", words_for("nothing_left"))
