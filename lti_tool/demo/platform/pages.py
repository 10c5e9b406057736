"""The pages people see: sign-in, courses, assignments, gradebooks, and the launches that start from them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Response, redirect, render_template, request, url_for
from markupsafe import escape
from werkzeug.wrappers import Response as BaseResponse

from lti_tool.demo.platform.claims import deployment_of
from lti_tool.demo.platform.copying import Copying
from lti_tool.demo.platform.courses import Course, Courses, Link
from lti_tool.demo.platform.deep_linking import DeepLinking
from lti_tool.demo.platform.errors import DeepLinkRefused, PageRefused
from lti_tool.demo.platform.launches import Launches
from lti_tool.demo.platform.model import COURSE_ID, STORAGE_TARGET, People, Person, Platform, origin_of
from lti_tool.demo.platform.oidc import post_form
from lti_tool.demo.platform.own_assignment import OwnAssignment
from lti_tool.demo.platform.sessions import Sessions

_ROLE_NAMES: Final = {
    "teacher": "Teacher",
    "assistant": "Teaching assistant",
    "administrator": "Administrator",
    "student": "Student",
}
_FIRST: Final = {"course_id": COURSE_ID}
"""The first course is also found under addresses that name none."""


@dataclass(frozen=True)
class Pages:
    """What the pages are made from."""

    platform: Platform
    people: People
    sessions: Sessions
    courses: Courses
    launches: Launches
    deep_linking: DeepLinking
    copying: Copying
    own: OwnAssignment

    def person(self) -> Person:
        """Give the signed-in person; raises PageRefused (401)."""
        person = self.sessions.person_of(request)
        if person is None:
            raise PageRefused("Please sign in first.", code="login_required", status=401)
        return person

    def link(self, link_id: str) -> Link:
        """Give an assignment; raises PageRefused (404)."""
        link = self.courses.link(link_id)
        if link is None:
            raise PageRefused("There is no such assignment.", code="not_found", status=404)
        return link

    def course(self, course_id: str) -> Course:
        """Give a course; raises PageRefused (404)."""
        course = self.courses.course(course_id)
        if course is None:
            raise PageRefused("There is no such course.", code="not_found", status=404)
        return course

    def render(self, template: str, course: Course | None = None, **values: object) -> str:
        """Give a page, of a course or of none, with everything the frame around every page needs."""
        return render_template(
            template,
            course=course or self.course(COURSE_ID),
            person=self.sessions.person_of(request),
            role_names=_ROLE_NAMES,
            school=self.platform.name,
            tool_url=self.platform.tool_url,
            tool_origin=origin_of(self.platform.tool_url),
            **values,
        )

    def launch(self, person: Person, course: Course, link: Link | None, message: str | None = None) -> Response:
        """Give the form that starts the tool's login for an assignment, another message, or else deep linking.

        Raises PageRefused when the tool is not enabled.
        """
        if not self.platform.connection.enabled:
            raise PageRefused("The administrator has not enabled this tool yet.")
        started = self.launches.start(person, course.id, link.id if link else message)
        fields = {
            "iss": self.platform.issuer,
            "login_hint": started.login_hint,
            "target_link_uri": link.url if link else self.platform.redirect_uri,
            "lti_message_hint": started.message_hint,
            "client_id": self.platform.client_id,
            "lti_deployment_id": deployment_of(self.platform, course),
            "lti_storage_target": STORAGE_TARGET,
        }
        return post_form(self.platform.tool_login_url, fields)


def create_page_routes(pages: Pages) -> Blueprint:
    """Give the routes of all pages."""
    routes = Blueprint("pages", __name__)
    routes.before_request(partial(keep_one_host, pages.platform))
    _add_sign_in(routes, pages)
    _add_course(routes, pages)
    _add_launches(routes, pages)
    _add_own(routes, pages)
    return routes


def create_return_routes(pages: Pages) -> Blueprint:
    """Give the routes by which the tool hands the browser back; they need no cookie."""
    routes = Blueprint("returns", __name__)

    @routes.post("/lti/deep-link-return")
    def deep_link_return() -> str:
        tokens = request.form.getlist("JWT")
        if len(tokens) != 1:
            raise DeepLinkRefused("The form must hold one field JWT.")
        taken = pages.deep_linking.take(tokens[0])
        target = url_for("pages.own" if taken.attached else "pages.course", course_id=taken.course_id)
        if taken.link_id:
            target = url_for("pages.assignment", link_id=taken.link_id)
        return pages.render("leave_frame.html", target=target)

    @routes.get("/lti/return")
    @routes.get("/lti/return/<link_id>")
    def come_back(link_id: str | None = None) -> str:
        target = url_for("pages.course", course_id=COURSE_ID)
        if link_id:
            target = url_for("pages.assignment", link_id=link_id)
        return pages.render("leave_frame.html", target=target)

    return routes


def keep_one_host(platform: Platform) -> BaseResponse | None:
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
        response = Response(status=303, headers={"Location": url_for("pages.course", course_id=COURSE_ID)})
        pages.sessions.sign_in(person, response)
        return response

    @routes.post("/sign-out")
    def sign_out() -> BaseResponse:
        response = Response(status=303, headers={"Location": url_for("pages.home")})
        pages.sessions.sign_out(request, response)
        return response


def _add_course(routes: Blueprint, pages: Pages) -> None:
    @routes.get("/course", defaults=_FIRST)
    @routes.get("/courses/<course_id>")
    def course(course_id: str) -> str:
        pages.person()
        shown = pages.course(course_id)
        others = [each for each in pages.courses.all() if each.id != shown.id]
        activity = pages.own.activity_of(shown.id)
        return pages.render("course.html", shown, links=pages.courses.links(shown.id), activity=activity, others=others)

    @routes.post("/courses/<course_id>/copy")
    def copy(course_id: str) -> BaseResponse:
        require_teacher(pages.person())
        made = pages.copying.copy(pages.course(course_id))
        return redirect(url_for("pages.course", course_id=made.id), 303)

    @routes.get("/course/add", defaults=_FIRST)
    @routes.get("/courses/<course_id>/add")
    def add(course_id: str) -> str:
        require_teacher(pages.person())
        return pages.render("add.html", pages.course(course_id))

    @routes.get("/course/links/<link_id>")
    def assignment(link_id: str) -> str:
        pages.person()
        link = pages.link(link_id)
        return pages.render("assignment.html", pages.course(link.course_id), link=link, students=pages.people.students)

    @routes.post("/course/links/<link_id>/more-time")
    def more_time(link_id: str) -> BaseResponse:
        require_teacher(pages.person())
        link, student = pages.link(link_id), pages.people.by_user_id(request.form.get("student", ""))
        if student is None or student.role != "student":
            raise PageRefused("There is no such student.", code="not_found", status=404)
        pages.courses.give_more_time(link, student.user_id, _moment(request.form.get("until", "")))
        return redirect(url_for("pages.assignment", link_id=link.id), 303)

    @routes.get("/gradebook", defaults=_FIRST)
    @routes.get("/courses/<course_id>/gradebook")
    def gradebook(course_id: str) -> str:
        person, shown = pages.person(), pages.course(course_id)
        rows = [person] if person.role == "student" else pages.people.students
        grades = {(grade.user_id, grade.number): grade for grade in pages.courses.grades()}
        columns = pages.courses.columns(shown.id)
        return pages.render("gradebook.html", shown, rows=rows, columns=columns, grades=grades)


def _add_own(routes: Blueprint, pages: Pages) -> None:
    @routes.get("/course/reflection", defaults=_FIRST)
    @routes.get("/courses/<course_id>/reflection")
    def own(course_id: str) -> str:
        person, shown = pages.person(), pages.course(course_id)
        activity = pages.own.activity_of(shown.id)
        assets = pages.own.assets(activity)
        mine = [one for one in assets if person.role != "student" or one.user_id == person.user_id]
        names = {each.user_id: each.name for each in pages.people.all}
        reports = pages.own.reports()
        return pages.render("own.html", shown, activity=activity, assets=mine, reports=reports, names=names)

    @routes.post("/courses/<course_id>/reflection")
    def hand_in(course_id: str) -> BaseResponse:
        person, shown = pages.person(), pages.course(course_id)
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
        pages.own.hand_in(pages.own.activity_of(shown.id), person, files)
        return redirect(url_for("pages.own", course_id=shown.id), 303)

    @routes.post("/courses/<course_id>/reflection/<submission>/again")
    def send_again(course_id: str, submission: str) -> BaseResponse:
        require_teacher(pages.person())
        pages.own.announce(pages.own.activity_of(pages.course(course_id).id), submission)
        return redirect(url_for("pages.own", course_id=course_id), 303)


def _add_launches(routes: Blueprint, pages: Pages) -> None:
    @routes.get("/launch/deep-linking", defaults=_FIRST)
    @routes.get("/courses/<course_id>/launch/deep-linking")
    def launch_deep_linking(course_id: str) -> Response:
        person = pages.person()
        require_teacher(person)
        return pages.launch(person, pages.course(course_id), None)

    @routes.get("/launch/<link_id>")
    def launch(link_id: str) -> Response:
        person, link = pages.person(), pages.link(link_id)
        return pages.launch(person, pages.course(link.course_id), link)

    @routes.get("/course/message/<message>", defaults=_FIRST)
    @routes.get("/courses/<course_id>/message/<message>")
    def framed(course_id: str, message: str) -> str:
        pages.person()
        shown = pages.course(course_id)
        return pages.render("message.html", shown, message=message, activity=pages.own.activity_of(shown.id))

    @routes.get("/launch/message/<message>", defaults=_FIRST)
    @routes.get("/courses/<course_id>/launch/message/<message>")
    def launch_message(course_id: str, message: str) -> Response:
        person = pages.person()
        kind = message.partition(":")[0]
        if kind in ("attach", "settings"):
            require_teacher(person)
        if kind == "privacy" and person.role != "administrator":
            raise PageRefused("Only the administrator does this.")
        # Whose work a report or a review shows is not asked here, as on a platform that leaves it to the tool.
        return pages.launch(person, pages.course(course_id), None, message)


def _moment(typed: str) -> str:
    """Give a moment of a form in UTC, or nothing for nothing; raises PageRefused."""
    if not typed:
        return ""
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    except ValueError as error:
        raise PageRefused("This is no date with a time.") from error


def require_teacher(person: Person) -> None:
    """Let the teacher pass; raises PageRefused (403)."""
    if person.role != "teacher":
        raise PageRefused("Only the teacher changes a course.")
