"""Work handed in to the LMS's own assignment comes in: noted once, fetched, read, handed in like any other (L8)."""

import base64
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database, insert_ignoring_conflicts
from config.logging import fields, get_logger
from grading import agreements, assignments, submissions
from grading.backoff import pause_seconds
from grading.errors import NotFound
from grading.extraction import ExtractionError, Limits, ReaderUnavailable, TooLarge, UnsupportedType, extract
from grading.models import Arrival, ArrivalAsset, Enrolment, Person, Processor
from grading.models.people import CourseRole, EnrolmentState
from grading.models.submissions import SubmissionSource
from grading.processor_port import AssetService, AssetUnavailable
from grading.states import ARRIVAL_MOVES, ArrivalState, move
from grading.submissions import Work
from privacy.audit import Actor, record
from privacy.sealing import Owner, Place, Vault

LEASE: Final = timedelta(minutes=15)
MOST_ATTEMPTS: Final = 10
MOST_ASSETS: Final = 50
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """One file or text as a notice announces it."""

    asset_id: str
    url: str
    content_type: str
    size: int
    checksum: str
    title: str
    file_name: str


@dataclass(frozen=True, slots=True)
class SubmissionFacts:
    """A submission in the LMS as a notice announces it."""

    tenant_id: uuid.UUID
    registration_id: uuid.UUID
    activity_id: str
    assignment_id: uuid.UUID | None
    """From the processor's custom parameters."""
    lms_submission_id: str
    subject: str
    report_url: str
    assets: tuple[AssetFacts, ...]


@dataclass(frozen=True, slots=True)
class _Fetched:
    asset: ArrivalAsset
    source: dict[str, str]
    text: str = ""
    data: bytes = b""
    names: tuple[str, ...] = ()
    media_type: str = "text/plain"
    error: str = ""


def attach(
    session: Session, *, tenant_id: uuid.UUID, context_id: uuid.UUID, activity_id: str, assignment_id: uuid.UUID
) -> uuid.UUID:
    """Note that an activity of the LMS sends its work to an assignment of ours; the same twice is one."""
    session.execute(
        insert_ignoring_conflicts(session, Processor).values(
            id=uuid.uuid4(),
            tenant_id=tenant_id,
            context_id=context_id,
            activity_id=activity_id,
            assignment_id=assignment_id,
        )
    )
    return session.execute(
        select(Processor.id).where(
            Processor.context_id == context_id,
            Processor.activity_id == activity_id,
            Processor.assignment_id == assignment_id,
        )
    ).scalar_one()


def receive(session: Session, vault: Vault, facts: SubmissionFacts, clock: Clock = utc_now) -> uuid.UUID:
    """Note a submission of the LMS; returns its id, the same one however often it is announced.

    Raises:
        NotFound: no processor of this tenant is attached to the activity.
    """
    query = select(Processor).where(Processor.tenant_id == facts.tenant_id, Processor.activity_id == facts.activity_id)
    if facts.assignment_id is not None:
        query = query.where(Processor.assignment_id == facts.assignment_id)
    found = list(session.execute(query.limit(2)).scalars())
    if len(found) != 1:
        raise NotFound("Nothing is attached to this activity here.")
    processor = found[0]
    person_id = _author(session, facts, processor.context_id)
    arrival_id = uuid.uuid4()
    made = session.execute(
        insert_ignoring_conflicts(session, Arrival)
        .values(
            id=arrival_id,
            tenant_id=facts.tenant_id,
            processor_id=processor.id,
            person_id=person_id,
            lms_submission_id=facts.lms_submission_id,
            report_url=facts.report_url,
            state=ArrivalState.WAITING,
            next_attempt_at=clock(),
        )
        .returning(Arrival.id)
    ).first()
    known = session.execute(
        select(Arrival).where(
            Arrival.processor_id == processor.id, Arrival.lms_submission_id == facts.lms_submission_id
        )
    ).scalar_one()
    if made is None:
        # A teacher had it sent again: what failed is tried again, what is here already is reported again.
        _again(session, known, clock)
        return known.id
    owner = Owner.person(facts.tenant_id, person_id)
    for number, asset in enumerate(facts.assets[:MOST_ASSETS], start=1):
        row = ArrivalAsset(
            id=uuid.uuid4(),
            arrival_id=arrival_id,
            number=number,
            asset_id=asset.asset_id,
            content_type=asset.content_type[:128],
            size=asset.size,
            checksum=asset.checksum,
            next_report_at=clock(),
        )
        source = {"url": asset.url, "title": asset.title, "file_name": asset.file_name}
        row.sealed_source = vault.seal_json(session, owner, source_place(row.id), source)
        session.add(row)
    record(
        session,
        event="arrival.noted",
        actor=Actor.system(),
        tenant_id=facts.tenant_id,
        object_type="arrival",
        object_id=arrival_id,
        details={"assets": len(facts.assets)},
    )
    return arrival_id


