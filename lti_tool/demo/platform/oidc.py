"""The authorisation endpoint: checks the tool's request and posts a signed launch to its redirect address."""

from typing import Any, Final

from flask import Blueprint, Request, Response, render_template, request

from lti_tool.demo.platform import claims
from lti_tool.demo.platform.courses import Course, Courses
from lti_tool.demo.platform.errors import AuthorisationRefused, PlatformError
from lti_tool.demo.platform.launches import Launch, Launches
from lti_tool.demo.platform.model import STORAGE_TARGET, Clock, People, Person, Platform
from lti_tool.demo.platform.own_assignment import OwnAssignment
from lti_tool.demo.platform.sessions import COOKIE, Sessions
from lti_tool.demo.platform.signing_keys import SigningKeys

_FIXED: Final = {
    "response_type": ("id_token", "unsupported_response_type"),
    "response_mode": ("form_post", "invalid_request"),
    "scope": ("openid", "invalid_scope"),
    "prompt": ("none", "invalid_request"),
}
_GONE: Final = "What this launch was about no longer exists."


def post_form(action: str, fields: dict[str, str]) -> Response:
    """Give a page that posts the fields to the address at once, or at a press of its button without scripts."""
    response = Response(render_template("post_form.html", action=action, fields=fields))
    response.headers["Cache-Control"] = "no-store"
    return response


class Authorisation:
    """Turns a checked authorisation request into an id_token."""

    def __init__(
        self,
        platform: Platform,
        people: People,
        sessions: Sessions,
        launches: Launches,
        courses: Courses,
        own: OwnAssignment,
        keys: SigningKeys,
        clock: Clock,
    ) -> None:
        self._platform = platform
        self._people = people
        self._sessions = sessions
        self._launches = launches
        self._courses = courses
        self._own = own
        self._keys = keys
        self._clock = clock

    def answer(self, incoming: Request, values: dict[str, list[str]]) -> Response:
        """Answer the request; a refusal goes to the tool once its redirect address is known to be the tool's."""
        given = {name: entries[0] for name, entries in values.items()}
        if (
            given.get("client_id") != self._platform.client_id
            or given.get("redirect_uri") != self._platform.redirect_uri
        ):
            raise PlatformError("The request names no tool registered here, or not its registered redirect address.")
        try:
            fields = {"id_token": self._token(incoming, given, repeated=any(len(each) > 1 for each in values.values()))}
        except AuthorisationRefused as refusal:
            fields = {"error": refusal.code, "error_description": str(refusal)}
        fields["lti_storage_target"] = STORAGE_TARGET
        if given.get("state"):
            fields["state"] = given["state"]
        return post_form(self._platform.redirect_uri, fields)

    def _token(self, incoming: Request, given: dict[str, str], *, repeated: bool) -> str:
        if repeated:
            raise AuthorisationRefused("Every parameter may appear only once.")
        for name, (value, code) in _FIXED.items():
            if given.get(name) != value:
                raise AuthorisationRefused(f"The parameter {name} must be {value}.", code=code)
        for name in ("state", "nonce", "login_hint", "lti_message_hint"):
            if not given.get(name):
                raise AuthorisationRefused(f"The parameter {name} is missing.")
        present = self._sessions.person_of(incoming)
        if present is None and incoming.cookies.get(COOKIE):
            raise AuthorisationRefused("The person has signed out. Please sign in again.", code="login_required")
        launch = self._launches.take(given["lti_message_hint"], given["login_hint"], present)
        person = self._people.by_user_id(launch.user_id)
        if person is None:
            raise AuthorisationRefused("The person is no longer known here.", code="login_required")
        message = self._message(person, launch)
        return self._keys.sign(message | claims.signed_parts(self._platform, given["nonce"], self._clock()))

    def _message(self, person: Person, launch: Launch) -> dict[str, Any]:
        course = self._courses.course(launch.course_id)
        if course is None:
            raise AuthorisationRefused("The course no longer exists.")
        if launch.link_id is None:
            data = self._launches.offer_deep_link(person.user_id, course.id)
            return claims.deep_linking_claims(self._platform, person, course, data)
        kind, _, about = launch.link_id.partition(":")
        if about:
            return self._other_message(person, course, kind, about)
        link = self._courses.link(launch.link_id)
        if link is None:
            raise AuthorisationRefused("The assignment no longer exists.")
        return claims.link_claims(self._platform, person, course, link, self._courses.only_column_of(link.id))

    def _other_message(self, person: Person, course: Course, kind: str, about: str) -> dict[str, Any]:
        """A message that is about no resource link: `kind:about` stands in the launch's place for one."""
        match kind:
            case "attach" | "settings" | "report":
                return self._processor_message(person, course, kind, about)
            case "terms":
                url = self._platform.eula_url(claims.deployment_of(self._platform, course))
                own = {"eulaservice": {"url": url, "scope": claims.EULA_SCOPES}}
                return claims.message_claims(self._platform, person, course, "LtiEulaRequest", own, {})
            case "privacy":
                return claims.privacy_claims(self._platform, person, course, about)
            case "review":
                link_id, _, user_id = about.partition(",")
                link = self._courses.link(link_id)
                if link is not None and link.course_id == course.id:
                    column = self._courses.only_column_of(link.id)
                    return claims.review_claims(self._platform, person, course, link, column, user_id)
        raise AuthorisationRefused(_GONE)

    def _processor_message(self, person: Person, course: Course, kind: str, about: str) -> dict[str, Any]:
        activity = self._own.activity_of(course.id)
        custom = (activity.processor or {}).get("custom", {})
        own: dict[str, Any] = {"activity": activity.claim}
        if kind == "attach":
            data = self._launches.offer_deep_link(person.user_id, course.id)
            return claims.attach_claims(self._platform, person, course, data, activity.claim)
        if kind == "settings":
            message_type = "LtiAssetProcessorSettingsRequest"
            return claims.message_claims(self._platform, person, course, message_type, own, custom)
        asset = self._own.asset(about)
        if asset is None or asset.activity_id != activity.id:
            raise AuthorisationRefused(_GONE)
        own |= {
            "submission": {"id": asset.submission_id},
            "asset": {"id": asset.id},
            "for_user": {"user_id": asset.user_id},
            "assetreport_type": "blindmark",
        }
        return claims.message_claims(self._platform, person, course, "LtiReportReviewRequest", own, custom)


def create_oidc_routes(authorisation: Authorisation, path: str) -> Blueprint:
    """Give the route of the authorisation endpoint."""
    routes = Blueprint("oidc", __name__)

    @routes.route(path, methods=["GET", "POST"])
    def authorise() -> Response:
        values = request.form if request.method == "POST" else request.args
        return authorisation.answer(request, values.to_dict(flat=False))

    return routes
