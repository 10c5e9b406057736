"""Who came in: what a launch tells about course, person, role, link and services, noted in few statements.

Everything is found by the identity keys of LTI in one query. What is new is inserted unless its unique key exists by
then, and read again, because two launches may meet. What has not changed is not written.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Base, insert_ignoring_conflicts
from grading.assignments import link_to, name_from_elsewhere
from grading.models import Context, Deployment, Enrolment, Person, Registration, ResourceLink
from grading.models.people import CourseRole, EnrolmentState
from grading.models.tenancy import DeploymentState
from grading.people import profile_place, tells_name
from privacy.sealing import Owner, Vault

T = TypeVar("T", bound=Base)
FRESH = timedelta(hours=1)
SEEN_AGAIN_AFTER = timedelta(minutes=5)
"""How exact "last launch" and "last seen" are: a class that arrives at once does not write them thirty times."""


@dataclass(frozen=True, slots=True)
class LaunchFacts:
    """What a verified launch says, in our own terms. Empty strings and None where it says nothing."""

    registration_id: uuid.UUID
    lms_deployment_id: str
    subject: str
    role: CourseRole
    test_user: bool = False
    profile: dict[str, str] = field(default_factory=dict)
    lms_context_id: str = ""
    context_title: str = ""
    context_label: str = ""
    origin_ids: tuple[str, ...] = ()
    """LMS ids of the courses that this one was copied from, as far as the LMS tells."""
    lms_link_id: str | None = None
    link_title: str = ""
    assignment_id: uuid.UUID | None = None
    """From the link's custom parameters or line item; only followed inside the same course."""
    lineitems_url: str | None = None
    lineitem_url: str | None = None
    ags_scopes: tuple[str, ...] = ()
    memberships_url: str | None = None
    product_family: str = ""
    lti11_user_id: str = ""
    """Who this was to an LTI 1.1 tool; only if the LMS proved it."""


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
    """Note a launch; None, with nothing but the deployment noted, when no administrator has let that in yet."""
    now = clock()
    registration, deployment, context, person, enrolment, link = _find(session, facts)
    if deployment is None:
        deployment = _note_deployment(session, facts)
    if deployment.state is not DeploymentState.APPROVED:
        return None
    _note_platform(registration, deployment, facts, now)
    context = context or _insert(
        session, Context, {"tenant_id": deployment.id, "lms_context_id": facts.lms_context_id}, {}
    )
    _note_context(context, facts)
    person = person or _insert(
        session, Person, {"registration_id": facts.registration_id, "subject": facts.subject}, {}
    )
    if facts.lti11_user_id and not person.lti11_user_id:
        person.lti11_user_id = facts.lti11_user_id
    enrolment = enrolment or _insert(
        session, Enrolment, {"context_id": context.id, "person_id": person.id}, {"role": facts.role}
    )
    _note_enrolment(session, vault, deployment.id, enrolment, facts, now)
    if facts.lms_link_id is not None:
        link = link or _insert(session, ResourceLink, {"context_id": context.id, "lms_link_id": facts.lms_link_id}, {})
        _note_link(session, context, link, facts, now)
    wanted = bool(context.memberships_url) and (context.roster_read_at is None or now - context.roster_read_at > FRESH)
    return LaunchRecord(deployment.id, context.id, person.id, enrolment.id, link.id if link else None, wanted)


_Found = tuple[Registration, Deployment | None, Context | None, Person | None, Enrolment | None, ResourceLink | None]


# Built once: putting a statement together takes longer than running it.
_KNOWN = (
    select(Registration, Deployment, Context, Person, Enrolment, ResourceLink)
    .outerjoin(
        Deployment,
        and_(Deployment.registration_id == Registration.id, Deployment.lms_deployment_id == bindparam("deployment")),
    )
    .outerjoin(Context, and_(Context.tenant_id == Deployment.id, Context.lms_context_id == bindparam("context")))
    .outerjoin(Person, and_(Person.registration_id == Registration.id, Person.subject == bindparam("subject")))
    .outerjoin(Enrolment, and_(Enrolment.context_id == Context.id, Enrolment.person_id == Person.id))
    .outerjoin(
        ResourceLink,
        and_(ResourceLink.context_id == Context.id, ResourceLink.lms_link_id == bindparam("link")),
    )
    .where(Registration.id == bindparam("registration"))
)


