"""Who came in: what a launch tells about course, person, role, link and services, noted in few statements.

Everything is found by the identity keys of LTI in one query. What is new is inserted unless its unique key exists by
then, and read again, because two launches may meet. What has not changed is not written.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import insert_row
from grading import individual_dates
from grading.arrival_rows import Found, Row, add, find, keep, read
from grading.assignments import link_to, name_from_elsewhere
from grading.errors import GradingError
from grading.individual_dates import NO_DATES, Dates
from grading.launch_facts import LaunchFacts
from grading.models import Context, Deployment, Enrolment, IndividualDate, Person, Registration, ResourceLink
from grading.models.people import CourseRole, EnrolmentState
from grading.models.tenancy import DeploymentState
from grading.people import profile_place, tells_name
from grading.privacy_limits import retention_of_new_courses
from privacy.sealing import Owner, Vault

FRESH = timedelta(hours=1)
SEEN_AGAIN_AFTER = timedelta(minutes=5)
"""How exact "last launch" and "last seen" are: a class that arrives at once does not write them thirty times."""


class PlatformChanged(GradingError):
    """The registration was switched off or changed after the launch had been verified for it."""

    code = "platform_changed"
    status = 401


@dataclass(frozen=True, slots=True)
class LaunchRecord:
    """The rows a launch led to."""

    tenant_id: uuid.UUID
    context_id: uuid.UUID
    person_id: uuid.UUID
    enrolment_id: uuid.UUID
    resource_link_id: uuid.UUID | None
    roster_wanted: bool
    """Whether the course's roster has not been read for a while."""


def record_launch(session: Session, vault: Vault, facts: LaunchFacts, clock: Clock = utc_now) -> LaunchRecord | None:
    """Note a launch; None, with nothing but the deployment noted, when no administrator has let that in yet.

    Raises:
        PlatformChanged: the launch was verified for a registration that does not stand like that.
    """
    now = clock()
    connection = session.connection()
    found = find(
        connection,
        registration_id=facts.verified_for.registration_id,
        lms_deployment_id=facts.lms_deployment_id,
        lms_context_id=facts.lms_context_id,
        subject=facts.subject,
        lms_link_id=facts.lms_link_id,
    )
    registration = found[Registration]
    if registration is None or not facts.verified_for.stands(registration):
        raise PlatformChanged("The connection with this LMS was just changed. Open the activity again.")
    deployment = found[Deployment] or _note_deployment(session, facts)
    if deployment["state"] is not DeploymentState.APPROVED:
        return None
    tenant_id = deployment["id"]
    keep(connection, Registration, registration, _platform_values(registration, facts, now))
    keep(connection, Deployment, deployment, _deployment_values(deployment, facts, now))
    context = found[Context] or add(
        session,
        Context,
        {"tenant_id": tenant_id, "lms_context_id": facts.lms_context_id},
        {"data_retention_days": retention_of_new_courses(session)},
    )
    keep(connection, Context, context, _context_values(context, facts))
    person_id, new = _note_person(connection, found[Person], facts, now)
    if new and any(facts.profile.values()):
        vault.prepare_keys(session, [Owner.person(tenant_id, person_id)], new=True)
    enrolment_id = _note_enrolment(session, vault, tenant_id, context["id"], person_id, found[Enrolment], facts, now)
    link_id = _note_link(session, tenant_id, context["id"], person_id, found, facts, now)
    read_at = context["roster_read_at"]
    wanted = bool(facts.memberships_url or context["memberships_url"]) and (read_at is None or now - read_at > FRESH)
    return LaunchRecord(tenant_id, context["id"], person_id, enrolment_id, link_id, wanted)


def _note_deployment(session: Session, facts: LaunchFacts) -> Row:
    """One that nobody knows is noted as pending, for an administrator to approve."""
    return add(
        session,
        Deployment,
        {"registration_id": facts.verified_for.registration_id, "lms_deployment_id": facts.lms_deployment_id},
        {"state": DeploymentState.PENDING},
    )


def _platform_values(registration: Row, facts: LaunchFacts, now: datetime) -> dict[str, object]:
    family = facts.product_family[:64] or registration["product_family"]
    return {"product_family": family, **_moment("last_launch_at", registration, now)}


def _deployment_values(deployment: Row, facts: LaunchFacts, now: datetime) -> dict[str, object]:
    values = _moment("last_launch_at", deployment, now)
    values["terms_url"] = facts.terms_url or deployment["terms_url"]
    if facts.notices_url is not None:
        values |= {"notices_url": facts.notices_url, "notice_types": list(facts.notice_types)}
        if facts.notices_url != deployment["notices_url"]:
            values |= {"subscribed_at": None, "subscription_tried_at": None}
    return values


def _context_values(context: Row, facts: LaunchFacts) -> dict[str, object]:
    return {
        "title": facts.context_title[:255] or context["title"],
        "label": facts.context_label[:255] or context["label"],
        "lineitems_url": facts.lineitems_url or context["lineitems_url"],
        "memberships_url": facts.memberships_url or context["memberships_url"],
        "ags_scopes": list(facts.ags_scopes) or context["ags_scopes"],
        "origin_ids": list(facts.origin_ids) or context["origin_ids"],
    }


