"""A tool of a few lines for the platform's tests: its key on a loopback server, a clock to turn, and shortcuts."""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from re import findall
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from flask.testing import FlaskClient
from jwt.algorithms import RSAAlgorithm
from jwt.types import Options
from werkzeug.test import TestResponse

from lti_tool.demo.platform.app import create_app

ISSUER = "http://localhost:8801"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
ROSTER = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
NOON = 1_790_000_000.0  # 2026-09-21T14:13:20Z
ALL_SCOPES = " ".join([AGS + "lineitem", AGS + "result.readonly", AGS + "score", ROSTER])


@dataclass(frozen=True)
class SomePerson:
    key: str
    role: str
    given_name: str = "Ada"
    family_name: str = "Example"

    @property
    def user_id(self) -> str:
        return f"sub-{self.key}"

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def email(self) -> str:
        return f"{self.key}@school.example"

    @property
    def username(self) -> str:
        return self.key

    @property
    def sourcedid(self) -> str:
        return f"sis-{self.key}"


PEOPLE = [
    *(SomePerson(f"student{number}", "student", f"Student{number}") for number in range(12)),
    SomePerson("teacher", "teacher", "Tess"),
    SomePerson("ta", "assistant", "Tom"),
    SomePerson("admin", "administrator", "Ann"),
]


