"""Sign-in, sign-out and password of administrators."""

import secrets
from typing import Final

from flask import current_app, flash, g, redirect, render_template, request, url_for
from limits.strategies import MovingWindowRateLimiter
from werkzeug.wrappers import Response

from grading.errors import GradingError
from lti_tool import admin_accounts
from lti_tool.parts import parts

COOKIE: Final = "blindmark_admin"
VISITOR_COOKIE: Final = "blindmark_admin_visitor"
RATE_LIMITER: Final = "blindmark_rate_limiter"


def sign_in() -> Response | str | tuple[str, int]:
    """The sign-in page. Before anybody is signed in, a random cookie ties the form to the browser."""
    if request.method == "GET":
        return _first_page(g.csrf_subject or secrets.token_urlsafe(16))
    username, password = request.form.get("username", ""), request.form.get("password", "")
    limiter: MovingWindowRateLimiter = current_app.extensions[RATE_LIMITER]
    try:
        admin_accounts.check_rate(limiter, username, request.remote_addr or "")
        with parts().database.transaction() as session:
            secret = admin_accounts.sign_in(
                session, username, password, hours=parts().settings.session_hours, clock=parts().clock
            )
    except GradingError as error:
        if admin_accounts.worth_noting(limiter, error, request.remote_addr or ""):
            with parts().database.transaction() as session:
                admin_accounts.note_refusal(session, username, error)
        return render_template("admin/sign_in.html", username=username, error=error.message), error.status
    response = redirect(url_for("admin.queue"), 303)
    response.set_cookie(COOKIE, secret, httponly=True, secure=True, samesite="Lax", path="/admin")
    return response


def sign_out() -> Response:
    """End the session."""
    with parts().database.transaction() as session:
        admin_accounts.sign_out(session, request.cookies.get(COOKIE))
    response = redirect(url_for("admin.sign_in"), 303)
    response.delete_cookie(COOKIE, path="/admin", secure=True, httponly=True, samesite="Lax")
    return response


def password() -> Response | str | tuple[str, int]:
    """Choose a password; needed after a one-time password. Signs out everywhere else."""
    if request.method == "GET":
        return render_template("admin/password.html", error="")
    chosen, again = request.form.get("password", ""), request.form.get("again", "")
    try:
        if chosen != again:
            raise admin_accounts.AccountRefused("The two entries differ. Type the same password twice.")
        with parts().database.transaction() as session:
            admin_accounts.set_password(session, g.signed_in.administrator_id, chosen)
            secret = admin_accounts.sign_in(
                session, g.signed_in.username, chosen, hours=parts().settings.session_hours, clock=parts().clock
            )
    except GradingError as error:
        return render_template("admin/password.html", error=error.message), error.status
    flash("Your password is saved.")
    response = redirect(url_for("admin.queue"), 303)
    response.set_cookie(COOKIE, secret, httponly=True, secure=True, samesite="Lax", path="/admin")
    return response


def _first_page(subject: str) -> Response:
    g.csrf_subject = subject
    response = current_app.make_response(render_template("admin/sign_in.html", username="", error=""))
    response.set_cookie(VISITOR_COOKIE, subject, httponly=True, secure=True, samesite="Lax", path="/admin")
    return response