def due(session: Session, now: datetime, limit: int = 50) -> list[uuid.UUID]:
    """Arrivals whose files are to be fetched now, and ones a worker died over."""
    return list(
        session.execute(
            select(Arrival.id)
            .where(
                or_(
                    (Arrival.state == ArrivalState.WAITING) & (Arrival.next_attempt_at <= now),
                    (Arrival.state == ArrivalState.FETCHING) & (Arrival.lease_until < now),
                )
            )
            .order_by(Arrival.next_attempt_at)
            .limit(limit)
        ).scalars()
    )


def take_in(
    database: Database,
    vault: Vault,
    service: AssetService,
    arrival_id: uuid.UUID,
    *,
    provider: str,
    most_bytes: int,
    clock: Clock = utc_now,
) -> bool:
    """Fetch, read and hand in one arrival; returns whether it was this caller's turn.

    Nothing of the work is kept until the one transaction that makes it a submission. A worker that dies before leaves
    a lease that runs out.
    """
    claimed = _claim(database, vault, arrival_id, clock)
    if claimed is None:
        return False
    arrival, assets = claimed
    fetched = []
    for asset, source in assets:
        one = _fetch(service, arrival.tenant_id, asset, source, most_bytes)
        if one is None:
            if arrival.attempts < MOST_ATTEMPTS:
                _later(database, arrival_id, arrival.attempts, clock)
                return True
            one = _Fetched(asset, source, error="DOWNLOAD_FAILED")
        fetched.append(one)
    with database.transaction() as session:
        _hand_in(session, vault, arrival_id, fetched, provider, clock)
    return True


def source_place(asset_id: uuid.UUID) -> Place:
    """Where address and names of an asset are sealed."""
    return Place("arrival_asset", "source", asset_id)


def _author(session: Session, facts: SubmissionFacts, context_id: uuid.UUID) -> uuid.UUID:
    """The person in this course. Somebody the roster has not shown yet is a learner: they handed something in."""
    session.execute(
        insert_ignoring_conflicts(session, Person).values(
            id=uuid.uuid4(), registration_id=facts.registration_id, subject=facts.subject
        )
    )
    person_id = session.execute(
        select(Person.id).where(Person.registration_id == facts.registration_id, Person.subject == facts.subject)
    ).scalar_one()
    session.execute(
        insert_ignoring_conflicts(session, Enrolment).values(
            id=uuid.uuid4(),
            context_id=context_id,
            person_id=person_id,
            role=CourseRole.LEARNER,
            state=EnrolmentState.ACTIVE,
            test_user=False,
            role_from_launch=False,
        )
    )
    return person_id


def _again(session: Session, known: Arrival, clock: Clock) -> None:
    if known.state is ArrivalState.FAILED:
        move(session, Arrival.state, known.id, ARRIVAL_MOVES, ArrivalState.WAITING, attempts=0, next_attempt_at=clock())
    session.execute(
        update(ArrivalAsset)
        .where(ArrivalAsset.arrival_id == known.id)
        .values(reported="", next_report_at=clock(), report_attempts=0)
    )


def _claim(
    database: Database, vault: Vault, arrival_id: uuid.UUID, clock: Clock
) -> tuple[Arrival, list[tuple[ArrivalAsset, dict[str, str]]]] | None:
    now = clock()
    with database.transaction() as session:
        claimed = session.execute(
            update(Arrival)
            .where(
                Arrival.id == arrival_id,
                or_(
                    (Arrival.state == ArrivalState.WAITING) & (Arrival.next_attempt_at <= now),
                    (Arrival.state == ArrivalState.FETCHING) & (Arrival.lease_until < now),
                ),
            )
            .values(state=ArrivalState.FETCHING, lease_until=now + LEASE, attempts=Arrival.attempts + 1)
            .returning(Arrival.id)
        ).first()
        if claimed is None:
            return None
        arrival = session.get_one(Arrival, arrival_id, populate_existing=True)
        rows = list(
            session.execute(
                select(ArrivalAsset).where(ArrivalAsset.arrival_id == arrival_id).order_by(ArrivalAsset.number)
            ).scalars()
        )
        return arrival, [(row, vault.open_json(session, source_place(row.id), row.sealed_source)) for row in rows]


