"""Launches from an LMS's own assignment: its settings, one report, and the terms of use (L8).

A message names an activity, a submission and a person. Only our own rows and the role of the visit decide what opens.
"""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import agreements, review
from grading.errors import NotAllowed, NotFound
from grading.models import Arrival, Assignment, Person, Processor, Submission
from lti_tool.lti.claims import EULA_REQUEST
from lti_tool.lti.services.errors import ServiceFailed
from lti_tool.lti.services.eula import answer_eula
from lti_tool.pages.languages import shown_text, wanted_languages
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, may, needs
from lti_tool.sessions import LaunchSession, message_details
from privacy.consent import give_consent, standing_consent, still_counts
from privacy.consent_words import ConsentText, consent_texts


@needs(Ability.CONFIGURE)
def processor_settings() -> Response:
    """The settings of the assignment that is attached."""
    with parts().database.transaction() as session:
        processor = _processor(session)
        _turn_to(session, processor.assignment_id)
    return redirect(url_for(".settings"), 303)


def report_review() -> Response | str:
    """One submission: its review for staff, the released result for its author."""
    visit = current_visit()
    with parts().database.transaction() as session:
        processor = _processor(session)
        submission = _submission(session, processor)
        if may(visit, Ability.REVIEW):
            _turn_to(session, processor.assignment_id)
            target = url_for(".review", submission_id=submission.id) if submission else url_for(".overview")
            return redirect(target, 303)
        if submission is None or submission.person_id != visit.person_id or not may(visit, Ability.HAND_IN):
            raise NotAllowed("This report belongs to somebody else. You can open your own from your submission.")
        result = review.released_feedback(session, parts().vault, submission)
        assignment = session.get_one(Assignment, submission.assignment_id)
    return render_template("student/report.html", result=result, assignment=assignment, submission=submission)


def eula() -> Response | str:
    """What happens to the work; accept or decline."""
    visit = current_visit()
    with parts().database.transaction() as session:
        details = message_details(session, parts().vault, visit)
        service = str(details.get("eula", {}).get("url", ""))
        if visit.message_type != EULA_REQUEST or not service:
            raise NotAllowed("The terms are opened from your LMS.")
        accepted = still_counts(standing_consent(session, visit.person_id, visit.tenant_id))
        subject = session.execute(select(Person.subject).where(Person.id == visit.person_id)).scalar_one()
    text = consent_texts().in_language(*wanted_languages())
    if request.method == "GET":
        return render_template(
            "student/eula.html",
            text=text,
            languages=consent_texts().current.languages,
            accepted=accepted,
            answered=False,
        )
    agreed = request.form.get("choice") == "accept"
    with parts().database.transaction() as session:
        _note_answer(session, shown_text(consent_texts()), agreed)
    try:
        answer_eula(parts().connector, visit.tenant_id, service, subject, accepted=agreed, moment=parts().clock())
    except ServiceFailed as failure:
        flash(f"{failure.words} Blindmark has noted it; open this page again later to tell your LMS.", "fail")
        return redirect(url_for(".eula"), 303)
    return render_template("student/eula.html", text=text, accepted=agreed, answered=True)


def _note_answer(session: Session, text: ConsentText, agreed: bool) -> None:
    """Kept as a consent for the whole tenant: an answer to the terms is not about one course."""
    visit = current_visit()
    if not agreed:
        agreements.decline_terms(
            session,
            tenant_id=visit.tenant_id,
            person_id=visit.person_id,
            text=text,
            provider=parts().provider,
            clock=parts().clock,
        )
        return
    give_consent(
        session,
        tenant_id=visit.tenant_id,
        person_id=visit.person_id,
        context_id=visit.tenant_id,
        text=text,
        clock=parts().clock,
    )


def _processor(session: Session) -> Processor:
    visit = current_visit()
    details = message_details(session, parts().vault, visit)
    query = select(Processor).where(
        Processor.tenant_id == visit.tenant_id,
        Processor.activity_id == str(details.get("activity", {}).get("id", "")),
    )
    named = _uuid(str(details.get("custom", {}).get("assignment_id", "")))
    if named is not None:
        query = query.where(Processor.assignment_id == named)
    found = list(session.execute(query.limit(2)).scalars())
    if len(found) != 1 or found[0].context_id != visit.context_id:
        raise NotFound("Nothing of Blindmark is attached to this assignment any more.")
    return found[0]


def _submission(session: Session, processor: Processor) -> Submission | None:
    details = message_details(session, parts().vault, current_visit())
    return session.execute(
        select(Submission)
        .join(Arrival, Arrival.submission_id == Submission.id)
        .where(
            Arrival.processor_id == processor.id,
            Arrival.lms_submission_id == str(details.get("submission", {}).get("id", "")),
        )
    ).scalar_one_or_none()


def _turn_to(session: Session, assignment_id: UUID) -> None:
    """Let this visit be about an assignment: it came from no link of ours."""
    session.execute(
        update(LaunchSession).where(LaunchSession.id == current_visit().session_id).values(assignment_id=assignment_id)
    )


def _uuid(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None
