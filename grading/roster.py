"""The roster of a course: read whole from its LMS or not at all, names sealed, people who left marked (L4)."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database, insert_ignoring_conflicts
from config.logging import fields, get_logger
from grading import individual_dates
from grading.errors import GradingError
from grading.individual_dates import Dates
from grading.models import Context, Deployment, Enrolment, Person, QueueItem
from grading.models.people import CourseRole, EnrolmentState
from grading.people import profile_place, tells_name
from grading.states import LIVE_QUEUE_STATES
from privacy.sealing import Owner, Vault

log = get_logger(__name__)


class RosterUnavailable(GradingError):
    """The LMS did not give the whole roster; the one from before stays."""

    code = "roster_unavailable"
    status = 502


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on a roster as the LMS lists them."""

    subject: str
    role: CourseRole
    active: bool = True
    test_user: bool = False
    profile: dict[str, str] = field(default_factory=dict)


class Listing(NamedTuple):
    """A roster as it was read to its end."""

    members: Sequence[Member]
    unreadable: int = 0
    """How many more are listed in a way that does not tell who they are."""


class RosterSource(Protocol):
    """Reads rosters from LMSs."""

    def read(self, deployment_id: uuid.UUID, memberships_url: str, lms_context_id: str) -> Listing:
        """The whole roster; raises RosterUnavailable rather than returning a part of it."""

    def read_link(
        self, deployment_id: uuid.UUID, memberships_url: str, lms_context_id: str, lms_link_id: str
    ) -> dict[str, Dates] | None:
        """Dates of the people of one link by their ids; None where the LMS does not tell about links.

        Raises RosterUnavailable rather than returning a part of them.
        """


STALE_AFTER = timedelta(hours=6)
TRY_AGAIN_AFTER = timedelta(minutes=5)


def due(session: Session, now: datetime, limit: int = 20) -> list[uuid.UUID]:
    """Courses with work waiting whose roster was never read, or long ago: names are found best in a fresh one."""
    waiting = select(QueueItem.context_id).where(QueueItem.state.in_(LIVE_QUEUE_STATES))
    return list(
        session.execute(
            select(Context.id)
            .where(
                Context.memberships_url.is_not(None),
                Context.id.in_(waiting),
                or_(Context.roster_read_at.is_(None), Context.roster_read_at < now - STALE_AFTER),
                or_(Context.roster_tried_at.is_(None), Context.roster_tried_at < now - TRY_AGAIN_AFTER),
            )
            .limit(limit)
        ).scalars()
    )


def refresh(
    database: Database, vault: Vault, source: RosterSource, context_id: uuid.UUID, clock: Clock = utc_now
) -> int:
    """Read a course's roster and store it; returns how many people are on it.

    Raises:
        RosterUnavailable: the LMS offers none, or did not answer completely. Nothing was changed.
    """
    with database.transaction() as session:
        context = session.get_one(Context, context_id)
        context.roster_tried_at = clock()
        url, tenant_id, lms_context_id = context.memberships_url, context.tenant_id, context.lms_context_id
    if not url:
        raise RosterUnavailable(
            "Your LMS has not offered a list of people for this course. Ask its administrator to allow names and roles."
        )
    listing = source.read(tenant_id, url, lms_context_id)
    members = listing.members
    if listing.unreadable:
        log.warning("roster.members_passed_over", extra=fields(context=context_id, members=listing.unreadable))
    with database.transaction() as session:
        store(session, vault, context_id, listing, clock)
        links = individual_dates.links_to_ask(session, context_id, clock())
    log.info("roster.read", extra=fields(context=context_id, members=len(members)))
    for link in links:
        try:
            dates = source.read_link(tenant_id, url, lms_context_id, link.lms_link_id)
        except RosterUnavailable as error:
            # The roster itself is read and kept; dates come with the next one, or with each person's own launch.
            log.warning("roster.link_unavailable", extra=fields(context=context_id, link=link.id, code=error.code))
            continue
        with database.transaction() as session:
            individual_dates.note_asked(session, link.id, offered=dates is not None, now=clock())
            if dates:
                individual_dates.note_subjects(session, context_id, link.assignment_id, dates, clock())
    return len(members)


def store(session: Session, vault: Vault, context_id: uuid.UUID, listing: Listing, clock: Clock = utc_now) -> None:
    """Store a roster in a constant number of statements. A role that a launch said is kept; nobody is marked as gone by
    a list that does not tell who some of its people are."""
    context = session.get_one(Context, context_id)
    registration_id = session.execute(
        select(Deployment.registration_id).where(Deployment.id == context.tenant_id)
    ).scalar_one()
    listed = {member.subject: member for member in listing.members if member.active}
    people = _people(session, registration_id, list(listed))
    owners = [Owner.person(context.tenant_id, person_id) for person_id in people.values()]
    vault.prepare_keys(session, owners)
    known = {
        enrolment.person_id: enrolment
        for enrolment in session.execute(select(Enrolment).where(Enrolment.context_id == context_id)).scalars()
    }
    now = clock()
    for subject, member in listed.items():
        person_id = people[subject]
        enrolment = known.get(person_id) or Enrolment(
            id=uuid.uuid4(), context_id=context_id, person_id=person_id, role=member.role
        )
        if not enrolment.role_from_launch:
            enrolment.role = member.role
        enrolment.state, enrolment.test_user, enrolment.seen_at = EnrolmentState.ACTIVE, member.test_user, now
        if tells_name(member.profile) or (enrolment.sealed_profile is None and any(member.profile.values())):
            enrolment.sealed_profile = vault.seal(
                session,
                Owner.person(context.tenant_id, person_id),
                profile_place(enrolment.id),
                json.dumps(member.profile, ensure_ascii=False).encode(),
            )
        session.add(enrolment)
    if not listing.unreadable:
        _mark_left(session, context_id, known, set(people.values()))
    context.roster_read_at = now


def _people(session: Session, registration_id: uuid.UUID, subjects: list[str]) -> dict[str, uuid.UUID]:
    if subjects:
        session.execute(
            insert_ignoring_conflicts(session, Person),
            [{"id": uuid.uuid4(), "registration_id": registration_id, "subject": subject} for subject in subjects],
        )
    rows = session.execute(
        select(Person.subject, Person.id).where(Person.registration_id == registration_id, Person.subject.in_(subjects))
    )
    return {row.subject: row.id for row in rows}


def _mark_left(
    session: Session, context_id: uuid.UUID, known: dict[uuid.UUID, Enrolment], present: set[uuid.UUID]
) -> None:
    """Learners who are no longer listed have left. Staff are not always listed (site administrators, for one)."""
    gone = [
        person_id
        for person_id, enrolment in known.items()
        if person_id not in present and enrolment.role is CourseRole.LEARNER
    ]
    if gone:
        session.execute(
            update(Enrolment)
            .where(Enrolment.context_id == context_id, Enrolment.person_id.in_(gone))
            .values(state=EnrolmentState.LEFT)
        )
