"""A small application that shows every mock page with invented data, for design work and the tests of the look.

`python -m tests.lti_tool.gallery` serves it on a loopback port; `python -m tests.lti_tool.gallery DIRECTORY` takes
pictures of every page at two widths, light and dark, and says where a page is wider than its window or where the
browser complained (for example about the content security policy).
"""

import logging
import sys
import threading
from pathlib import Path
from typing import Any, Final

from flask import Flask, abort, render_template, request
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.serving import make_server

from lti_tool.demo.run import NOTICE
from tests.lti_tool import gallery_data as data

ROOM: Final = Path(__file__).resolve().parents[2] / "lti_tool"
POLICY: Final = "default-src 'self'; object-src 'none'; base-uri 'none'"
CHROMIUM: Final = "/usr/bin/chromium"
WIDTHS: Final = (1280, 360)

STUDENT: Final[dict[str, Any]] = {"course_title": data.COURSE, "assignment": data.ASSIGNMENT, "essay": data.ESSAY}
INSTRUCTOR: Final[dict[str, Any]] = {
    "course_title": data.COURSE,
    "assignment": data.ASSIGNMENT,
    "assignment_title": data.ASSIGNMENT["title"],
    "assignment_tabs": data.ASSIGNMENT_TABS,
}
ADMIN: Final[dict[str, Any]] = {
    "admin_sections": data.ADMIN_SECTIONS,
    "signed_in_as": "mira",
    "sign_out_url": "#",
    "queue": data.QUEUE,
    "batch_items": data.BATCH_ITEMS,
    "states": data.STATES,
}
ASSESSED: Final[dict[str, Any]] = {"assessment": data.ASSESSMENT}
FILE_ERROR: Final = "“essay.pages” can't be read here. Save it as Word or PDF, or paste the text above."
POINTS_ERROR: Final = "Points must be more than 0 and at most 1000."

# page: template and what it is given
PAGES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "student_hand_in": ("student_hand_in", {**STUDENT, "new_window_url": "#"}),
    "student_hand_in_error": (
        "student_hand_in",
        {**STUDENT, "errors": [("file", FILE_ERROR)], "file_error": FILE_ERROR, "typed": "Some words I typed before."},
    ),
    "student_check": ("student_check", STUDENT),
    "student_waiting": ("student_waiting", STUDENT),
    "student_result": ("student_result", {**STUDENT, **ASSESSED}),
    "instructor_assignment": ("instructor_assignment", {**INSTRUCTOR, "tab": "setup"}),
    "instructor_assignment_error": (
        "instructor_assignment",
        {**INSTRUCTOR, "tab": "setup", "errors": [("points", POINTS_ERROR)], "points_error": POINTS_ERROR},
    ),
    "instructor_submissions": ("instructor_submissions", {**INSTRUCTOR, "tab": "work", "students": data.STUDENTS}),
    "review": ("review", {**STUDENT, **ASSESSED}),
    "admin_queue": ("admin_queue", {**ADMIN, "section": "queue"}),
    "admin_batch": ("admin_batch", {**ADMIN, "section": "batches"}),
    "admin_confirm": ("admin_confirm", {**ADMIN, "section": "batches"}),
    "sign_in": ("sign_in", {}),
    "sign_in_error": ("sign_in", {"errors": [(None, "User name and password do not belong together.")]}),
    "error": ("error", {"reference": "7f3a-91c2"}),
    "empty": ("empty", {**ADMIN, "section": "batches"}),
}


def make_gallery() -> Flask:
    """The application. `?theme=dark` and `?demo=1` change what every page shows."""
    app = Flask("gallery", root_path=str(ROOM), template_folder="templates", static_folder="static")
    mocks = FileSystemLoader(Path(__file__).with_name("gallery_templates"))
    app.jinja_loader = ChoiceLoader([FileSystemLoader(ROOM / "templates"), mocks])
    app.jinja_env.globals["csrf_token"] = lambda: "a-token"

    @app.get("/<name>")
    def page(name: str) -> str:
        if name not in PAGES:
            abort(404)
        template, given = PAGES[name]
        switches = {"theme": request.args.get("theme"), "site_notice": NOTICE if "demo" in request.args else ""}
        return render_template(f"gallery/{template}.html", **given, **switches)

    @app.after_request
    def strict(response: Any) -> Any:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return app


def _fit(view: Any, name: str, width: int) -> None:
    """Make the window as tall as the page; the review page divides the window it has, so it keeps a usual one."""
    narrow = width < 500
    usual = 740 if narrow else 860
    tall = view.evaluate("document.body.getBoundingClientRect().height") if narrow or name != "review" else usual
    view.set_viewport_size({"width": width, "height": max(usual, round(tall))})


def take_pictures(target: Path, only: list[str]) -> list[str]:
    """Photograph the pages; returns what was wrong with any of them."""
    from playwright.sync_api import sync_playwright

    server = make_server("127.0.0.1", 0, make_gallery(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    troubles: list[str] = []
    target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for width in WIDTHS:
            for theme in ("light", "dark"):
                view = browser.new_page(viewport={"width": width, "height": 800})
                view.on("console", lambda message: troubles.append(message.text))
                for name in only or PAGES:
                    view.goto(f"http://127.0.0.1:{server.port}/{name}?theme={theme}&demo=1", wait_until="load")
                    view.evaluate("document.fonts.ready.then(() => true)")
                    _fit(view, name, width)
                    view.screenshot(path=target / f"{name}-{width}-{theme}.png")
                    over = view.evaluate("document.documentElement.scrollWidth - innerWidth")
                    if over > 0:
                        troubles.append(f"{name} at {width}: {over} px too wide")
                view.close()
        browser.close()
    server.shutdown()
    return troubles


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit("\n".join(take_pictures(Path(sys.argv[1]), sys.argv[2:])) or None)
    make_gallery().run(port=8099)
