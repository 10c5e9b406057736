"""The limits within which courses choose what may happen with students' work (P4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from grading import privacy_limits, retention
from grading.models.limits import LegalBasis
from grading.privacy_decisions import Effect, decide_limits
from grading.privacy_limits import Limits, LimitsInvalid
from lti_tool.pages.admin.shared import signed_in_actor
from lti_tool.pages.numbers import shorter_and_unconfirmed, whole_number
from lti_tool.parts import parts


@dataclass(frozen=True, slots=True)
class LimitsPage:
    """The limits, and what was typed where it can't be saved."""

    limits: Limits
    providers: tuple[str, ...]
    """Those that are set up."""
    courses: int
    """Courses that have AI-assisted feedback on."""
    longest_days: str
    default_days: str
    errors: Mapping[str, str] = field(default_factory=dict)
    would_delete: int = 0
    """Texts that would go at once with what was typed: shown before it is saved."""

    def approves(self, provider: str) -> bool:
        """Whether a provider is ticked."""
        approved = self.limits.approved_providers
        return approved is None or provider in approved


def privacy() -> Response | str | tuple[str, int]:
    """Show the limits, or set them; what waits follows at once."""
    if request.method == "GET":
        with parts().database.transaction() as session:
            return render_template("admin/privacy.html", shown=_load(session))
    try:
        with parts().database.transaction() as session:
            before = privacy_limits.current(session)
            wanted = _with_numbers(request.form, _choices(request.form, before))
            would_delete = _would_delete(session, before, wanted)
            if would_delete:
                return _as_typed(session, would_delete=would_delete)
            effect = decide_limits(
                session,
                parts().vault,
                wanted,
                configured=parts().configured_providers,
                provider=parts().provider,
                actor=signed_in_actor(),
                clock=parts().clock,
            )
    except LimitsInvalid as error:
        return _refused(error), error.status
    flash(_words_for(effect), "done")
    return redirect(url_for("admin.privacy"), 303)


def _refused(error: LimitsInvalid) -> str:
    """The page as it was filled in, with what is wrong."""
    with parts().database.transaction() as session:
        return _as_typed(session, errors={error.field: error.message})


def _as_typed(session: Session, *, errors: Mapping[str, str] | None = None, would_delete: int = 0) -> str:
    shown = _load(session)
    shown = replace(
        shown,
        limits=_choices(request.form, shown.limits),
        longest_days=request.form.get("longest_retention_days", ""),
        default_days=request.form.get("default_retention_days", ""),
        errors=errors or {},
        would_delete=would_delete,
    )
    return render_template("admin/privacy.html", shown=shown)


def _would_delete(session: Session, before: Limits, wanted: Limits) -> int:
    """How many texts a lower limit would delete at once, unless that was shown and confirmed for this very limit."""
    days = wanted.longest_retention_days
    if not shorter_and_unconfirmed(days, before.longest_retention_days):
        return 0
    now = parts().clock()
    return retention.effect_of_limit(session, days, now) - retention.pending(session, now)


def _load(session: Session) -> LimitsPage:
    limits = privacy_limits.current(session)
    return LimitsPage(
        limits=limits,
        providers=parts().configured_providers,
        courses=privacy_limits.courses_using_it(session),
        longest_days=str(limits.longest_retention_days),
        default_days=str(limits.default_retention_days),
    )


def _choices(form: MultiDict[str, str], before: Limits) -> Limits:
    """What was ticked. A service that is approved but not set up at the moment keeps its approval."""
    set_up = set(parts().configured_providers)
    kept = {name for name in before.approved_providers or () if name not in set_up}
    basis = form.get("legal_basis", "")
    return replace(
        before,
        allow_llm_assessment=form.get("allow_llm_assessment") == "yes",
        approved_providers=tuple(sorted(kept | set(form.getlist("provider")))),
        ask_each_student=form.get("ask_each_student") == "yes",
        legal_basis=LegalBasis(basis) if basis in set(LegalBasis) else before.legal_basis,
    )


def _with_numbers(form: MultiDict[str, str], limits: Limits) -> Limits:
    return replace(
        limits,
        longest_retention_days=_days(form, "longest_retention_days"),
        default_retention_days=_days(form, "default_retention_days"),
    )


def _days(form: MultiDict[str, str], name: str) -> int:
    days = whole_number(form.get(name, ""))
    if days is None:
        raise LimitsInvalid("Write a whole number of days.", field=name)
    return days


def _words_for(effect: Effect) -> str:
    if not effect.changed:
        return "Nothing was changed."
    words = "Saved. It holds in every course from now on."
    if effect.withheld:
        words += f" {effect.withheld} submissions left the queue and are graded by hand."
    if effect.put_back:
        words += f" {effect.put_back} submissions are back in the queue."
    return words
