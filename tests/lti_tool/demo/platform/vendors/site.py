"""The stand-in for Moodle under the address that the captures have, without a network: browsers, and a tool's key."""

from dataclasses import dataclass, field
from functools import cache
from html import unescape
from re import findall
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lti_tool.demo.platform.errors import AssertionRefused
from lti_tool.demo.platform.keys import ToolKeys
from lti_tool.demo.platform.vendors.moodle import FIRST_TOOL, Moodle, create_app
from lti_tool.demo.platform.vendors.moodle.launches import COOKIE
from tests.lti_tool.demo.platform.vendors.running import (
    CAPTURED,
    activities,
    administrators,
    captured,
    first_tool,
    items,
    people,
)

CLIENT_ID = "jcNkM7X2qHSppSN"
KEY_ID = "1afbb2384a12"
NOW = 1795218000


@cache
def key(name: str) -> RSAPrivateKey:
    """A key pair, made once."""
    return generate_private_key(public_exponent=65537, key_size=2048)


class KnownKeys(ToolKeys):
    """The tool's key set, known without asking for it."""

    def find(self, kid: str) -> RSAPublicKey:
        """The key that tests sign with."""
        if kid != KEY_ID:
            raise AssertionRefused("The token is signed with a key the tool does not publish.")
        return key("tool").public_key()


@dataclass
class Site:
    """One Moodle and who visits it."""

    moodle: Moodle
    app: Flask
    now: float = NOW
    clients: dict[str, FlaskClient] = field(default_factory=dict)

    def browser(self, user_id: str | None = None) -> FlaskClient:
        """A browser, signed in as somebody or as nobody."""
        client = self.app.test_client()
        if user_id is not None:
            client.set_cookie(COOKIE, self.moodle.sign_in(user_id), domain="moodle.example")
        return client

    def open(self, address: str, method: str = "GET", client: FlaskClient | None = None, **more: Any) -> TestResponse:
        """Ask for an address of the site."""
        path = address.removeprefix(CAPTURED)
        return (client or self.browser()).open(path, method=method, base_url=CAPTURED, **more)

    def begin(self, client: FlaskClient, module: int = 2, **query: str) -> dict[str, str]:
        """Open an activity; returns the login that the tool gets."""
        return form_of(self.open("/mod/lti/launch.php", client=client, query_string={"id": str(module)} | query))

    def message(self, client: FlaskClient, login: dict[str, str], **changes: str) -> dict[str, Any]:
        """The claims of the message that follows a login."""
        answer = self.open("/mod/lti/auth.php", client=client, query_string=authorisation(login) | changes)
        options: Any = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
        token = form_of(answer)["id_token"]
        return dict(jwt.decode(token, self.moodle.key.public_key(), ["RS256"], options))


def site() -> Site:
    """A site in the state in which the real one was captured."""
    tool = first_tool(KnownKeys(""), CLIENT_ID)
    moodle = Moodle(CAPTURED, {FIRST_TOOL: tool}, people(), administrators(), items=items(), activities=activities())
    moodle.key = key("site")
    found = Site(moodle, create_app(moodle))
    moodle.non_editing_teachers, moodle.keys_of, moodle.clock = {"4"}, KnownKeys, lambda: found.now
    return found


def sign(claims: dict[str, Any], kid: str = KEY_ID, by: str = "tool") -> str:
    """A token of the tool."""
    return jwt.encode(claims, key(by), algorithm="RS256", headers={"kid": kid})


def authorisation(login: dict[str, str]) -> dict[str, str]:
    """What the captured tool asked for after a login."""
    asked: dict[str, str] = captured(10)["2_authentication_request"]["params"]
    hints = {name: login[name] for name in ("login_hint", "lti_message_hint")}
    return asked | hints | {"state": "S1", "nonce": "N1"}


def form_of(answer: TestResponse) -> dict[str, str]:
    """The fields of a page that posts itself; its address is under `action`."""
    assert answer.status_code == 200, answer.text
    fields = {name: unescape(value) for name, value in findall(r'name="(\w+)" value="([^"]*)"', answer.text)}
    return fields | {"action": unescape(findall(r'action="([^"]*)"', answer.text)[0])}
