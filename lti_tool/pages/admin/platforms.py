"""The LMSs that may launch us: list, add, approve, disable."""

from dataclasses import dataclass
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grading.errors import GradingError
from grading.models.tenancy import RegistrationState
from grading.tenancy import (
    PlatformDetails,
    approve_deployment,
    disable_deployment,
    list_platforms,
    register_platform,
    set_platform_state,
)
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.registration import attempt, invitations
from lti_tool.lti.registration.tool import SCOPE_WORDS
from lti_tool.pages.admin.shared import signed_in_actor
from lti_tool.parts import parts


@dataclass(frozen=True, slots=True)
class TypedPlatform:
    """What was typed into the form."""

    name: str = ""
    issuer: str = ""
    client_id: str = ""
    deployment_id: str = ""
    authorization_url: str = ""
    token_url: str = ""
    jwks_url: str = ""


def platforms() -> str:
    """All of them, with their deployments."""
    with parts().database.transaction() as session:
        found = list_platforms(session)
        content = {
            "mode": invitations.mode(session).value,
            "invitations": invitations.open_invitations(session, parts().clock()),
            "unfinished": attempt.unfinished(session),
            "keys": ToolKeys(parts().vault, parts().clock).standing(session),
        }
    return render_template("admin/platforms.html", registrations=found, scope_words=SCOPE_WORDS, **content)


def add() -> Response | str | tuple[str, int]:
    """Connect an LMS by hand."""
    if request.method == "GET":
        return render_template("admin/add_platform.html", typed=TypedPlatform(), errors={})
    typed = TypedPlatform(**{name: request.form.get(name, "").strip() for name in TypedPlatform.__slots__})
    details = PlatformDetails(
        issuer=typed.issuer,
        client_id=typed.client_id,
        name=typed.name,
        authorization_url=typed.authorization_url,
        token_url=typed.token_url,
        jwks_url=typed.jwks_url,
    )
    try:
        with parts().database.transaction() as session:
            registration, _ = register_platform(
                session,
                details,
                typed.deployment_id or None,
                approved=bool(typed.deployment_id),
                actor=signed_in_actor(),
            )
    except GradingError as error:
        errors = {getattr(error, "field", "") or "issuer": error.message}
        return render_template("admin/add_platform.html", typed=typed, errors=errors), error.status
    flash(f"{registration.name} is connected. Its first launch will show up here.")
    return redirect(url_for("admin.platforms"), 303)


def state(registration_id: UUID) -> Response:
    """Disable an LMS, or enable it again. Nothing is deleted."""
    target = RegistrationState.ACTIVE if request.form.get("state") == "active" else RegistrationState.DISABLED
    with parts().database.transaction() as session:
        found = set_platform_state(session, registration_id, target, signed_in_actor())
    flash(f"{found.name} is {'enabled again' if target is RegistrationState.ACTIVE else 'disabled'}.")
    return redirect(url_for("admin.platforms"), 303)


def approve(deployment_id: UUID) -> Response:
    """Let a deployment in that showed up at a launch."""
    with parts().database.transaction() as session:
        approve_deployment(session, deployment_id, signed_in_actor())
    flash("Approved. Launches from there work from now on.")
    return redirect(url_for("admin.platforms"), 303)


def disable(deployment_id: UUID) -> Response:
    """Refuse launches from a deployment from now on."""
    with parts().database.transaction() as session:
        disable_deployment(session, deployment_id, signed_in_actor())
    flash("Launches from there are refused from now on. Nothing was deleted.")
    return redirect(url_for("admin.platforms"), 303)
