"""Works off notices that were taken: what each kind of them asks for (Platform Notification Service 1.0)."""

import uuid
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database, insert_ignoring_conflicts
from config.logging import fields, get_logger
from grading import intake
from grading.backoff import pause_seconds
from grading.errors import NotFound
from grading.intake import AssetFacts, SubmissionFacts
from grading.models import Context, Deployment
from lti_tool.lti import claims as names
from lti_tool.lti import verify
from lti_tool.lti.facts import custom_of, text_of
from lti_tool.lti.models import Notice, NoticeState, notice_place
from privacy.audit import Actor, record
from privacy.sealing import Vault

MOST_ATTEMPTS: Final = 10
LEASE: Final = timedelta(minutes=5)
log = get_logger(__name__)


class NoticeWork:
    """Works off what a `NoticeBox` has taken. One per process."""

    def __init__(self, database: Database, vault: Vault, clock: Clock = utc_now) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock

    def due(self, session: Session, now: datetime) -> list[UUID]:
        """Notices to work off now."""
        return list(
            session.execute(
                select(Notice.id)
                .where(Notice.state == NoticeState.WAITING, Notice.next_attempt_at <= now)
                .order_by(Notice.next_attempt_at)
                .limit(100)
            ).scalars()
        )

    def work_off(self, notice_id: UUID) -> None:
        """Do what one notice asks for, in one transaction with the note that it is done."""
        now = self._clock()
        with self._database.transaction() as session:
            claimed = session.execute(
                update(Notice)
                .where(Notice.id == notice_id, Notice.state == NoticeState.WAITING, Notice.next_attempt_at <= now)
                .values(attempts=Notice.attempts + 1, next_attempt_at=now + LEASE)
                .returning(Notice.attempts)
            ).scalar_one_or_none()
        if claimed is None:
            return
        try:
            with self._database.transaction() as session:
                # Locked before anything it leads to, as an erasure does: one that came first has emptied it.
                notice = session.execute(
                    select(Notice).where(Notice.id == notice_id, Notice.state == NoticeState.WAITING).with_for_update()
                ).scalar_one_or_none()
                if notice is None:
                    return
                self._act(session, notice)
                notice.state, notice.sealed_content = NoticeState.DONE, None
        except NotFound:
            self._put_off(notice_id, claimed)

    def _act(self, session: Session, notice: Notice) -> None:
        claims = self._vault.open_json(session, notice_place(notice.id), notice.sealed_content or b"")
        if notice.type == names.SUBMISSION_NOTICE:
            registration_id = session.get_one(Deployment, notice.tenant_id).registration_id
            facts = submission_facts(claims, notice.tenant_id, registration_id)
            intake.receive(session, self._vault, facts, self._clock)
        elif notice.type == names.CONTEXT_COPY_NOTICE:
            _note_copy(session, notice.tenant_id, claims)
        record(
            session,
            event="notice.worked_off",
            actor=Actor.system(),
            tenant_id=notice.tenant_id,
            object_type="notice",
            object_id=notice.id,
            details={"type": notice.type},
        )

    def _put_off(self, notice_id: UUID, attempts: int) -> None:
        """Nothing is attached yet: the answer to the deep linking request may still be on its way."""
        with self._database.transaction() as session:
            notice = session.get_one(Notice, notice_id)
            if attempts >= MOST_ATTEMPTS:
                notice.state, notice.sealed_content = NoticeState.FAILED, None
                log.warning("notice.failed", extra=fields(notice=notice_id, type=notice.type))
                return
            notice.next_attempt_at = self._clock() + timedelta(seconds=pause_seconds(attempts))


def submission_facts(claims: dict[str, Any], tenant_id: UUID, registration_id: UUID) -> SubmissionFacts:
    """What a submission notice says, in the domain's terms.

    Raises:
        NotFound: it does not say what was handed in, by whom, and where the files are.
    """
    activity, submission = _object(claims, names.ACTIVITY), _object(claims, names.SUBMISSION)
    service, report = _object(claims, names.ASSET_SERVICE), _object(claims, names.ASSET_REPORT)
    subject = verify.person_concerned(claims)
    if not verify.is_id(subject):
        raise NotFound("The notice does not say whose work was handed in.")
    assets = [_asset(one) for one in service.get("assets", []) if isinstance(one, dict)]
    facts = SubmissionFacts(
        tenant_id=tenant_id,
        registration_id=registration_id,
        activity_id=text_of(activity, "id"),
        assignment_id=_uuid(custom_of(claims).get("assignment_id", "")),
        lms_submission_id=text_of(submission, "id")[:255],
        subject=str(subject),
        report_url=text_of(report, "report_url"),
        assets=tuple(asset for asset in assets if asset.asset_id and asset.url.startswith("http")),
    )
    if not (facts.activity_id and facts.lms_submission_id and facts.report_url and facts.assets):
        raise NotFound("The notice does not say what was handed in.")
    return facts


def _asset(given: dict[str, Any]) -> AssetFacts:
    size = given.get("size")
    return AssetFacts(
        asset_id=text_of(given, "asset_id")[:255],
        url=str(given.get("url") or "")[:2048],
        content_type=text_of(given, "content_type"),
        size=size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else 0,
        checksum=text_of(given, "sha256_checksum")[:64],
        title=text_of(given, "title")[:255],
        file_name=text_of(given, "filename")[:255],
    )


def _note_copy(session: Session, tenant_id: UUID, claims: dict[str, Any]) -> None:
    context = _object(claims, names.CONTEXT)
    lms_context_id, origins = text_of(context, "id"), claims.get(names.ORIGIN_CONTEXTS)
    if not verify.is_id(lms_context_id) or not isinstance(origins, list):
        raise NotFound("The notice does not say which course was copied.")
    session.execute(
        insert_ignoring_conflicts(session, Context).values(
            id=uuid.uuid4(), tenant_id=tenant_id, lms_context_id=lms_context_id, title=text_of(context, "title")[:255]
        )
    )
    row = session.execute(
        select(Context).where(Context.tenant_id == tenant_id, Context.lms_context_id == lms_context_id)
    ).scalar_one()
    row.origin_ids = [one for one in origins if isinstance(one, str) and one][:20]


def _object(claims: dict[str, Any], name: str) -> dict[str, Any]:
    value = claims.get(name)
    return value if isinstance(value, dict) else {}


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
