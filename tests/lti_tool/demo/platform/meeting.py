"""The real tool and the demonstration LMS, each on a port of its own, and people who visit both."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin
from uuid import UUID

from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from config.settings import load_settings
from grading.models import Context, Deployment
from grading.tenancy import PlatformDetails, register_platform
from lti_tool.admin_accounts import create_administrator, set_password
from lti_tool.demo.platform.model import Clock
from lti_tool.demo.platform.store import Store
from lti_tool.demo.visitor import TIMEOUT_SECONDS, Page, Visitor
from lti_tool.parts import Parts
from lti_tool.wiring import Application, open_application
from privacy.keyring import create_keyring
from tests.lti_tool.demo.platform.tiny_tool import PEOPLE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Maker = Callable[[str, str, Path, Clock], "WSGIApplication"]
"""Makes an LMS from its own address, the tool's, a folder and a clock."""
PASSWORD = "a longer password"


@dataclass
class Hours:
    """A clock for both sides that can be put forward."""

    ahead: float = 0

    def seconds(self) -> float:
        return time.time() + self.ahead

    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)


class Guest(Visitor):
    """A person who can stop on the way of a launch."""

    def hold(self, url: str) -> Page:
        """Begin a launch and stay at the page that would post the signed token to the tool."""
        started = Page(self._http.get(url, timeout=TIMEOUT_SECONDS))
        return self._post(started)

    def let_go(self, held: Page) -> Page:
        """Post what was held; give the tool's answer, whatever it is."""
        return self._post(held)

    def _post(self, page: Page) -> Page:
        form = page.root.forms[0]
        target = urljoin(page.url, form.action)
        return Page(self._http.post(target, data=form.form_values(), timeout=TIMEOUT_SECONDS))


@dataclass
class Meeting:
    """A tool and an LMS that can reach each other; `lms` is the address of the LMS, `tool` that of the tool."""

    application: Application
    tool: str
    lms: str
    data_dir: Path
    clock: Hours = field(default_factory=Hours)

    @property
    def parts(self) -> Parts:
        return self.application.parts

    def connect(self, deployment_id: str | None = "demo-1", **changes: str) -> None:
        """Make the LMS known to the tool, with a deployment that is approved."""
        values = {
            "issuer": self.lms,
            "client_id": "blindmark-demo",
            "name": "Demonstration LMS",
            "authorization_url": f"{self.lms}/lti/auth",
            "token_url": f"{self.lms}/lti/token",
            "jwks_url": f"{self.lms}/lti/jwks.json",
        }
        with self.parts.database.transaction() as session:
            register_platform(session, PlatformDetails(**(values | changes)), deployment_id)

    def guest(self, name: str, school: str = "") -> Guest:
        """Somebody who has signed in to the LMS."""
        guest = Guest()
        home = guest.get(f"{self.lms}{school}/")
        guest.submit(home, home.form(name), button=name)
        return guest

    def administrator(self) -> Visitor:
        """The tool's administrator, signed in."""
        with self.parts.database.transaction() as session:
            account, _ = create_administrator(session, "root", "a long password")
            set_password(session, account.id, PASSWORD)
        visitor = Visitor()
        page = visitor.get(f"{self.tool}/admin/sign-in")
        visitor.submit(page, page.form("Sign in"), {"username": "root", "password": PASSWORD})
        return visitor

    def approve(self, administrator: Visitor) -> None:
        """Let the one waiting deployment in."""
        page = administrator.get(f"{self.tool}/admin/platforms").expect("Waiting for your approval")
        administrator.submit(page, page.form("/approve"))

    def add_assignment(self, teacher: Guest, title: str, school: str = "", course: str = "/course") -> str:
        """Add an assignment by deep linking; give the address of its page in the LMS."""
        place = f"{self.lms}{school}{course}"
        page = teacher.get(teacher.get(teacher.get(place).link("Add Blindmark assignment")).frame())
        values = {"title": title, "points": "20", "description": "Argue.", "allow_assessment": "yes"}
        teacher.submit(page, page.form("Save and add to the course"), values, button="Save and add to the course")
        return teacher.get(place).expect(title).link(title)

    def state(self, school: str = "") -> dict[str, Any]:
        """What a school of the LMS knows."""
        return dict(Visitor().json(f"{self.lms}{school}/demo/state.json"))

    def answers(self, notice_type: str) -> list[int]:
        """Wait until a notice of this kind has gone out; give what the tool answered to each."""
        store = Store(self.data_dir / "platform.sqlite3")
        for _ in range(200):
            with store.transaction() as connection:
                found = connection.execute("SELECT status FROM sent_notices WHERE notice_type = ?", (notice_type,))
                statuses = [int(row["status"]) for row in found]
            if statuses:
                return statuses
            time.sleep(0.05)
        raise AssertionError(f"no notice {notice_type} went out")

    def work_off(self) -> None:
        """Do what is due, as a worker would."""
        chores = self.application.work.all_chores()
        self.application.work.tick(lambda name, arguments: chores[name].run(UUID(arguments[0])))

    def tenants(self) -> dict[str, Deployment]:
        """The tool's deployments by the titles of their courses."""
        with self.parts.database.transaction() as session:
            rows = session.execute(
                select(Context.title, Deployment).join(Deployment, Deployment.id == Context.tenant_id)
            )
            return {row.title: row.Deployment for row in rows}


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name is werkzeug's
        """Nothing is written to the terminal."""


def _ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


@contextmanager
def meeting(folder: Path, template: Path, make: Maker) -> Iterator[Meeting]:
    """Serve both until the block ends. To browsers they are two sites, as in real life."""
    tool_port, lms_port = _ports()
    tool, lms, clock = f"http://127.0.0.1:{tool_port}", f"http://localhost:{lms_port}", Hours()
    data = folder / "tool"
    data.mkdir(mode=0o700)
    (data / "blindmark.db").write_bytes(template.read_bytes())
    create_keyring(data / "keyring.json")
    settings = load_settings({"BLINDMARK_DATA_DIR": str(data), "BLINDMARK_BASE_URL": tool, "OPENAI_API_KEY": "k"})
    application = open_application(settings, clock=clock.moment)
    servers = [
        make_server("127.0.0.1", tool_port, application.web(), threaded=True, request_handler=_Quiet),
        make_server(
            "127.0.0.1", lms_port, make(lms, tool, folder / "lms", clock.seconds), threaded=True, request_handler=_Quiet
        ),
    ]
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield Meeting(application, tool, lms, folder / "lms", clock)
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        application.parts.database.dispose()


NAMES = {person.key: person.name for person in PEOPLE}
"""Names of the people of a school that has those of the tiny tool's."""