def _find(session: Session, facts: LaunchFacts) -> _Found:
    return session.execute(
        _KNOWN,
        {
            "registration": facts.registration_id,
            "deployment": facts.lms_deployment_id,
            "context": facts.lms_context_id,
            "subject": facts.subject,
            "link": facts.lms_link_id,
        },
    ).one()


def _note_deployment(session: Session, facts: LaunchFacts) -> Deployment:
    """One that nobody knows is noted as pending, for an administrator to approve."""
    return _insert(
        session,
        Deployment,
        {"registration_id": facts.registration_id, "lms_deployment_id": facts.lms_deployment_id},
        {"state": DeploymentState.PENDING},
    )


def _note_platform(registration: Registration, deployment: Deployment, facts: LaunchFacts, now: datetime) -> None:
    if _long_ago(registration.last_launch_at, now):
        registration.last_launch_at = now
    if _long_ago(deployment.last_launch_at, now):
        deployment.last_launch_at = now
    registration.product_family = facts.product_family[:64] or registration.product_family


def _note_context(context: Context, facts: LaunchFacts) -> None:
    context.title = facts.context_title[:255] or context.title
    context.label = facts.context_label[:255] or context.label
    context.lineitems_url = facts.lineitems_url or context.lineitems_url
    context.memberships_url = facts.memberships_url or context.memberships_url
    if facts.ags_scopes and list(facts.ags_scopes) != context.ags_scopes:
        context.ags_scopes = list(facts.ags_scopes)
    if facts.origin_ids and list(facts.origin_ids) != context.origin_ids:
        context.origin_ids = list(facts.origin_ids)


def _note_enrolment(
    session: Session, vault: Vault, tenant_id: uuid.UUID, enrolment: Enrolment, facts: LaunchFacts, now: datetime
) -> None:
    enrolment.role, enrolment.role_from_launch = facts.role, True
    enrolment.state, enrolment.test_user = EnrolmentState.ACTIVE, facts.test_user
    if _long_ago(enrolment.seen_at, now):
        enrolment.seen_at = now
    if not any(facts.profile.values()) or (enrolment.sealed_profile and not tells_name(facts.profile)):
        return
    place = profile_place(enrolment.id)
    known = vault.open_json(session, place, enrolment.sealed_profile) if enrolment.sealed_profile else None
    if known != facts.profile:
        owner = Owner.person(tenant_id, enrolment.person_id)
        enrolment.sealed_profile = vault.seal_json(session, owner, place, facts.profile)


def _note_link(session: Session, context: Context, link: ResourceLink, facts: LaunchFacts, now: datetime) -> None:
    link.title = facts.link_title[:255] or link.title
    if _long_ago(link.last_launch_at, now):
        link.last_launch_at = now
    moved = facts.lineitem_url is not None and facts.lineitem_url != link.lineitem_url
    if moved:
        link.lineitem_url = facts.lineitem_url
    wanted = link.assignment_id or facts.assignment_id
    if wanted is None or (link.assignment_id is not None and not moved):
        return
    known = link_to(session, tenant_id=context.tenant_id, link=link, assignment_id=wanted)
    if not known and link.named_assignment_id != wanted:
        name_from_elsewhere(session, tenant_id=context.tenant_id, link=link, assignment_id=wanted)


def _long_ago(moment: datetime | None, now: datetime) -> bool:
    return moment is None or now - moment > SEEN_AGAIN_AFTER


def _insert(session: Session, model: type[T], key: dict[str, Any], values: dict[str, Any]) -> T:
    session.execute(insert_ignoring_conflicts(session, model).values(id=uuid.uuid4(), **key, **values))
    return session.execute(select(model).filter_by(**key)).scalar_one()
