"""A platform for tests: signs launches with its own key and answers services, over real HTTP on loopback."""

import json
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from config.clock import utc_now
from lti_tool.lti import claims as names

CLIENT_ID = "client-1"
DEPLOYMENT_ID = "deployment-1"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
Answer = tuple[int, dict[str, str], bytes]


def rsa_key() -> rsa.RSAPrivateKey:
    """A key pair."""
    return rsa.generate_private_key(65537, 2048)


@cache
def _usual_key() -> rsa.RSAPrivateKey:
    """The key that platforms begin with: making one for each would take longer than most tests."""
    return rsa_key()


def jwk(key: rsa.RSAPrivateKey, kid: str, **values: str) -> dict[str, Any]:
    """The public half as a JWK."""
    public: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    return {**public, "kid": kid, "alg": "RS256", "use": "sig", **values}


class Platform:
    """One LMS. `routes` maps (method, path) to a function of (query, headers, body)."""

    def __init__(self) -> None:
        self.key, self.kid = _usual_key(), "platform-key"
        self.keys = [jwk(self.key, self.kid)]
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.routes: dict[tuple[str, str], Callable[[str, dict[str, str], bytes], Answer]] = {
            ("GET", "/jwks"): lambda *_: (200, {}, json.dumps({"keys": self.keys}).encode()),
            ("POST", "/token"): lambda *_: (
                200,
                {"Content-Type": "text/html"},
                json.dumps({"access_token": "token-1", "token_type": "Bearer", "expires_in": 3600}).encode(),
            ),
        }
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def paths(self, method: str) -> list[str]:
        """Paths asked for with a method, in order."""
        return [path for asked, path, _, _ in self.requests if asked == method]

    def claims(self, issued: str, target: str, /, **changes: Any) -> dict[str, Any]:
        """The claims of a good launch; a change to None takes a claim out."""
        now = int(utc_now().timestamp())
        made: dict[str, Any] = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": "user-1",
            "iat": now,
            "exp": now + 60,
            "nonce": issued,
            "name": "Mira Okafor",
            "given_name": "Mira",
            "family_name": "Okafor",
            "email": "mira@example.org",
            names.VERSION: "1.3.0",
            names.MESSAGE_TYPE: names.RESOURCE_LINK_REQUEST,
            names.DEPLOYMENT_ID: DEPLOYMENT_ID,
            names.TARGET_LINK_URI: target,
            names.ROLES: [MEMBERSHIP + "Learner"],
            names.CONTEXT: {"id": "c1", "title": "Introduction to Ethics", "label": "PHIL 101"},
            names.RESOURCE_LINK: {"id": "link-1", "title": "Lying"},
            names.AGS: {
                "scope": [names.SCOPE_LINEITEM, names.SCOPE_SCORE],
                "lineitems": f"{self.url}/lineitems",
                "lineitem": f"{self.url}/lineitems/1?type_id=3",
            },
            names.NRPS: {"context_memberships_url": f"{self.url}/members", "service_versions": ["2.0"]},
        }
        return {name: value for name, value in (made | changes).items() if value is not None}

    def deep_linking(self) -> dict[str, Any]:
        """Claims that turn a launch into a deep linking request."""
        return {
            names.MESSAGE_TYPE: names.DEEP_LINKING_REQUEST,
            names.RESOURCE_LINK: None,
            names.ROLES: [MEMBERSHIP + "Instructor"],
            names.DEEP_LINKING: {
                "deep_link_return_url": f"{self.url}/return",
                "accept_types": ["ltiResourceLink"],
                "accept_presentation_document_targets": ["iframe"],
                "data": "opaque & <data>",
            },
        }

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """An id_token."""
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": self.kid, **header})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        platform = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                path, _, query = self.path.partition("?")
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                platform.requests.append((self.command, self.path, headers, body))
                route = platform.routes.get((self.command, path))
                status, extra, content = route(query, headers, body) if route else (404, {}, b"")
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with suppress(BrokenPipeError):
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - names of the standard library

            def log_message(self, *_: object) -> None:
                """Nothing is written to the terminal."""

        return Handler


def fresh_subject() -> str:
    """An opaque `sub`."""
    return uuid.uuid4().hex
