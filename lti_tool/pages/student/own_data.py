"""A student's own data: a copy to take along, and having everything erased (P5)."""

from dataclasses import dataclass
from uuid import UUID

from flask import Response as FlaskResponse
from flask import flash, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import erasure, exports
from grading.erasure import Numbers, Target
from grading.models import ErasureRequest, PersonalExport
from grading.models.erasures import ErasureScope, ErasureState
from grading.models.exports import ExportState
from grading.tasks import EXPORT
from lti_tool.pages.downloads import archive
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, needs
from privacy.audit import Actor


@dataclass(frozen=True, slots=True)
class OwnData:
    """Where the copy and the erasure of a student's data stand."""

    copy: PersonalExport | None
    asked: ErasureRequest | None
    reason: str
    """Why the last request was rejected; empty when it was not."""

    @property
    def being_made(self) -> bool:
        """Whether a copy is on its way."""
        return self.copy is not None and self.copy.state in (ExportState.WAITING, ExportState.MAKING)

    @property
    def ready(self) -> bool:
        """Whether a copy can be fetched."""
        return self.copy is not None and self.copy.state is ExportState.READY

    @property
    def open(self) -> bool:
        """Whether an erasure is asked for and not settled."""
        return self.asked is not None and self.asked.state in (ErasureState.ASKED, ErasureState.DECIDED)

    @property
    def undecided(self) -> bool:
        """Whether it can still be taken back."""
        return self.asked is not None and self.asked.state is ErasureState.ASKED


def load_own_data(session: Session) -> OwnData:
    """Read where both stand, in two statements."""
    visit = current_visit()
    asked = erasure.standing(session, visit.tenant_id, visit.person_id)
    return OwnData(
        copy=exports.newest(session, visit.tenant_id, visit.person_id, parts().clock()),
        asked=asked,
        reason=erasure.reason_of(session, parts().vault, asked) if asked else "",
    )


@needs(Ability.OWN_DATA)
def ask_for_copy() -> Response:
    """Have a copy made."""
    visit = current_visit()
    with parts().database.transaction() as session:
        export_id = exports.request(
            session,
            tenant_id=visit.tenant_id,
            person_id=visit.person_id,
            actor=Actor.person(visit.person_id),
            clock=parts().clock,
        )
    parts().nudge(EXPORT, export_id)
    flash("Your copy is being made. It can be downloaded here in a moment: reload the page.", "done")
    return redirect(url_for(".my_privacy") + "#own-data", 303)


@needs(Ability.OWN_DATA)
def own_copy(export_id: UUID) -> FlaskResponse:
    """The copy."""
    return archive(export_id, current_visit().person_id)


@needs(Ability.OWN_DATA)
def erase_me() -> str:
    """What would be erased, in numbers, before it is asked for."""
    visit = current_visit()
    with parts().database.transaction() as session:
        numbers: Numbers = erasure.person_numbers(session, visit.tenant_id, visit.person_id)
    return render_template("student/erase.html", numbers=numbers)


@needs(Ability.OWN_DATA)
def ask_to_be_erased() -> Response:
    """Ask for it. An administrator looks at it first: a grade may still be needed, and there is no way back."""
    visit = current_visit()
    with parts().database.transaction() as session:
        erasure.request(
            session,
            Target(visit.tenant_id, ErasureScope.PERSON, visit.person_id, visit.context_id),
            actor=Actor.person(visit.person_id),
            decided=False,
            clock=parts().clock,
        )
    flash("Asked for. Until it is carried out you can take it back here.", "done")
    return redirect(url_for(".my_privacy") + "#own-data", 303)


@needs(Ability.OWN_DATA)
def keep_me() -> Response:
    """Take the request back."""
    visit = current_visit()
    with parts().database.transaction() as session:
        erasure.take_back(session, visit.tenant_id, visit.person_id, parts().clock)
    flash("Taken back. Nothing was erased.", "done")
    return redirect(url_for(".my_privacy") + "#own-data", 303)