@cache
def _key(_kid: str) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _platform_pem() -> bytes:
    """Give one key for the platforms of all tests: making one takes longer than most tests."""
    return _key("platform").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class TinyTool:
    """The tool and the platform it talks to."""

    def __init__(self, tool_url: str, data_dir: Path) -> None:
        self.tool_url = tool_url
        self.data_dir = data_dir
        self.now = NOON
        self.keys: dict[str, RSAPrivateKey] = {}
        self.jwks_reads = 0
        self.add_key("k1")
        data_dir.mkdir(mode=0o700)
        self.platform_key.write_bytes(_platform_pem())
        self.restart()

    @property
    def platform_key(self) -> Path:
        return self.data_dir / "platform-key.pem"

    def restart(self) -> None:
        self.app = create_app(
            public_url=ISSUER,
            tool_url=self.tool_url,
            data_dir=self.data_dir,
            people=PEOPLE,
            clock=lambda: self.now,
        )

    def add_key(self, kid: str) -> None:
        self.keys[kid] = _key(kid)

    def jwks(self) -> dict[str, Any]:
        self.jwks_reads += 1
        return {
            "keys": [
                {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "alg": "RS256", "use": "sig"}
                for kid, key in self.keys.items()
            ]
        }

    def browser(self, key: str | None = None) -> FlaskClient:
        client = self.app.test_client()
        if key:
            assert self.post(client, "/sign-in", key=key).status_code == 303
        return client

    @staticmethod
    def get(client: FlaskClient, path: str, **query: str) -> TestResponse:
        return client.get(path, base_url=ISSUER, query_string=query)

    @staticmethod
    def post(client: FlaskClient, path: str, **form: str) -> TestResponse:
        return client.post(path, base_url=ISSUER, data=form)

    def start(self, client: FlaskClient, link_id: str = "deep-linking") -> dict[str, str]:
        return form_of(self.get(client, f"/launch/{link_id}"))

    def auth_request(self, login: dict[str, str], **changes: str) -> dict[str, str]:
        return {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": "blindmark-demo",
            "redirect_uri": f"{self.tool_url}/lti/launch",
            "state": "the state",
            "nonce": "the nonce",
            "login_hint": login["login_hint"],
            "lti_message_hint": login["lti_message_hint"],
        } | changes

    def authorise(self, login: dict[str, str], **changes: str) -> dict[str, str]:
        """Ask for the launch as a browser in a cross-site frame does: without the platform's cookie."""
        return form_of(self.get(self.browser(), "/lti/auth", **self.auth_request(login, **changes)))

    def read(self, id_token: str) -> dict[str, Any]:
        keys = jwt.PyJWKSet.from_dict(self.get(self.browser(), "/lti/jwks.json").get_json())
        key = keys[jwt.get_unverified_header(id_token)["kid"]]
        options: Options = {"verify_exp": False, "verify_iat": False}
        return dict(jwt.decode(id_token, key.key, ["RS256"], options, audience="blindmark-demo"))

    def launch(self, key: str, link_id: str = "deep-linking") -> dict[str, Any]:
        return self.read(self.authorise(self.start(self.browser(key), link_id))["id_token"])

    def sign(self, claims: dict[str, Any], kid: str = "k1", **more: Any) -> str:
        options: dict[str, Any] = {"algorithm": "RS256", "headers": {"kid": kid}} | more
        return jwt.encode(
            {name: value for name, value in claims.items() if value is not None}, self.keys[kid], **options
        )

    def deep_link_claims(self, items: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
        data = self.launch("teacher")[DL + "deep_linking_settings"]["data"]
        return {
            "iss": "blindmark-demo",
            "aud": ISSUER,
            "iat": self.now,
            "exp": self.now + 60,
            "nonce": secrets.token_hex(8),
            LTI + "message_type": "LtiDeepLinkingResponse",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": "demo-1",
            DL + "content_items": items,
            DL + "data": data,
        } | changes

    def item(self, **changes: Any) -> dict[str, Any]:
        return {
            "type": "ltiResourceLink",
            "title": "Essay <1>",
            "url": f"{self.tool_url}/lti/launch",
            "custom": {"assignment": "17"},
            "lineItem": {"scoreMaximum": 20, "label": "Essay one", "resourceId": "a17", "tag": "grade"},
        } | changes

    def send_deep_link(self, token: str) -> TestResponse:
        return self.post(self.browser(), "/lti/deep-link-return", JWT=token)

    def add_link(self) -> str:
        assert self.send_deep_link(self.sign(self.deep_link_claims([self.item()]))).status_code == 200
        return str(self.state()["links"][-1]["id"])

    def state(self) -> dict[str, Any]:
        return dict(self.get(self.browser(), "/demo/state.json").get_json())

    def assertion(self, **changes: Any) -> dict[str, Any]:
        return {
            "iss": "blindmark-demo",
            "sub": "blindmark-demo",
            "aud": f"{ISSUER}/lti/token",
            "iat": self.now,
            "exp": self.now + 60,
            "jti": secrets.token_hex(8),
        } | changes

    def ask_token(self, assertion: str, scope: str = ALL_SCOPES) -> TestResponse:
        return self.post(
            self.browser(),
            "/lti/token",
            grant_type="client_credentials",
            client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            client_assertion=assertion,
            scope=scope,
        )

    def service(self, scope: str = ALL_SCOPES) -> "Service":
        return Service(self, str(self.ask_token(self.sign(self.assertion()), scope).get_json()["access_token"]))


@dataclass
class Service:
    """Calls services with one access token."""

    tool: TinyTool
    token: str

    def __call__(self, method: str, url: str, body: object = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.tool.browser().open(
            url.removeprefix(ISSUER),
            method=method,
            base_url=ISSUER,
            data=None if body is None else json.dumps(body),
            headers={"Authorization": f"Bearer {self.token}"} | named,
        )


def form_of(response: TestResponse) -> dict[str, str]:
    """Read the fields of an auto-submitting form; its address is under `action`."""
    assert response.status_code == 200, response.text
    fields = {name: unescape(value) for name, value in findall(r'name="(\w+)" value="([^"]*)"', response.text)}
    return fields | {"action": unescape(findall(r'action="([^"]*)"', response.text)[0])}


@contextmanager
def running_tool(data_dir: Path) -> Iterator[TinyTool]:
    """Serve the tool's key set on loopback and give the tool."""
    tools: list[TinyTool] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps(tools[0].jwks()).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name the base class gives it
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        tools.append(TinyTool(f"http://127.0.0.1:{server.server_port}", data_dir))
        yield tools[0]
    finally:
        server.shutdown()
        server.server_close()
