"""How LMSs get connected: who may register, invitations, our signing keys, and whether a connection works."""

from uuid import UUID

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grading.errors import NotFound
from grading.tenancy import get_platform
from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.models import ConnectionMode
from lti_tool.lti.registration import invitations
from lti_tool.pages.admin.shared import signed_in_actor
from lti_tool.parts import parts


def change_mode() -> Response:
    """Choose who may connect an LMS from outside."""
    try:
        chosen = ConnectionMode(request.form.get("mode", ""))
    except ValueError as error:
        raise NotFound("This page is out of date. Reload it.") from error
    with parts().database.transaction() as session:
        invitations.set_mode(session, chosen, signed_in_actor(), parts().clock)
    flash("Saved.", "done")
    return redirect(url_for("admin.platforms"), 303)


def invite() -> str:
    """Make an invitation and show its address, this one time."""
    with parts().database.transaction() as session:
        token = invitations.invite(session, request.form.get("note", ""), g.signed_in.administrator_id, parts().clock)
    address = f"{parts().settings.base_url}{url_for('lti.register', invitation=token)}"
    return render_template("admin/invitation.html", address=address, days=invitations.LIFETIME.days)


def withdraw(invitation_id: UUID) -> Response:
    """Take an invitation back."""
    with parts().database.transaction() as session:
        done = invitations.withdraw(session, invitation_id, g.signed_in.administrator_id, parts().clock())
    flash("The invitation was withdrawn." if done else "That invitation was used or withdrawn before.")
    return redirect(url_for("admin.platforms"), 303)


def test(registration_id: UUID) -> str:
    """Try a connection: keys, tokens, scopes."""
    with parts().database.transaction() as session:
        platform = get_platform(session, registration_id)
    findings = parts().test_connection(registration_id, signed_in_actor())
    return render_template("admin/connection.html", platform=platform, findings=findings)


def rotate() -> Response:
    """Make a new signing key."""
    with parts().database.transaction() as session:
        made = ToolKeys(parts().vault, parts().clock).rotate(session, signed_in_actor())
    flash(f"The new key {made.kid} is published now and signs in two hours. The old one stays for a week.", "done")
    return redirect(url_for("admin.platforms"), 303)
