"""Pages of dynamic registration, opened by an LMS in a frame or window of its own (L5)."""

from typing import Any, Final

import requests
from flask import Blueprint, Response, current_app, jsonify, render_template, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from limits import parse
from limits.strategies import MovingWindowRateLimiter

from lti_tool.lti.registration import attempt, invitations
from lti_tool.lti.registration.configuration import PlatformConfiguration, fetch
from lti_tool.lti.registration.errors import RegistrationRefused
from lti_tool.lti.registration.tool import SCOPE_WORDS, canvas_configuration, wanted_scopes
from lti_tool.pages.admin.accounts import RATE_LIMITER
from lti_tool.parts import parts

CONFIRM_SECONDS: Final = 1800
LONGEST_PARAMETER: Final = 8192
FETCHES: Final = parse("30/hour")


def add_registration_routes(blueprint: Blueprint, http: requests.Session) -> None:
    """Hang the pages on the blueprint under /lti."""

    @blueprint.get("/register")
    def register() -> str:
        """Show which LMS wants to connect, and what it will be asked for."""
        url = _parameter("openid_configuration")
        if not url:
            return render_template("lti/register.html")
        invitation, token = _parameter("invitation"), _parameter("registration_token")
        with parts().database.transaction() as session:
            invitations.admit(session, invitation, parts().clock())
        _slow_down()
        found = fetch(http, url, token)
        ticket = _serializer().dumps({"c": found.as_dict(), "t": token, "i": invitation})
        wanted = [SCOPE_WORDS[scope] for scope in wanted_scopes(found)]
        return render_template("lti/confirm_registration.html", found=found, ticket=ticket, wanted=wanted)

    @blueprint.post("/register")
    def confirm_registration() -> str:
        """Register with the LMS, and say what came of it."""
        values = _ticket()
        outcome = attempt.register(
            parts().database,
            http,
            PlatformConfiguration.from_dict(values["c"]),
            token=values["t"],
            invitation=values["i"],
            base_url=parts().settings.base_url,
            clock=parts().clock,
        )
        missing = [SCOPE_WORDS[scope] for scope in outcome.missing_scopes]
        return render_template("lti/registered.html", outcome=outcome, missing=missing)

    @blueprint.get("/canvas.json")
    def canvas_json() -> Response:
        """The configuration that Canvas reads when a developer key is made from an address."""
        return jsonify(canvas_configuration(parts().settings.base_url))


def _parameter(name: str) -> str:
    value = request.args.get(name, "")
    if len(value) > LONGEST_PARAMETER:
        raise RegistrationRefused("The LMS sent more than fits into a registration.", code="registration_too_large")
    return value


def _slow_down() -> None:
    limiter: MovingWindowRateLimiter = current_app.extensions[RATE_LIMITER]
    if not limiter.hit(FETCHES, "registration", request.remote_addr or ""):
        raise RegistrationRefused(
            "Too many registrations were started from here. Wait an hour, then start again.",
            code="registration_too_often",
        )


def _ticket() -> dict[str, Any]:
    try:
        values: dict[str, Any] = _serializer().loads(request.form.get("ticket", ""), max_age=CONFIRM_SECONDS)
    except BadSignature as error:
        raise RegistrationRefused(
            "This page was open for too long. Start the registration again in the LMS.", code="registration_too_late"
        ) from error
    return values


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(parts().signing_key, salt="dynamic registration")
