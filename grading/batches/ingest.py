"""Reads the result lines of a batch into assessments: in any order, in chunks, and however often the same file comes.

A line counts once: it is taken only while its request is still `prepared`, in the transaction that stores what came of
it. Unknown and repeated ids are noted and passed over. Tokens are charged for every line that reports them, also for
refused, truncated and unusable answers.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from config.clock import Clock
from config.logging import fields, get_logger
from grading.batches import retrying
from grading.batches.equal_feedback import flag_equal
from grading.batches.lease import Lease
from grading.batches.result_rows import Line, Question, assessment_of, load_lines, load_unanswered
from grading.batches.returning import give_back
from grading.budget.batches import line_cost
from grading.models import Assessment, Batch, BatchRequest, QueueItem, Submission
from grading.providers.base import Outcome, ResultLine
from grading.results.validate import AnswerInvalid, validate_answer
from grading.results.words import words_for
from grading.states import QUEUE_MOVES, SUBMISSION_MOVES, QueueState, RequestState, SubmissionState, move_many
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

CHUNK = 200
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

    accepted: list[tuple[Line, Assessment]] = field(default_factory=list)
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
        for chunk in self._chunks(lines):
            with self.lease.transaction() as session:
                self._take_chunk(session, chunk)

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
                    self._fail(outcomes, line, "missing")
                self._write(session, outcomes)

    def _chunks(self, lines: Iterable[ResultLine]) -> Iterator[list[ResultLine]]:
        chunk: list[ResultLine] = []
        for line in lines:
            self.lease.keep()
            chunk.append(line)
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _take_chunk(self, session: Session, chunk: Sequence[ResultLine]) -> None:
        known = load_lines(session, self.vault, self.batch.id, [line.custom_id for line in chunk])
        outcomes, taken = _Outcomes(), []
        for line in chunk:
            asked = known.pop(line.custom_id, None)
            if asked is None:
                log.warning("ingest.line_passed_over", extra=fields(batch=self.batch.id))
                continue
            self._take(session, outcomes, asked, line)
            taken.append(asked.line.request)
        self._write(session, outcomes)
        _add_up(session, self.batch.id, taken)

    def _take(self, session: Session, outcomes: _Outcomes, asked: Question, line: ResultLine) -> None:
        target, now = asked.line, self.clock()
        request, owner = target.request, Owner.person(target.tenant_id, target.person_id)
        request.sealed_answer = self.vault.seal(session, owner, Place("batch_request", "answer", request.id), line.raw)
        request.input_tokens = line.usage.input_tokens
        request.output_tokens = line.usage.output_tokens
        request.actual_microdollars = line_cost(self.batch, line.usage, now)
        request.provider_code = line.error_code or None
        if line.outcome is not Outcome.ANSWERED:
            self._fail(outcomes, target, _FAILURES[line.outcome])
            return
        try:
            answer = validate_answer(line.text, asked.rubric, asked.sent_text, asked.task)
        except AnswerInvalid as invalid:
            self._fail(outcomes, target, invalid.code)
            return
        request.state, request.finished_at = RequestState.SUCCEEDED, now
        assessment = assessment_of(session, self.vault, self.batch.provider, asked, line.model, answer)
        outcomes.accepted.append((target, assessment))

    def _fail(self, outcomes: _Outcomes, line: Line, code: str) -> None:
        now = self.clock()
        given_back = code in retrying.UNEXECUTED
        line.request.state = RequestState.RETURNED if given_back else RequestState.FAILED
        line.request.failure_code, line.request.finished_at = code, now
        outcomes.failed[code, retrying.after(code, line.tries(), now)].append(line)

    def _write(self, session: Session, outcomes: _Outcomes) -> None:
        now = self.clock()
        session.add_all(assessment for _, assessment in outcomes.accepted)
        session.flush()
        flag_equal(session, [assessment for _, assessment in outcomes.accepted])
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
        for line, assessment in outcomes.accepted:
            details: dict[str, str | int] = {"model": assessment.model, "flags": len(assessment.flags)}
            _note(session, "assessment.stored", line, "assessment", assessment.id, details)
        for (code, following), lines in outcomes.failed.items():
            _write_failed(session, self.batch.provider, code, following, lines, now)


def _add_up(session: Session, batch_id: uuid.UUID, taken: Sequence[BatchRequest]) -> None:
    """Add what lines cost that are taken in this transaction, and in no other: adding up all lines with every chunk
    would take the longer the more of them there are."""
    values = {
        "actual_microdollars": Batch.actual_microdollars + sum(one.actual_microdollars for one in taken),
        "input_tokens": Batch.input_tokens + sum(one.input_tokens for one in taken),
        "output_tokens": Batch.output_tokens + sum(one.output_tokens for one in taken),
    }
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
