"""The last steps of a batch: read its results, settle what nobody answered, delete the files at the provider."""

from typing import Final

from sqlalchemy import update

from config.logging import fields, get_logger
from grading import provider_files
from grading.batches.ingest import Ingest, settle
from grading.batches.turn import Turn, moved
from grading.batches.watching import wake_those_that_wait_for_room
from grading.budget import batches as budget
from grading.errors import GradingError
from grading.models import Batch
from grading.providers.base import ProviderUnavailable, RemoteBatch, RemoteState
from grading.states import BATCH_MOVES, BatchState, BatchStep, move_many

READ_AGAIN: Final = 3
"""How often results that are fewer than announced are read again before what is missing counts as missing."""
log = get_logger(__name__)


def ingest_results(turn: Turn) -> bool:
    """Download both result files into assessments and failures, then settle what they did not speak of."""
    batch = turn.batch
    remote = RemoteBatch(
        id=batch.provider_batch_id or "",
        status=batch.provider_status or "",
        state=RemoteState.ENDED,
        output_file_id=batch.provider_output_file_id,
        error_file_id=batch.provider_error_file_id,
    )
    ingest = Ingest(turn.lease, turn.vault, batch, turn.clock)
    ingest.take_all(turn.provider.results(remote))
    announced = batch.provider_completed + batch.provider_failed
    if ingest.taken() < announced and batch.attempts < READ_AGAIN:
        raise ProviderUnavailable("The results hold fewer lines than the provider announced. They are read again.")
    return _close(turn, ingest)


def without_results(turn: Turn, error: GradingError) -> bool:
    """End a batch that the provider does not know any more, or whose results are gone: its items may try again."""
    log.warning("batch.results_gone", extra=fields(batch=turn.batch.id, step=turn.batch.step.value))
    if turn.batch.step is BatchStep.POLL:
        return turn.end(BatchState.FAILED, error.code, error.message)
    return _close(turn, Ingest(turn.lease, turn.vault, turn.batch, turn.clock))


def clean_up(turn: Turn) -> bool:
    """What stands at the provider has to go: noted first, tried at once, tried on from its row if that fails.

    So has a file whose upload seemed to fail.
    """
    batch, database = turn.batch, turn.lease.database
    files: list[str | None] = []
    if batch.upload_started_at is not None:
        found = [file.id for file in turn.provider.uploads(turn.job, turn.since)]
        files = [batch.provider_file_id, batch.provider_output_file_id, batch.provider_error_file_id, *found]
    with turn.lease.transaction() as session:
        session.execute(
            update(Batch)
            .where(Batch.id == batch.id)
            .values(
                step=BatchStep.DONE,
                next_check_at=None,
                lease_until=None,
                lease_token=None,
                attempts=0,
                **moved(turn.clock()),
            )
        )
        provider_files.must_go(session, batch, dict.fromkeys(files), turn.clock())
        if not any(files):
            provider_files.nothing_left(session, batch, turn.clock())
        due = provider_files.due_of_batch(session, batch.id, turn.clock())
    for file_row_id in due:
        provider_files.delete(database, {batch.provider: turn.provider.inner}, file_row_id, turn.clock)
    return False


def _close(turn: Turn, ingest: Ingest) -> bool:
    ingest.settle_missing()
    batch, now = turn.batch, turn.clock()
    state = BatchState.CANCELLED if batch.provider_status == "cancelled" else BatchState.COMPLETED
    with turn.lease.transaction() as session:
        move_many(
            session,
            Batch.state,
            [batch.id],
            BATCH_MOVES,
            state,
            step=BatchStep.CLEAN_UP,
            finished_at=now,
            attempts=0,
            failure_code=None,
            failure_words=None,
            **moved(now),
        )
        settle(session, batch.id)
        budget.settle(session, batch.id, now)
        wake_those_that_wait_for_room(session, batch, turn)
        turn.record(session, f"batch.{state.value}", items=batch.items)
    log.info("batch.ingested", extra=fields(batch=batch.id, status=batch.provider_status))
    return True
