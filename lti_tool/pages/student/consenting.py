"""A student's word on AI-assisted feedback: question and answer, what was sent, what happens to the work (P4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import agreements, privacy_limits, withholding
from grading.course_settings import CoursePrivacy, privacy_of
from grading.models import Context
from grading.withholding import Scope
from lti_tool.pages.languages import chosen_language, shown_text, wanted_languages
from lti_tool.pages.student.own_data import load_own_data
from lti_tool.pages.visited import visited_assignment, visited_context
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, needs
from privacy.audit import Actor
from privacy.consent import last_word, still_counts
from privacy.consent_words import ConsentText
from privacy.models import Consent


@dataclass(frozen=True, slots=True)
class ConsentView:
    """Where a student stands with AI-assisted feedback in a course."""

    privacy: CoursePrivacy
    offered: bool
    """Whether work of this course goes to a provider at all."""
    word: Consent | None
    """What the student said last."""
    text: ConsentText
    languages: Sequence[ConsentText]

    @property
    def asks_first(self) -> bool:
        """Whether a yes is needed; if not, a no is enough to keep work here."""
        return self.privacy.asks_first

    @property
    def agreed(self) -> bool:
        """Whether a yes stands to words that still count."""
        return still_counts(self.word)

    @property
    def outdated(self) -> bool:
        """Whether a yes stands, but to words that no longer count."""
        return self.word is not None and self.word.withdrawn_at is None and not self.agreed

    @property
    def refused(self) -> bool:
        """Whether the last word is a no."""
        return self.word is not None and self.word.withdrawn_at is not None

    @property
    def leaves(self) -> bool:
        """Whether work that is handed in now may be sent."""
        return self.offered and (self.agreed if self.asks_first else not self.refused)


def load_consent(session: Session, context: Context, person_id: UUID) -> ConsentView:
    """Read where a student stands, in two statements."""
    privacy = privacy_of(context, privacy_limits.current(session))
    texts = agreements.texts_of(privacy)
    return ConsentView(
        privacy=privacy,
        offered=privacy.sends_to(parts().provider),
        word=last_word(session, person_id, context.id, context.tenant_id),
        text=texts.in_language(*wanted_languages()),
        languages=texts.current.languages,
    )


@needs(Ability.HAND_IN)
def my_privacy() -> str:
    """The student's own page: what they said, what was sent, and how to change it."""
    visit = current_visit()
    with parts().database.transaction() as session:
        context = visited_context(session)
        shown = load_consent(session, context, visit.person_id)
        sent = withholding.sent_work(session, context.id, visit.person_id)
        waiting = withholding.waiting_by_hand(session, Scope(context.id, visit.person_id), provider=parts().provider)
        own = load_own_data(session)
    return render_template("student/privacy.html", context=context, consent=shown, sent=sent, waiting=waiting, own=own)


@needs(Ability.HAND_IN)
def what_happens() -> str:
    """What is sent, to whom, how long it is kept, who decides, and how to have it erased."""
    with parts().database.transaction() as session:
        context = visited_context(session)
        shown = load_consent(session, context, current_visit().person_id)
    return render_template("student/what_happens.html", context=context, consent=shown)


@needs(Ability.HAND_IN)
def consent() -> Response:
    """Agree to AI-assisted feedback, or say no."""
    visit = current_visit()
    agreed = request.form.get("choice") == "agree"
    with parts().database.transaction() as session:
        context = visited_context(session)
        texts = agreements.texts_of(privacy_of(context, privacy_limits.current(session)))
        text = shown_text(texts)
        if agreed:
            agreements.agree(session, context=context, person_id=visit.person_id, text=text, clock=parts().clock)
            flash("Thank you. Your choice is saved, and you can change it here at any time.", "done")
        else:
            done = agreements.disagree(
                session,
                context=context,
                person_id=visit.person_id,
                text=text,
                provider=parts().provider,
                clock=parts().clock,
            )
            flash(_words_for(done), "done")
    page = ".my_privacy" if request.form.get("back") == "privacy" else ".assignment"
    return redirect(url_for(page, language=chosen_language(text, texts)), 303)


@needs(Ability.HAND_IN)
def ask_again() -> Response:
    """Put the student's own work back in the queue that was graded by hand for want of a yes alone."""
    visit = current_visit()
    with parts().database.transaction() as session:
        view = visited_assignment(session)
        count = withholding.put_back(
            session,
            parts().vault,
            Scope(view.context.id, visit.person_id),
            provider=parts().provider,
            actor=Actor.person(visit.person_id),
            clock=parts().clock,
        )
    if count:
        flash("Your work waits for AI-assisted feedback now. Your instructor still decides.", "done")
    else:
        flash("Nothing was changed: your instructor has your work already.")
    return redirect(url_for(".my_privacy"), 303)


def _words_for(done: agreements.TakenBack) -> str:
    words = "Your choice is saved. Nothing of yours is sent from now on; your instructor grades by hand."
    if done.withheld:
        words += " Work that was waiting was taken out of the queue."
    if done.sent:
        words += " What was sent before can't be called back; your privacy page lists it."
    return words