def _fetch(
    service: AssetService, tenant_id: uuid.UUID, asset: ArrivalAsset, source: dict[str, str], most_bytes: int
) -> _Fetched | None:
    """One file with its text, or why it has none; None when it should be tried again later."""
    if asset.size > most_bytes:
        return _Fetched(asset, source, error="ASSET_TOO_LARGE")
    try:
        data = service.fetch(tenant_id, source["url"], most_bytes=most_bytes)
    except AssetUnavailable as error:
        return None if error.retry else _Fetched(asset, source, error=error.code)
    if asset.checksum and base64.b64encode(hashlib.sha256(data).digest()).decode() != asset.checksum:
        return _Fetched(asset, source, error="CHECKSUM_MISMATCH")
    if not data.strip():
        return _Fetched(asset, source, error="ASSET_TOO_SMALL")
    try:
        read = extract(data, _name(asset, source), limits=Limits(size_bytes=most_bytes))
    except UnsupportedType:
        return _Fetched(asset, source, error="UNSUPPORTED_ASSET_TYPE")
    except TooLarge:
        return _Fetched(asset, source, error="ASSET_TOO_LARGE")
    except ReaderUnavailable:
        return None
    except ExtractionError as error:
        return _Fetched(asset, source, error=error.code.upper()[:64])
    return _Fetched(asset, source, read.text, data, read.document_names, read.media_type)


def _name(asset: ArrivalAsset, source: dict[str, str]) -> str:
    """A file name that tells the kind: texts typed into the LMS have none and come as HTML."""
    if source["file_name"]:
        return source["file_name"].replace("\\", "/").rpartition("/")[2][-200:]
    return "text.html" if asset.content_type.startswith("text/html") else "text.txt"


def _later(database: Database, arrival_id: uuid.UUID, attempts: int, clock: Clock) -> None:
    with database.transaction() as session:
        move(
            session,
            Arrival.state,
            arrival_id,
            ARRIVAL_MOVES,
            ArrivalState.WAITING,
            lease_until=None,
            next_attempt_at=clock() + timedelta(seconds=pause_seconds(attempts)),
        )
    log.warning("arrival.later", extra=fields(arrival=arrival_id, attempt=attempts))


def _hand_in(
    session: Session,
    vault: Vault,
    arrival_id: uuid.UUID,
    fetched: Sequence[_Fetched],
    provider: str,
    clock: Clock,
) -> None:
    good = [one for one in fetched if not one.error]
    state = ArrivalState.TAKEN if good else ArrivalState.FAILED
    move(session, Arrival.state, arrival_id, ARRIVAL_MOVES, state, lease_until=None, next_attempt_at=None)
    arrival = session.get_one(Arrival, arrival_id, populate_existing=True)
    for one in fetched:
        row = session.get_one(ArrivalAsset, one.asset.id)
        row.error_code, row.next_report_at = one.error or None, clock()
    if not good:
        log.warning("arrival.unreadable", extra=fields(arrival=arrival_id))
        return
    processor = session.get_one(Processor, arrival.processor_id)
    view = assignments.get(
        session,
        tenant_id=processor.tenant_id,
        context_id=processor.context_id,
        assignment_id=processor.assignment_id,
    )
    agreements.carry(session, context=view.context, person_id=arrival.person_id, clock=clock)
    submission = submissions.accept(
        session,
        vault,
        view=view,
        person_id=arrival.person_id,
        work=_work(good),
        provider=provider,
        clock=clock,
    )
    arrival.submission_id = submission.id
    log.info("arrival.taken", extra=fields(arrival=arrival_id, assets=len(good)))


def _work(good: Sequence[_Fetched]) -> Work:
    """One work out of all readable files, in their order. The original is kept where there is exactly one."""
    single = good[0] if len(good) == 1 else None
    return Work(
        text="\n\n".join(one.text for one in good),
        source=SubmissionSource.FILE,
        media_type=single.media_type if single else "text/plain",
        file=single.data if single else None,
        file_name=_name(single.asset, single.source) if single else None,
        document_names=tuple(dict.fromkeys(name for one in good for name in one.names)),
    )
