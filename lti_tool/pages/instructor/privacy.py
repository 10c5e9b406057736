"""A course's privacy settings within the site's limits, how many students agreed, and the words they read (P4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from grading import agreements, privacy_limits, retention, withholding
from grading.course_settings import (
    Agreement,
    CoursePrivacy,
    CourseSettings,
    SettingsRefused,
    agreement,
    own_settings,
    privacy_of,
)
from grading.models import Context
from grading.privacy_decisions import Effect, decide_settings
from grading.retention import Forecast
from grading.withholding import Scope
from lti_tool.pages.languages import wanted_languages
from lti_tool.pages.numbers import shorter_and_unconfirmed, whole_number
from lti_tool.pages.visited import linked_assignment_id, visited_context
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, may, needs
from privacy.audit import Actor

SWITCHES = (
    "allow_llm_assessment",
    "anonymize_submissions",
    "batch_processing_consent",
    "real_time_only_mode",
)


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """Everything the page shows."""

    context: Context
    privacy: CoursePrivacy
    agreement: Agreement
    waiting: int
    """Submissions that are graded by hand only for reasons that no longer hold."""
    providers: tuple[str, ...]
    """Those that are set up."""
    has_assignment: bool
    sees_work: bool
    ahead: Forecast
    """What will be deleted by time, and when."""
    typed: CourseSettings | None = None
    """What was ticked where it can't be saved."""
    typed_days: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    would_delete: int = 0
    """Texts that would go at once with what was typed: shown before it is saved."""

    @property
    def open_providers(self) -> tuple[str, ...]:
        """Those that the course may choose."""
        return tuple(one for one in self.providers if self.privacy.limits.allow(one))

    @property
    def nothing_leaves(self) -> str:
        """Why nothing leaves, in words; empty when work of students who don't object may leave."""
        privacy, chosen, provider = self.privacy, self.privacy.chosen, parts().provider
        if privacy.sends_to(provider):
            return ""
        if not privacy.limits.allow_llm_assessment:
            return "Blindmark's administrators do not allow AI-assisted feedback at present."
        if not chosen.allow_llm_assessment:
            return "AI-assisted feedback is off in this course."
        if not privacy.limits.allow(provider):
            return "Blindmark's administrators have not approved the service that work would go to."
        if provider not in chosen.approved_providers:
            return "No service is chosen below."
        if not chosen.anonymize_submissions:
            return "Taking names out is off, and nothing leaves with names in it."
        return "Work is not sent in batches in this course."


def load(session: Session) -> PrivacyPage:
    """Read the page in a constant number of statements."""
    visit = current_visit()
    context = visited_context(session)
    limits = privacy_limits.current(session)
    return PrivacyPage(
        context=context,
        privacy=privacy_of(context, limits),
        ahead=retention.forecast(session, context, limits, parts().clock()),
        agreement=agreement(session, context.id),
        waiting=withholding.waiting_by_hand(session, Scope(context.id), provider=parts().provider),
        providers=parts().configured_providers,
        has_assignment=bool(visit.assignment_id or linked_assignment_id(session, visit.resource_link_id)),
        sees_work=may(visit, Ability.REVIEW),
    )


@needs(Ability.CONFIGURE)
def course_privacy() -> Response | str | tuple[str, int]:
    """The settings; what an administrator has decided is shown and can't be changed here."""
    if request.method == "GET":
        with parts().database.transaction() as session:
            return render_template("instructor/privacy.html", shown=load(session))
    try:
        with parts().database.transaction() as session:
            context = visited_context(session)
            wanted = _read(request.form, own_settings(context))
            would_delete = _would_delete(session, context, wanted)
            if would_delete:
                return _shown_as_typed(session, would_delete=would_delete)
            effect = decide_settings(
                session,
                context=context,
                settings=wanted,
                configured=parts().configured_providers,
                provider=parts().provider,
                actor_id=current_visit().person_id,
                clock=parts().clock,
            )
    except SettingsRefused as error:
        return _refused(error), error.status
    flash(_words_for(effect), "done")
    return redirect(url_for(".course_privacy"), 303)


def _refused(error: SettingsRefused) -> str:
    """The page as it was filled in, with what is wrong."""
    with parts().database.transaction() as session:
        return _shown_as_typed(session, errors={error.field: error.message})


def _shown_as_typed(session: Session, *, errors: Mapping[str, str] | None = None, would_delete: int = 0) -> str:
    shown = load(session)
    shown = replace(
        shown,
        typed=_ticked(request.form, shown.privacy.chosen),
        typed_days=request.form.get("data_retention_days", ""),
        errors=errors or {},
        would_delete=would_delete,
    )
    return render_template("instructor/privacy.html", shown=shown)


def _would_delete(session: Session, context: Context, wanted: CourseSettings) -> int:
    """How many texts a shorter time would delete at once, unless that was shown and confirmed for this very time."""
    days = wanted.data_retention_days
    if not shorter_and_unconfirmed(days, context.data_retention_days):
        return 0
    now = parts().clock()
    more = retention.effect_of_days(session, context.id, days, now)
    return more - retention.effect_of_days(session, context.id, context.data_retention_days, now)


@needs(Ability.CONFIGURE)
def privacy_put_back() -> Response:
    """Queue what is graded by hand only for reasons that no longer hold."""
    visit = current_visit()
    with parts().database.transaction() as session:
        count = withholding.put_back(
            session,
            parts().vault,
            Scope(visit.context_id),
            provider=parts().provider,
            actor=Actor.person(visit.person_id),
            clock=parts().clock,
        )
    flash(f"{_submissions(count)} put in the queue." if count else "Nothing was left to put in the queue.")
    return redirect(url_for(".course_privacy"), 303)


@needs(Ability.CONFIGURE)
def consent_words() -> str:
    """What students of the course read before they decide."""
    with parts().database.transaction() as session:
        context = visited_context(session)
        privacy = privacy_of(context, privacy_limits.current(session))
    texts = agreements.texts_of(privacy)
    return render_template(
        "instructor/consent_words.html",
        context=context,
        privacy=privacy,
        text=texts.in_language(*wanted_languages()),
        languages=texts.current.languages,
    )


def _read(form: MultiDict[str, str], own: CourseSettings) -> CourseSettings:
    """Everything that was chosen.

    Raises:
        SettingsRefused: the number of days can't be read.
    """
    typed = form.get("data_retention_days", str(own.data_retention_days))
    return replace(_ticked(form, own), data_retention_days=_days(typed))


def _ticked(form: MultiDict[str, str], own: CourseSettings) -> CourseSettings:
    """What was ticked. What the form did not offer, because somebody else decides it, stays as the course had it."""
    offered = set(form.getlist("offered"))
    switches = {name: form.get(name) == "yes" for name in SWITCHES if name in offered}
    kept = {name for name in own.approved_providers if f"provider-{name}" not in offered}
    chosen = {name.removeprefix("provider-") for name in offered & set(form.getlist("provider"))}
    return replace(own, **switches, approved_providers=tuple(sorted(kept | chosen)))


def _days(typed: str) -> int:
    days = whole_number(typed)
    if days is None:
        raise SettingsRefused("Write a whole number of days.", field="data_retention_days")
    return days


def _words_for(effect: Effect) -> str:
    if not effect.changed:
        return "Nothing was changed."
    if effect.withheld:
        return f"Saved. {_submissions(effect.withheld)} left the queue, for you to grade by hand."
    return "Saved. It holds from now on, also for work that is in the queue."


def _submissions(count: int) -> str:
    return f"{count} submission" if count == 1 else f"{count} submissions"