def _note_person(
    connection: Connection, known: Row | None, facts: LaunchFacts, now: datetime
) -> tuple[uuid.UUID, bool]:
    """The id of who came, and whether they never came before."""
    legacy = facts.lti11_user_id or None
    if known is None:
        person_id, key = uuid.uuid4(), {"registration_id": facts.verified_for.registration_id, "subject": facts.subject}
        if insert_row(connection, Person, {"id": person_id, **key, "lti11_user_id": legacy, "created_at": now}):
            return person_id, True
        known = read(connection, Person, key)
    keep(connection, Person, known, {"lti11_user_id": known["lti11_user_id"] or legacy})
    return known["id"], False


def _note_enrolment(
    session: Session,
    vault: Vault,
    tenant_id: uuid.UUID,
    context_id: uuid.UUID,
    person_id: uuid.UUID,
    known: Row | None,
    facts: LaunchFacts,
    now: datetime,
) -> uuid.UUID:
    connection, owner = session.connection(), Owner.person(tenant_id, person_id)
    if known is None:
        enrolment_id, key = uuid.uuid4(), {"context_id": context_id, "person_id": person_id}
        row = {"id": enrolment_id, **key, **_standing(facts), "sealed_profile": None, "created_at": now, "seen_at": now}
        if any(facts.profile.values()):
            row["sealed_profile"] = vault.seal_json(session, owner, profile_place(enrolment_id), facts.profile)
        if insert_row(connection, Enrolment, row):
            return enrolment_id
        known = read(connection, Enrolment, key)
    keep(connection, Enrolment, known, _enrolment_values(session, vault, owner, known, facts, now))
    found_id: uuid.UUID = known["id"]
    return found_id


def _standing(facts: LaunchFacts) -> dict[str, object]:
    return {
        "role": facts.role,
        "role_from_launch": True,
        "state": EnrolmentState.ACTIVE,
        "test_user": facts.test_user,
    }


def _enrolment_values(
    session: Session, vault: Vault, owner: Owner, enrolment: Row, facts: LaunchFacts, now: datetime
) -> dict[str, object]:
    values = {**_standing(facts), **_moment("seen_at", enrolment, now)}
    place, sealed = profile_place(enrolment["id"]), enrolment["sealed_profile"]
    if not any(facts.profile.values()) or (sealed and not tells_name(facts.profile)):
        return values
    if sealed is None or vault.open_json(session, place, sealed) != facts.profile:
        values["sealed_profile"] = vault.seal_json(session, owner, place, facts.profile)
    return values


def _note_link(
    session: Session,
    tenant_id: uuid.UUID,
    context_id: uuid.UUID,
    person_id: uuid.UUID,
    found: Found,
    facts: LaunchFacts,
    now: datetime,
) -> uuid.UUID | None:
    """Note the link, and the dates of its assignment for who came; returns the link's id, if there is a link."""
    if facts.lms_link_id is None:
        return None
    link = found[ResourceLink] or add(
        session, ResourceLink, {"context_id": context_id, "lms_link_id": facts.lms_link_id}, {}
    )
    assignment_id = _keep_link(session, tenant_id, link, facts, now)
    if assignment_id is not None and facts.dates_told and facts.role is CourseRole.LEARNER:
        _note_dates(session, assignment_id, person_id, found[IndividualDate], facts, now)
    link_id: uuid.UUID = link["id"]
    return link_id


def _keep_link(
    session: Session, tenant_id: uuid.UUID, link: Row, facts: LaunchFacts, now: datetime
) -> uuid.UUID | None:
    """Note what a launch says of its link; returns the assignment that the link shows."""
    moved = facts.lineitem_url is not None and facts.lineitem_url != link["lineitem_url"]
    values = {"title": facts.link_title[:255] or link["title"], **_moment("last_launch_at", link, now)}
    if moved:
        values["lineitem_url"] = facts.lineitem_url
    keep(session.connection(), ResourceLink, link, values)
    wanted = link["assignment_id"] or facts.assignment_id
    if wanted is None or (link["assignment_id"] is not None and not moved):
        return wanted
    row = session.get_one(ResourceLink, link["id"])
    known = link_to(session, tenant_id=tenant_id, link=row, assignment_id=wanted)
    if not known and row.named_assignment_id != wanted:
        name_from_elsewhere(session, tenant_id=tenant_id, link=row, assignment_id=wanted)
    return row.assignment_id


def _note_dates(
    session: Session,
    assignment_id: uuid.UUID,
    person_id: uuid.UUID,
    known: Row | None,
    facts: LaunchFacts,
    now: datetime,
) -> None:
    noted = Dates(known["due_at"], known["closes_at"]) if known else NO_DATES
    if noted != facts.dates:
        individual_dates.note(session, assignment_id, {person_id: facts.dates}, now)


def _moment(name: str, row: Row, now: datetime) -> dict[str, object]:
    """A moment to note, unless the row has one that is recent enough."""
    noted = row[name]
    return {name: now if noted is None or now - noted > SEEN_AGAIN_AFTER else noted}
