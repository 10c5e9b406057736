"""The administrator's page: tools, their deployments, the platform's keys, and notices for trying out."""

import secrets
from dataclasses import dataclass
from functools import partial

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from lti_tool.demo.platform.claims import HELLO_NOTICE, deployment_of
from lti_tool.demo.platform.errors import PageRefused
from lti_tool.demo.platform.model import origin_of
from lti_tool.demo.platform.notices import Notices
from lti_tool.demo.platform.pages import Pages, keep_one_host
from lti_tool.demo.platform.registration import Registration
from lti_tool.demo.platform.signing_keys import SigningKeys


@dataclass(frozen=True)
class Administration:
    """What the administrator's page is made from."""

    pages: Pages
    registration: Registration
    notices: Notices
    keys: SigningKeys

    def require_administrator(self) -> None:
        """Let the administrator pass; raises PageRefused (401, 403)."""
        if self.pages.person().role != "administrator":
            raise PageRefused("Only the administrator adds tools.")

    def page(self, frame: str = "") -> str:
        """Give the page; `frame` is the address of a registration under way."""
        courses = self.pages.courses.all()
        return self.pages.render(
            "tools.html",
            frame=frame,
            people=self.pages.people.students,
            deployments=[(course, deployment_of(self.pages.platform, course)) for course in courses],
            greeted=any(HELLO_NOTICE in self.notices.handlers(one) for one in self.notices.deployments()),
            sent=self.notices.sent(),
            keys=self.keys.published(),
            platform=self.pages.platform,
        )


def create_administration_routes(administration: Administration) -> Blueprint:
    """Give the routes of the administrator's page and of its buttons."""
    routes = Blueprint("administration", __name__)
    routes.before_request(partial(keep_one_host, administration.pages.platform))
    _add_tools(routes, administration)
    _add_deployments(routes, administration)
    _add_keys(routes, administration)
    return routes


def _add_tools(routes: Blueprint, administration: Administration) -> None:
    @routes.get("/admin/tools")
    def tools() -> str:
        administration.require_administrator()
        return administration.page()

    @routes.post("/admin/tools")
    def register() -> str:
        administration.require_administrator()
        given = request.form.get("address", "").strip()
        if origin_of(given) != origin_of(administration.pages.platform.tool_url):
            raise PageRefused("This demonstration knows one tool only. Paste the address that it made.")
        return administration.page(administration.registration.start(given))

    @routes.post("/admin/tools/enable")
    def enable() -> BaseResponse:
        administration.require_administrator()
        administration.registration.enable()
        return redirect(url_for("administration.tools"), 303)

    @routes.post("/admin/hello")
    def greet() -> BaseResponse:
        administration.require_administrator()
        told = [administration.notices.send(HELLO_NOTICE, {}, one) for one in administration.notices.deployments()]
        if not any(told):
            raise PageRefused(f"Blindmark has not subscribed to {HELLO_NOTICE}.", code="not_found", status=404)
        return redirect(url_for("administration.tools"), 303)


def _add_deployments(routes: Blueprint, administration: Administration) -> None:
    @routes.post("/admin/courses/<course_id>/deployment")
    def deploy(course_id: str) -> BaseResponse:
        administration.require_administrator()
        course = administration.pages.course(course_id)
        if course.deployment_id is not None:
            raise PageRefused("This course has a deployment of its own already.")
        administration.pages.courses.deploy(course.id, f"deployment-{secrets.token_hex(4)}")
        return redirect(url_for("administration.tools"), 303)


def _add_keys(routes: Blueprint, administration: Administration) -> None:
    @routes.post("/admin/keys")
    def replace_key() -> BaseResponse:
        administration.require_administrator()
        kept = request.form.get("old")
        if kept not in ("keep", "drop"):
            raise PageRefused("Say whether the old keys are kept or dropped.", code="invalid_request", status=400)
        administration.keys.replace(keep_old=kept == "keep")
        return redirect(url_for("administration.tools"), 303)

    @routes.post("/admin/keys/drop")
    def drop_old_keys() -> BaseResponse:
        administration.require_administrator()
        administration.keys.drop_old()
        return redirect(url_for("administration.tools"), 303)
