"""The pages people see: sign-in, course, assignment, gradebook, and the launches that start from them."""

from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request, url_for
from markupsafe import escape
from werkzeug.wrappers import Response as BaseResponse

from lti_tool.demo.platform.course import Course, Link
from lti_tool.demo.platform.deep_linking import PROCESSOR, DeepLinking
from lti_tool.demo.platform.errors import DeepLinkRefused, PageRefused
from lti_tool.demo.platform.launches import Launches
from lti_tool.demo.platform.model import STORAGE_TARGET, People, Person, Platform, origin_of
from lti_tool.demo.platform.oidc import post_form
from lti_tool.demo.platform.own_assignment import TITLE, OwnAssignment
from lti_tool.demo.platform.registration import Registration
from lti_tool.demo.platform.sessions import Sessions

_ROLE_NAMES: Final = {
    "teacher": "Teacher",
    "assistant": "Teaching assistant",
    "administrator": "Administrator",
    "student": "Student",
}


@dataclass(frozen=True)
class Pages:
    """What the pages are made from."""

    platform: Platform
    people: People
    sessions: Sessions
    course: Course
    launches: Launches
    deep_linking: DeepLinking
    registration: Registration
    own: OwnAssignment

    def person(self) -> Person:
        """Give the signed-in person; raises PageRefused (401)."""
        person = self.sessions.person_of(request)
        if person is None:
            raise PageRefused("Please sign in first.", code="login_required", status=401)
        return person

    def link(self, link_id: str) -> Link:
        """Give an assignment; raises PageRefused (404)."""
        link = self.course.link(link_id)
        if link is None:
            raise PageRefused("There is no such assignment.", code="not_found", status=404)
        return link

    def render(self, template: str, **values: object) -> str:
        """Give a page with everything the frame around every page needs."""
        return render_template(
            template,
            person=self.sessions.person_of(request),
            role_names=_ROLE_NAMES,
            tool_url=self.platform.tool_url,
            tool_origin=origin_of(self.platform.tool_url),
            **values,
        )

    def launch(self, person: Person, link: Link | None, message: str | None = None) -> Response:
        """Give the form that starts the tool's login for an assignment, another message, or else deep linking."""
        started = self.launches.start(person, link.id if link else message)
        fields = {
            "iss": self.platform.issuer,
            "login_hint": started.login_hint,
            "target_link_uri": link.url if link else self.platform.redirect_uri,
            "lti_message_hint": started.message_hint,
            "client_id": self.platform.client_id,
            "lti_deployment_id": self.platform.deployment_id,
            "lti_storage_target": STORAGE_TARGET,
        }
        return post_form(self.platform.tool_login_url, fields)


def create_page_routes(pages: Pages) -> Blueprint:
    """Give the routes of all pages."""
    routes = Blueprint("pages", __name__)
    routes.before_request(partial(_keep_one_host, pages.platform))
    _add_sign_in(routes, pages)
    _add_course(routes, pages)
    _add_launches(routes, pages)
    _add_own(routes, pages)
    _add_administration(routes, pages)
    return routes


def create_return_routes(pages: Pages) -> Blueprint:
    """Give the routes by which the tool hands the browser back; they need no cookie."""
    routes = Blueprint("returns", __name__)

    @routes.post("/lti/deep-link-return")
    def deep_link_return() -> str:
        tokens = request.form.getlist("JWT")
        if len(tokens) != 1:
            raise DeepLinkRefused("The form must hold one field JWT.")
        link_id = pages.deep_linking.take(tokens[0])
        target = url_for("pages.assignment", link_id=link_id) if link_id else url_for("pages.course")
        if link_id == PROCESSOR:
            target = url_for("pages.own")
        return pages.render("leave_frame.html", target=target)

    @routes.get("/lti/return")
    @routes.get("/lti/return/<link_id>")
    def come_back(link_id: str | None = None) -> str:
        target = url_for("pages.assignment", link_id=link_id) if link_id else url_for("pages.course")
        return pages.render("leave_frame.html", target=target)

    return routes


def _keep_one_host(platform: Platform) -> BaseResponse | None:
    """Send people who came by another name of this machine to the public one, which the launches use."""
    if request.host.lower() == urlsplit(platform.public_url).netloc.lower():
        return None
    return redirect(platform.public_url + request.full_path.rstrip("?"), 307)


