"""An erasure takes what an LMS has told and nobody has worked off: nothing that went comes back afterwards."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from grading import erasure
from grading.erasure import Target
from grading.models import Arrival, Context, Deployment, Person, Registration, Submission
from grading.models.erasures import ErasureRequest, ErasureScope
from grading.models.tenancy import DeploymentState
from lti_tool.lti import claims as names
from lti_tool.lti.models import Notice, NoticeState
from privacy.audit import Actor
from tests.lti_tool.lti.test_processor import Lms, lms, rows

__all__ = ["lms"]
pytestmark = pytest.mark.both_databases


def erase(lms: Lms, scope: ErasureScope, target_id: UUID, context_id: UUID | None = None) -> dict[str, int]:
    """To its end; returns what it removed."""
    parts = lms.tool.parts
    with parts.database.transaction() as session:
        tenant_id = session.execute(select(Deployment.id).order_by(Deployment.created_at).limit(1)).scalar_one()
        asked = erasure.request(session, Target(tenant_id, scope, target_id, context_id), actor=Actor.system())
    assert parts.erase(asked.id)
    with parts.database.transaction() as session:
        return dict(session.get_one(ErasureRequest, asked.id).removed)


def person(lms: Lms, subject: str) -> UUID:
    with lms.tool.parts.database.transaction() as session:
        return session.execute(select(Person.id).where(Person.subject == subject)).scalar_one()


def count(lms: Lms, model: Any) -> int:
    with lms.tool.parts.database.transaction() as session:
        return session.execute(select(func.count()).select_from(model)).scalar_one()


def copied(lms: Lms, course: str, *origins: str) -> str:
    """A notice that a course was copied."""
    notice = {"id": f"copy of {course}", "type": names.CONTEXT_COPY_NOTICE}
    about = {names.NOTICE: notice, names.CONTEXT: {"id": course}, names.ORIGIN_CONTEXTS: [*origins]}
    return lms.tool.platform.sign(lms.claims([], **about, **{names.FOR_USER: None, names.ACTIVITY: None}))


def origins(lms: Lms) -> dict[str, list[str]]:
    return {row.lms_context_id: row.origin_ids for row in rows(lms, Context)}


def test_a_waiting_notice_about_a_person_goes_with_the_person_and_others_stay(lms: Lms) -> None:
    lms.hand_in()
    lms.work()
    again = lms.claims([lms.asset("/files/2")], "s2")
    lms.send(lms.tool.platform.sign(again))
    lms.hand_in(lms.asset("/files/3"), submission="s3", **{names.FOR_USER: {"user_id": "student-2"}})
    removed = erase(lms, ErasureScope.PERSON, person(lms, "student-1"))
    assert removed["notice"] == 1
    lms.work()
    assert count(lms, Submission) == count(lms, Arrival) == 1
    with lms.tool.parts.database.transaction() as session:
        assert session.execute(select(Arrival.lms_submission_id)).scalar_one() == "s3"
        assert session.execute(select(Person.id).where(Person.subject == "student-1")).first() is None
    assert [(row.state, row.sealed_content) for row in rows(lms, Notice)] == [(NoticeState.DONE, None)] * 3
    # The LMS sends the same notice again: it is known.
    lms.send(lms.tool.platform.sign(again | {"nonce": "another"}))
    lms.work()
    assert (count(lms, Notice), count(lms, Arrival)) == (3, 1)


def test_a_waiting_notice_about_a_submission_goes_with_it(lms: Lms) -> None:
    lms.hand_in()
    lms.hand_in(lms.asset("/files/2"), submission="s2", **{names.FOR_USER: {"user_id": "student-2"}})
    lms.work()
    lms.hand_in()
    with lms.tool.parts.database.transaction() as session:
        first, course = session.execute(
            select(Arrival.submission_id, Context.id)
            .join(Context, Context.tenant_id == Arrival.tenant_id)
            .where(Arrival.lms_submission_id == "s1")
        ).one()
    assert erase(lms, ErasureScope.SUBMISSION, first, course)["notice"] == 1
    lms.work()
    assert count(lms, Submission) == count(lms, Arrival) == 1


def test_waiting_notices_about_a_course_go_with_it_and_its_copies_forget_its_name(lms: Lms) -> None:
    lms.send(copied(lms, "c9", "c1", "c0"))
    lms.work()
    assert origins(lms) == {"c1": [], "c9": ["c1", "c0"]}
    lms.hand_in()
    lms.send(copied(lms, "c1", "c0"))
    lms.send(copied(lms, "c8", "c9", "c1"))
    with lms.tool.parts.database.transaction() as session:
        course = session.execute(select(Context.id).where(Context.lms_context_id == "c1")).scalar_one()
    assert erase(lms, ErasureScope.COURSE, course, course)["notice"] == 2
    lms.work()
    assert origins(lms) == {"c9": ["c0"], "c8": ["c9"]}
    assert count(lms, Arrival) == 0


def test_copies_elsewhere_forget_the_courses_of_a_deployment_unless_they_mean_another(lms: Lms) -> None:
    parts = lms.tool.parts
    with parts.database.transaction() as session:
        first = session.execute(select(Deployment)).scalar_one()
        beside = Deployment(
            registration_id=first.registration_id, lms_deployment_id="beside", state=DeploymentState.APPROVED
        )
        other_lms = Registration(
            issuer="https://other.example",
            client_id="c",
            name="Other",
            authorization_url="https://other.example/a",
            token_url="https://other.example/t",
            jwks_url="https://other.example/j",
        )
        session.add_all([beside, other_lms])
        session.flush()
        elsewhere = Deployment(registration_id=other_lms.id, lms_deployment_id="1", state=DeploymentState.APPROVED)
        session.add(elsewhere)
        session.flush()
        session.add_all(
            [
                Context(tenant_id=first.id, lms_context_id="both"),
                Context(tenant_id=beside.id, lms_context_id="both"),
                Context(tenant_id=beside.id, lms_context_id="copy", origin_ids=["c1", "both", "older"]),
                Context(tenant_id=elsewhere.id, lms_context_id="far", origin_ids=["c1"]),
            ]
        )
        target = first.id
    erase(lms, ErasureScope.DEPLOYMENT, target)
    assert origins(lms) == {"both": [], "copy": ["both", "older"], "far": ["c1"]}
