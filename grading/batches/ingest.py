"""Reads the result lines of a batch into assessments: in any order, in chunks, and however often the same file comes.

A line counts once: it is taken only while its request is still `prepared`, in the transaction that stores what came of
it. Unknown and repeated ids are noted and passed over. Tokens are charged for every line that reports them, also for
refused, truncated and unusable answers.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.bulk import insert_rows, update_rows
from config.clock import Clock
from config.logging import fields, get_logger
from grading.batches import retrying
from grading.batches.assessing import Made, assess
from grading.batches.equal_feedback import flag_equal
from grading.batches.lease import Lease
from grading.batches.result_rows import Line, Question, QuestionReader, load_unanswered
from grading.batches.returning import give_back
from grading.budget.batches import line_cost
from grading.models import Assessment, Batch, BatchRequest, QueueItem, Submission
from grading.providers.base import Outcome, ResultLine
from grading.results.validate import AnswerInvalid, validate_answer
from grading.results.words import words_for
from grading.states import QUEUE_MOVES, SUBMISSION_MOVES, QueueState, RequestState, SubmissionState, move_many
from privacy.audit import Actor, record
from privacy.sealing import Place, Vault

CHUNK = 500
"""Lines that are taken in one transaction: the more they are, the fewer pages of indexes are written for each of them;
the fewer, the sooner others may write."""
CHUNK_BYTES = 16 * 1024 * 1024
"""Lines that are together as large as this are taken though they are fewer: what is in memory has a bound."""
_FAILURES = {
    Outcome.REFUSED: "refused",
    Outcome.TRUNCATED: retrying.TRUNCATED,
    Outcome.CONTENT_FILTER: "content_filter",
    Outcome.NOT_EXECUTED: "expired",
    Outcome.CANCELLED: "cancelled",
    Outcome.BUSY: "provider_busy",
    Outcome.REJECTED: "rejected",
    Outcome.UNREADABLE: "unreadable_answer",
}
log = get_logger(__name__)


@dataclass(slots=True)
class _Outcomes:
    """What came of the lines of one chunk, to be written together."""

    requests: list[dict[str, Any]] = field(default_factory=list)
    """What is written to each request; all of a chunk name the same columns."""
    accepted: list[tuple[Line, Made]] = field(default_factory=list)
    failed: dict[tuple[str, retrying.Next], list[Line]] = field(default_factory=lambda: defaultdict(list))


@dataclass(frozen=True, slots=True)
class Ingest:
    """Takes the results of one batch, under the lease of whoever carries it."""

    lease: Lease
    vault: Vault
    batch: Batch
    clock: Clock

    def take_all(self, lines: Iterable[ResultLine]) -> None:
        """Store what came of each line. The provider is read while nothing is locked. Raises LeaseLost."""
        reader = QuestionReader(self.vault, self.batch.id)
        for chunk in self._chunks(lines):
            with self.lease.transaction() as session:
                self._take_chunk(session, reader, chunk)

    def taken(self) -> int:
        """How many lines of the batch have been taken, now or before."""
        with self.lease.database.transaction() as session:
            return session.execute(
                select(func.count()).where(
                    BatchRequest.batch_id == self.batch.id, BatchRequest.sealed_answer.is_not(None)
                )
            ).scalar_one()

    def settle_missing(self) -> None:
        """Requests of an ended batch that no line spoke of: their items may try again. Raises LeaseLost."""
        while True:
            with self.lease.transaction() as session:
                lines = load_unanswered(session, self.batch.id, CHUNK)
                if not lines:
                    return
                outcomes = _Outcomes()
                for line in lines:
                    outcomes.requests.append({"id": line.request_id, **self._fail(outcomes, line, "missing")})
                self._write(session, outcomes)

    def _chunks(self, lines: Iterable[ResultLine]) -> Iterator[list[ResultLine]]:
        chunk: list[ResultLine] = []
        size = 0
        for line in lines:
            self.lease.keep()
            chunk.append(line)
            size += len(line.raw)
            if len(chunk) == CHUNK or size >= CHUNK_BYTES:
                yield chunk
                chunk, size = [], 0
        if chunk:
            yield chunk

    def _take_chunk(self, session: Session, reader: QuestionReader, chunk: Sequence[ResultLine]) -> None:
        known = reader.read(session, [line.custom_id for line in chunk])
        outcomes = _Outcomes()
        for line in chunk:
            asked = known.pop(line.custom_id, None)
            if asked is None:
                log.warning("ingest.line_passed_over", extra=fields(batch=self.batch.id))
                continue
            outcomes.requests.append(self._take(session, outcomes, asked, line))
        self._write(session, outcomes)
        _add_up(session, self.batch.id, outcomes.requests)

    def _take(self, session: Session, outcomes: _Outcomes, asked: Question, line: ResultLine) -> dict[str, Any]:
        """What is written to the request; what follows from it is noted with the outcomes."""
        target = asked.line
        place = Place("batch_request", "answer", target.request_id)
        return {
            "id": target.request_id,
            "sealed_answer": self.vault.seal(session, target.owner, place, line.raw),
            "input_tokens": line.usage.input_tokens,
            "output_tokens": line.usage.output_tokens,
            "actual_microdollars": line_cost(self.batch, line.usage, self.clock()),
            "provider_code": line.error_code or None,
            **self._judge(session, outcomes, asked, line),
        }

    def _judge(self, session: Session, outcomes: _Outcomes, asked: Question, line: ResultLine) -> dict[str, Any]:
        if line.outcome is not Outcome.ANSWERED:
            return self._fail(outcomes, asked.line, _FAILURES[line.outcome])
        try:
            answer = validate_answer(line.text, asked.rubric, asked.sent_text, asked.task)
        except AnswerInvalid as invalid:
            return self._fail(outcomes, asked.line, invalid.code)
        made = assess(session, self.vault, asked, answer, self.batch.provider, line.model, self.clock())
        outcomes.accepted.append((asked.line, made))
        return {"state": RequestState.SUCCEEDED, "failure_code": None, "finished_at": self.clock()}

    def _fail(self, outcomes: _Outcomes, line: Line, code: str) -> dict[str, Any]:
        now = self.clock()
        outcomes.failed[code, retrying.after(code, line.tries(), now)].append(line)
        state = RequestState.RETURNED if code in retrying.UNEXECUTED else RequestState.FAILED
        return {"state": state, "failure_code": code, "finished_at": now}

    def _write(self, session: Session, outcomes: _Outcomes) -> None:
        now = self.clock()
        update_rows(session, BatchRequest, outcomes.requests)
        flag_equal(session, [made.told for _, made in outcomes.accepted])
        insert_rows(session, Assessment, [made.row() for _, made in outcomes.accepted])
        done = [line for line, _ in outcomes.accepted]
        move_many(
            session,
            QueueItem.state,
            [line.item_id for line in done],
            QUEUE_MOVES,
            QueueState.COMPLETED,
            finished_at=now,
            failure_code=None,
            failure_words=None,
        )
        _move_submissions(session, done, SubmissionState.WITH_INSTRUCTOR)
        for line, made in outcomes.accepted:
            details: dict[str, str | int] = {"model": made.model, "flags": len(made.told.flags)}
            _note(session, "assessment.stored", line, "assessment", made.id, details)
        for (code, following), lines in outcomes.failed.items():
            _write_failed(session, self.batch.provider, code, following, lines, now)


def _add_up(session: Session, batch_id: uuid.UUID, taken: Sequence[Mapping[str, Any]]) -> None:
    """Add what lines cost that are taken in this transaction, and in no other: adding up all lines with every chunk
    would take the longer the more of them there are."""
    columns = (Batch.actual_microdollars, Batch.input_tokens, Batch.output_tokens)
    values = {column.key: column + sum(one[column.key] for one in taken) for column in columns}
    session.execute(
        update(Batch).where(Batch.id == batch_id).values(values).execution_options(synchronize_session=False)
    )


def settle(session: Session, batch_id: uuid.UUID) -> None:
    """Bring what a batch has cost up to date with its lines, once all of them have been read."""
    totals = session.execute(
        select(
            func.coalesce(func.sum(BatchRequest.actual_microdollars), 0),
            func.coalesce(func.sum(BatchRequest.input_tokens), 0),
            func.coalesce(func.sum(BatchRequest.output_tokens), 0),
        ).where(BatchRequest.batch_id == batch_id)
    ).one()
    session.execute(
        update(Batch)
        .where(Batch.id == batch_id)
        .values(actual_microdollars=int(totals[0]), input_tokens=int(totals[1]), output_tokens=int(totals[2]))
        .execution_options(synchronize_session=False)
    )


def _write_failed(
    session: Session, provider: str, code: str, following: retrying.Next, lines: Sequence[Line], now: datetime
) -> None:
    """A retryable failure goes back to the queue until its tries are used up, then to a person."""
    item_ids = [line.item_id for line in lines]
    tried: dict[str, object] = {
        "attempts": following.attempts,
        "unexecuted": following.unexecuted,
        "output_limit": following.output_limit,
        "not_before": following.not_before,
        "failure_code": code,
        "failure_words": words_for(code),
    }
    if following.again:
        waiting = set(give_back(session, provider, item_ids, now, **tried, finished_at=None))
    else:
        waiting = set()
        move_many(session, QueueItem.state, item_ids, QUEUE_MOVES, QueueState.FAILED, **tried, finished_at=now)
        _move_submissions(session, lines, SubmissionState.WITH_INSTRUCTOR, by_hand_reason="failed")
    for line in lines:
        details: dict[str, str | int] = {
            "code": code,
            "attempts": following.attempts,
            "again": line.item_id in waiting,
        }
        _note(session, "assessment.failed", line, "queue_item", line.item_id, details)


def _move_submissions(session: Session, lines: Sequence[Line], target: SubmissionState, **values: object) -> None:
    ids = [line.submission_id for line in lines]
    move_many(session, Submission.state, ids, SUBMISSION_MOVES, target, **values)


def _note(
    session: Session, event: str, line: Line, object_type: str, object_id: uuid.UUID, details: dict[str, str | int]
) -> None:
    record(
        session,
        event=event,
        actor=Actor.system(),
        tenant_id=line.tenant_id,
        object_type=object_type,
        object_id=object_id,
        details=details,
    )