def _add_sign_in(routes: Blueprint, pages: Pages) -> None:
    @routes.get("/")
    def home() -> str:
        groups = [
            (name, [each for each in pages.people.all if each.role == role]) for role, name in _ROLE_NAMES.items()
        ]
        return pages.render("home.html", groups=groups)

    @routes.post("/sign-in")
    def sign_in() -> BaseResponse:
        person = pages.people.by_key(request.form.get("key", ""))
        if person is None:
            raise PageRefused("There is no such person.", code="not_found", status=404)
        response = Response(status=303, headers={"Location": url_for("pages.course")})
        pages.sessions.sign_in(person, response)
        return response

    @routes.post("/sign-out")
    def sign_out() -> BaseResponse:
        response = Response(status=303, headers={"Location": url_for("pages.home")})
        pages.sessions.sign_out(request, response)
        return response


def _add_course(routes: Blueprint, pages: Pages) -> None:
    @routes.get("/course")
    def course() -> str:
        pages.person()
        return pages.render("course.html", links=pages.course.links())

    @routes.get("/course/add")
    def add() -> str:
        _require_teacher(pages.person())
        return pages.render("add.html")

    @routes.get("/course/links/<link_id>")
    def assignment(link_id: str) -> str:
        pages.person()
        return pages.render("assignment.html", link=pages.link(link_id))

    @routes.get("/gradebook")
    def gradebook() -> str:
        person = pages.person()
        rows = [person] if person.role == "student" else pages.people.students
        grades = {(grade.user_id, grade.number): grade for grade in pages.course.grades()}
        return pages.render("gradebook.html", rows=rows, columns=pages.course.columns(), grades=grades)


def _add_own(routes: Blueprint, pages: Pages) -> None:
    @routes.get("/course/reflection")
    def own() -> str:
        person = pages.person()
        mine = [one for one in pages.own.assets() if person.role != "student" or one.user_id == person.user_id]
        names = {each.user_id: each.name for each in pages.people.all}
        return pages.render(
            "own.html",
            title=TITLE,
            processor=pages.own.processor(),
            assets=mine,
            reports=pages.own.reports(),
            names=names,
        )

    @routes.post("/course/reflection")
    def hand_in() -> BaseResponse:
        person = pages.person()
        if person.role != "student":
            raise PageRefused("Only students hand in.")
        text, file = request.form.get("text", "").strip(), request.files.get("file")
        files: list[tuple[str | None, str, bytes]] = []
        if text:
            files.append((None, "text/html", f"<p>{escape(text)}</p>".encode()))
        if file is not None and file.filename:
            files.append((file.filename, file.mimetype or "application/octet-stream", file.read()))
        if not files:
            raise PageRefused("There is nothing to hand in.")
        pages.own.hand_in(person, files)
        return redirect(url_for("pages.own"), 303)

    @routes.post("/course/reflection/<submission>/again")
    def send_again(submission: str) -> BaseResponse:
        _require_teacher(pages.person())
        pages.own.announce(submission)
        return redirect(url_for("pages.own"), 303)

    @routes.get("/course/message/<message>")
    def framed(message: str) -> str:
        pages.person()
        return pages.render("message.html", message=message)

    @routes.get("/launch/message/<message>")
    def launch_message(message: str) -> Response:
        person = pages.person()
        kind = message.partition(":")[0]
        if kind in ("attach", "settings"):
            _require_teacher(person)
        if kind == "privacy" and person.role != "administrator":
            raise PageRefused("Only the administrator does this.")
        # Whose work a report or a review shows is not asked here, as on a platform that leaves it to the tool.
        return pages.launch(person, None, message)


def _add_administration(routes: Blueprint, pages: Pages) -> None:
    @routes.route("/admin/tools", methods=["GET", "POST"])
    def tools() -> str:
        if pages.person().role != "administrator":
            raise PageRefused("Only the administrator adds tools.")
        given = request.form.get("address", "").strip()
        if request.method == "POST" and origin_of(given) != origin_of(pages.platform.tool_url):
            raise PageRefused("This demonstration knows one tool only. Paste the address that it made.")
        frame = pages.registration.start(given) if request.method == "POST" else ""
        return pages.render("tools.html", frame=frame, people=pages.people.students)


def _add_launches(routes: Blueprint, pages: Pages) -> None:
    @routes.get("/launch/deep-linking")
    def launch_deep_linking() -> Response:
        person = pages.person()
        _require_teacher(person)
        return pages.launch(person, None)

    @routes.get("/launch/<link_id>")
    def launch(link_id: str) -> Response:
        return pages.launch(pages.person(), pages.link(link_id))


def _require_teacher(person: Person) -> None:
    if person.role != "teacher":
        raise PageRefused("Only the teacher of the course can add assignments.")
