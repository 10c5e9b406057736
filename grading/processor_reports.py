"""What an LMS is told about work that came from its own assignment: one report a file, always the newest word (L8).

What there is to report follows from the rows: where the submission stands and which decision counts. A report that is
under way keeps its moment when it is repeated; the next one has a later moment.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading import review
from grading.backoff import pause_seconds
from grading.gradebook_port import ReceiptOutcome
from grading.models import Arrival, ArrivalAsset, Assignment, Processor, Submission
from grading.points import format_points
from grading.processor_port import AssetReport, AssetService, ReportProgress, ReportReceipt
from grading.results.words import BY_HAND_WORDS
from grading.review.feedback import plain_comment
from grading.states import ArrivalState, SubmissionState
from privacy.sealing import Vault

LEASE: Final = timedelta(minutes=2)
MOST_ATTEMPTS: Final = 12
LOOK_AGAIN: Final = timedelta(minutes=2)
"""How soon after a change that nobody made by hand the LMS hears of it."""
MOST_RESULT: Final = 16
MOST_COMMENT: Final = 4000
WORDS: Final = {
    "UNSUPPORTED_ASSET_TYPE": "Blindmark can't read files of this kind.",
    "ASSET_TOO_LARGE": "The file is too large.",
    "ASSET_TOO_SMALL": "The file is empty.",
    "DOWNLOAD_FAILED": "The file could not be fetched from the LMS.",
    "CHECKSUM_MISMATCH": "The file that came is not the one that was announced. Send it again.",
}
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Word:
    """What there is to say about a file now."""

    progress: ReportProgress
    key: str
    """Changes with every change of what is said."""
    comment: str = ""
    result: str = ""
    error_code: str = ""
    visible: bool = False


def due(session: Session, now: datetime, limit: int = 100) -> list[uuid.UUID]:
    """Files to look at: whether there is something new to report."""
    return list(
        session.execute(
            select(ArrivalAsset.id)
            .where(
                ArrivalAsset.next_report_at <= now,
                or_(ArrivalAsset.report_lease_until.is_(None), ArrivalAsset.report_lease_until < now),
            )
            .order_by(ArrivalAsset.next_report_at)
            .limit(limit)
        ).scalars()
    )


def deliver(
    database: Database, vault: Vault, service: AssetService, asset_id: uuid.UUID, clock: Clock = utc_now
) -> bool:
    """Report on one file if there is something new to say; returns whether something was sent."""
    with database.transaction() as session:
        report = _claim(session, vault, asset_id, clock)
    if report is None:
        return False
    receipt = service.report(report)
    with database.transaction() as session:
        _settle(session, asset_id, receipt, clock)
    return True


def _claim(session: Session, vault: Vault, asset_id: uuid.UUID, clock: Clock) -> AssetReport | None:
    now = clock()
    claimed = session.execute(
        update(ArrivalAsset)
        .where(
            ArrivalAsset.id == asset_id,
            ArrivalAsset.next_report_at <= now,
            or_(ArrivalAsset.report_lease_until.is_(None), ArrivalAsset.report_lease_until < now),
        )
        .values(report_lease_until=now + LEASE)
        .returning(ArrivalAsset.id)
    ).first()
    if claimed is None:
        return None
    asset, arrival, assignment = session.execute(
        select(ArrivalAsset, Arrival, Assignment)
        .join(Arrival, Arrival.id == ArrivalAsset.arrival_id)
        .join(Processor, Processor.id == Arrival.processor_id)
        .join(Assignment, Assignment.id == Processor.assignment_id)
        .where(ArrivalAsset.id == asset_id)
        .execution_options(populate_existing=True)
    ).one()
    word = _word(session, vault, asset, arrival, assignment)
    if word.key == asset.reported:
        asset.report_lease_until = None
        asset.next_report_at = None if _is_last(word, arrival) else now + LOOK_AGAIN
        return None
    if word.key != asset.reporting:
        earliest = asset.reported_at + timedelta(milliseconds=10) if asset.reported_at else now
        asset.reporting, asset.reported_at, asset.report_attempts = word.key, max(now, earliest), 0
    asset.report_attempts += 1
    return AssetReport(
        deployment_id=arrival.tenant_id,
        report_url=arrival.report_url,
        asset_id=asset.asset_id,
        timestamp=asset.reported_at or now,
        progress=word.progress,
        title="Blindmark",
        comment=word.comment[:MOST_COMMENT],
        result=word.result,
        error_code=word.error_code,
        visible_to_owner=word.visible,
    )


def _word(session: Session, vault: Vault, asset: ArrivalAsset, arrival: Arrival, assignment: Assignment) -> _Word:
    if asset.error_code:
        code = asset.error_code
        words = WORDS.get(code, "The file could not be read.")
        return _Word(ReportProgress.FAILED, f"Failed:{code}", words, error_code=code)
    if arrival.submission_id is None or arrival.state is not ArrivalState.TAKEN:
        return _Word(ReportProgress.PROCESSING, "Processing")
    submission = session.get_one(Submission, arrival.submission_id, populate_existing=True)
    match submission.state:
        case SubmissionState.REPLACED:
            return _Word(ReportProgress.NOT_PROCESSED, "NotProcessed:replaced", "A newer attempt counts.")
        case SubmissionState.RELEASED:
            return _released(session, vault, submission, assignment)
        case SubmissionState.WITH_INSTRUCTOR:
            words = "An instructor looks at it."
            if submission.by_hand_reason:
                words = f"{BY_HAND_WORDS.get(submission.by_hand_reason, '')} An instructor grades it by hand.".strip()
            return _Word(ReportProgress.PENDING_MANUAL, f"PendingManual:{submission.by_hand_reason or ''}", words)
    return _Word(ReportProgress.PROCESSING, "Processing")


def _released(session: Session, vault: Vault, submission: Submission, assignment: Assignment) -> _Word:
    found = review.released_feedback(session, vault, submission)
    if found is None:
        return _Word(ReportProgress.PENDING_MANUAL, "PendingManual:", "An instructor looks at it.")
    decision, feedback = found
    score = f"{format_points(decision.score_hundredths or 0)}/{format_points(assignment.points_hundredths)}"
    return _Word(
        ReportProgress.PROCESSED,
        f"Processed:{decision.number}",
        plain_comment(feedback),
        result=score if len(score) <= MOST_RESULT else "",
        visible=True,
    )


def _is_last(word: _Word, arrival: Arrival) -> bool:
    """Whether nothing will change by itself: what a person does later has it looked at (`report_rows`)."""
    return word.progress in (ReportProgress.FAILED, ReportProgress.NOT_PROCESSED) or (
        word.progress is ReportProgress.PROCESSED and arrival.submission_id is not None
    )


def _settle(session: Session, asset_id: uuid.UUID, receipt: ReportReceipt, clock: Clock) -> None:
    asset = session.execute(select(ArrivalAsset).where(ArrivalAsset.id == asset_id).with_for_update()).scalar_one()
    now = clock()
    asset.report_lease_until = None
    log.info("report.answered", extra=fields(asset=asset_id, outcome=receipt.outcome.value, status=receipt.status))
    if receipt.outcome in (ReceiptOutcome.DELIVERED, ReceiptOutcome.ALREADY_THERE):
        asset.reported, asset.report_failure, asset.next_report_at = asset.reporting, None, now + LOOK_AGAIN
    elif receipt.outcome is ReceiptOutcome.RETRY and asset.report_attempts < MOST_ATTEMPTS:
        wait = max(pause_seconds(asset.report_attempts), receipt.retry_after or 0.0)
        asset.next_report_at = now + timedelta(seconds=wait)
    else:
        # Kept as said, so that it is not sent for ever; the next change is a new word with new tries.
        asset.reported, asset.next_report_at = asset.reporting, now + LOOK_AGAIN
        asset.report_failure = f"The LMS did not take the report (HTTP {receipt.status})."
