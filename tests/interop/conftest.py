"""Other people's LMS code as a process of its own, and the tool as a server that it can reach."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import html
from werkzeug.serving import make_server

from config.settings import load_settings
from grading.tenancy import PlatformDetails, register_platform
from lti_tool.wiring import Application, open_application
from privacy.keyring import create_keyring
from tests import services

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-interop" / "bin" / "python"


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Meeting:
    """The tool and Open edX, connected."""

    application: Application
    tool: str
    platform: str

    def state(self) -> dict[str, Any]:
        """What Open edX has stored."""
        found: dict[str, Any] = requests.get(f"{self.platform}/control/state", timeout=10).json()
        return found

    def visitor(self) -> "Visitor":
        """A browser."""
        return Visitor(self)


class Visitor:
    """A browser that follows the forms of a launch by hand, so that each step can be looked at."""

    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting
        self.http = requests.Session()
        self.http.headers["Sec-Fetch-Dest"] = "document"

    def begin(self, user: int, **query: str) -> dict[str, str]:
        """Go through the login up to the form that Open edX would post; returns its fields."""
        start = self._get(f"{self.meeting.platform}/control/launch", params={"user": str(user), **query})
        login = self._get(start.headers["Location"])
        assert login.status_code == 302, login.text
        for cookie in list(login.cookies):
            # Both sides are plain HTTP on this machine, where browsers keep Secure cookies all the same.
            cookie.secure = False
            self.http.cookies.set_cookie(cookie)
        page = self._get(login.headers["Location"])
        form = html.document_fromstring(page.text).forms[0]
        return {str(name): str(value) for name, value in form.form_values()}

    def arrive(self, fields: dict[str, str]) -> requests.Response:
        """Post the launch."""
        return self.http.post(f"{self.meeting.tool}/lti/launch", data=fields, allow_redirects=False, timeout=20)

    def launch(self, user: int, **query: str) -> str:
        """A whole launch; returns the address of the visit."""
        answer = self.arrive(self.begin(user, **query))
        assert answer.status_code == 303, answer.text
        return f"{self.meeting.tool}{answer.headers['Location']}"

    def page(self, address: str) -> requests.Response:
        """Open a page of the tool."""
        return self.http.get(address, timeout=20)

    def submit(self, address: str, ending: str, values: dict[str, str]) -> requests.Response:
        """Fill in the form whose action has this ending."""
        page = self.page(address)
        root = html.document_fromstring(page.text, base_url=page.url)
        for form in root.forms:
            action = form.get("action") or page.url
            if action.endswith(ending) and form.method == "POST":
                data = [(name, value) for name, value in form.form_values() if name not in values]
                target = action if "://" in action else f"{self.meeting.tool}{action}"
                return self.http.post(target, data=[*data, *values.items()], timeout=20)
        raise AssertionError(f"no form {ending} on {page.url}")

    def _get(self, address: str, **arguments: Any) -> requests.Response:
        return self.http.get(address, allow_redirects=False, timeout=20, **arguments)


@pytest.fixture(scope="session")
def interop_environment() -> Path:
    """Open edX's packages, installed from their own lock file."""
    done = subprocess.run(["make", "interop-env"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=100)
    if done.returncode:
        services.missing("Open edX")
    return PYTHON


@pytest.fixture(scope="module")
def meeting(
    interop_environment: Path, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[Meeting]:
    """Both sides, running and connected."""
    tool_port, platform_port = free_port(), free_port()
    tool = f"http://127.0.0.1:{tool_port}"
    data = tmp_path_factory.mktemp("interop") / "data"
    data.mkdir(mode=0o700)
    (data / "blindmark.db").write_bytes(sqlite_template.read_bytes())
    settings = load_settings({"BLINDMARK_DATA_DIR": str(data), "BLINDMARK_BASE_URL": tool, "OPENAI_API_KEY": "k"})
    create_keyring(settings.effective_keyring)
    application = open_application(settings)
    server = make_server("127.0.0.1", tool_port, application.web(), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    serve = Path(__file__).parent / "openedx" / "serve.py"
    with subprocess.Popen(
        [interop_environment, serve, str(platform_port), tool],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as platform:
        assert platform.stdout is not None
        assert platform.stdout.readline().strip() == "ready"
        home = f"http://localhost:{platform_port}"
        facts = requests.get(f"{home}/control/facts", timeout=10).json()
        details = PlatformDetails(
            issuer=facts["issuer"],
            client_id=facts["client_id"],
            name="Open edX",
            authorization_url=facts["authorization_url"],
            token_url=facts["token_url"],
            jwks_url=facts["jwks_url"],
        )
        with application.parts.database.transaction() as session:
            register_platform(session, details, facts["deployment_id"])
        yield Meeting(application, tool, home)
        platform.terminate()
    server.shutdown()
    application.parts.database.dispose()
