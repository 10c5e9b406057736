"""A whole tool in one process, connected with a platform, and browsers that visit it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

from config.settings import load_settings
from grading.tenancy import PlatformDetails, register_platform
from lti_tool.lti import claims as names
from lti_tool.parts import Parts
from lti_tool.wiring import Application, open_application
from privacy.keyring import create_keyring
from tests.lti_tool.lms import CLIENT_ID, DEPLOYMENT_ID, MEMBERSHIP, Platform

BASE_URL = "http://127.0.0.1:8800"


@dataclass
class Tool:
    """The tool under test."""

    application: Application
    flask: Flask
    platform: Platform

    @property
    def parts(self) -> Parts:
        return self.application.parts

    def browser(self) -> "Browser":
        """A browser that has never been here."""
        return Browser(self, self.flask.test_client())


@dataclass
class Browser:
    """One browser: keeps cookies, launches, fills in forms by their labels' field names."""

    tool: Tool
    client: FlaskClient

    def get(self, path: str, **arguments: Any) -> TestResponse:
        return self.client.get(path, base_url=BASE_URL, **arguments)

    def post(self, path: str, **arguments: Any) -> TestResponse:
        return self.client.post(path, base_url=BASE_URL, **arguments)

    def login(self, **changes: str) -> tuple[str, str]:
        """Go through the login; returns state and nonce."""
        values = {
            "iss": self.tool.platform.url,
            "login_hint": "hint",
            "target_link_uri": f"{BASE_URL}/lti/launch",
            "client_id": CLIENT_ID,
            **changes,
        }
        response = self.post("/lti/login", data=values)
        assert response.status_code == 302, response.get_data(as_text=True)
        query = parse_qs(urlsplit(response.headers["Location"]).query)
        return query["state"][0], query["nonce"][0]

    def send(self, state: str, token: str) -> TestResponse:
        return self.post("/lti/launch", data={"state": state, "id_token": token})

    def launch(self, **changes: Any) -> str:
        """A good launch, changed as asked; returns the path of the visit."""
        state, nonce = self.login()
        claims = self.tool.platform.claims(nonce, f"{BASE_URL}/lti/launch", **changes)
        response = self.send(state, self.tool.platform.sign(claims))
        assert response.status_code == 303, response.get_data(as_text=True)
        return urlsplit(response.headers["Location"]).path

    def launch_as(self, role: str, **changes: Any) -> str:
        """A launch with one context role."""
        return self.launch(**{names.ROLES: [MEMBERSHIP + role], **changes})

    def submit(self, path: str, action: str, values: dict[str, Any], **arguments: Any) -> TestResponse:
        """Open a page, take the token of its form with this action, and post the form."""
        page = self.get(path, follow_redirects=True)
        root = html.document_fromstring(page.get_data(as_text=True))
        for form in root.forms:
            targets = [form.get("action") or page.request.path, *form.xpath(".//button/@formaction")]
            target = next((one for one in targets if one.endswith(action)), None)
            if target is not None and form.method == "POST":
                fields = [(name, value) for name, value in form.form_values() if name not in values]
                data: dict[str, Any] = {}
                for name, value in fields:
                    data.setdefault(name, []).append(value)
                return self.post(target, data=data | values, **arguments)
        raise AssertionError(f"no form {action} on {page.request.path}: {text_of(page)[:400]}")


def text_of(response: TestResponse) -> str:
    """The words of a page."""
    content = re.sub(r"<(script|style).*?</\1>", "", response.get_data(as_text=True), flags=re.DOTALL)
    return " ".join(html.document_fromstring(content).text_content().split())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the tool each database in turn, in tests that are marked for both."""
    if "tool" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("tool", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def tool(tmp_path: Path, sqlite_template: Path, request: pytest.FixtureRequest) -> Iterator[Tool]:
    """A tool connected with a running platform; on SQLite, or where a test says so on PostgreSQL too."""
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    values = {"BLINDMARK_DATA_DIR": str(data), "OPENAI_API_KEY": "k", "BLINDMARK_BATCH_MINIMUM_ITEMS": "1"}
    if getattr(request, "param", "sqlite") == "postgresql":
        request.getfixturevalue("postgresql_database")
        values["DATABASE_URL"] = request.getfixturevalue("postgresql_url")
    else:
        (data / "blindmark.db").write_bytes(sqlite_template.read_bytes())
    create_keyring(data / "keyring.json")
    application = open_application(load_settings(values))
    platform = Platform()
    with application.parts.database.transaction() as session:
        register_platform(
            session,
            PlatformDetails(
                issuer=platform.url,
                client_id=CLIENT_ID,
                name="Test LMS",
                authorization_url=f"{platform.url}/auth",
                token_url=f"{platform.url}/token",
                jwks_url=f"{platform.url}/jwks",
            ),
            DEPLOYMENT_ID,
        )
    flask = application.web()
    flask.testing = True
    flask.config["PROPAGATE_EXCEPTIONS"] = False
    yield Tool(application, flask, platform)
    platform.stop()
    application.parts.database.dispose()
