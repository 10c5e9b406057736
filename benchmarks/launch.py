"""A full login and launch: Blindmark beside a bare PyLTI1p3 tool that only validates. Prints times and their ratios.

    python benchmarks/launch.py [launches]

Both run in this process behind Flask's test client, against the same signing key. The bare tool keeps its launch data
in memory and writes nothing anywhere; it is measured as the library comes, which asks for the platform's keys at every
launch, and once more with the library's key caching switched on. Blindmark checks more, notes course, person, role and
link in SQLite, compares the sealed name, writes the audit log and opens a visit.

All take turns, and whoever began a round ends the next one. Time is that of the clock and that of this process, in
which the platform's key set is served too; what the platform takes to sign a message is taken off both.
"""

import json
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, redirect, request
from pylti1p3.contrib.flask import FlaskMessageLaunch, FlaskOIDCLogin, FlaskRequest
from pylti1p3.launch_data_storage.base import LaunchDataStorage
from pylti1p3.tool_config import ToolConfDict
from sqlalchemy import event, update

from config.settings import load_settings
from grading.models import Context
from grading.tenancy import PlatformDetails, register_platform
from lti_tool.wiring import open_application

BASE = "http://127.0.0.1:8800"
CLIENT, DEPLOYMENT = "client-1", "deployment-1"
SIGNING, BARE = "signing", "bare PyLTI1p3, validates only"
WARMING_UP = 20
LTI = "https://purl.imsglobal.org/spec/lti/claim/"


class Keys:
    """The platform: a key set behind HTTP, and launches signed with its key."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65537, 2048)
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        content = json.dumps({"keys": [{**public, "kid": "k", "alg": "RS256", "use": "sig"}]}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Nothing is written to the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def token(self, nonce: str, person: str) -> str:
        """A resource link launch of one person."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": person,
            "iat": now,
            "exp": now + 60,
            "nonce": nonce,
            "name": "Mira Okafor",
            "email": "mira@example.org",
            LTI + "version": "1.3.0",
            LTI + "message_type": "LtiResourceLinkRequest",
            LTI + "deployment_id": DEPLOYMENT,
            LTI + "target_link_uri": f"{BASE}/lti/launch",
            LTI + "roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
            LTI + "context": {"id": "c1", "title": "Ethics"},
            LTI + "resource_link": {"id": "l1", "title": "Essay"},
            "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {"scope": [], "lineitems": f"{self.url}/items"},
            "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice": {
                "context_memberships_url": f"{self.url}/people"
            },
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": "k"})


class Memory(LaunchDataStorage[Any]):
    """What the library keeps between login and launch."""

    def __init__(self) -> None:
        self._kept: dict[str, Any] = {}

    def can_set_keys_expiration(self) -> bool:
        """Nothing expires here."""
        return False

    def get_value(self, key: str) -> Any:
        """What was kept."""
        return self._kept.get(key)

    def set_value(self, key: str, value: Any, exp: int | None = None) -> None:
        """Keep something."""
        self._kept[key] = value

    def check_value(self, key: str) -> bool:
        """Whether something was kept."""
        return key in self._kept


def bare_tool(keys: Keys, *, caching: bool) -> Flask:
    """A tool of the library alone: validates, answers with one word."""
    app, memory = Flask("bare"), Memory()
    app.secret_key = uuid.uuid4().hex
    pem = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    config = ToolConfDict(
        {
            keys.url: [
                {
                    "default": True,
                    "client_id": CLIENT,
                    "auth_login_url": f"{keys.url}/auth",
                    "auth_token_url": f"{keys.url}/token",
                    "key_set_url": f"{keys.url}/jwks",
                    "deployment_ids": [DEPLOYMENT],
                }
            ]
        }
    )
    config.set_private_key(keys.url, pem.decode(), client_id=CLIENT)

    @app.route("/lti/login", methods=["GET", "POST"])
    def login() -> Any:
        found = FlaskOIDCLogin(FlaskRequest(), config, launch_data_storage=memory)
        return found.redirect(request.values["target_link_uri"])

    @app.post("/lti/launch")
    def launch() -> Any:
        found = FlaskMessageLaunch(FlaskRequest(), config, launch_data_storage=memory)
        if caching:
            found.set_public_key_caching(memory)
        return redirect(f"/{found.get_launch_data()['sub']}", 303)

    return app


def blindmark(keys: Keys, folder: Path) -> Flask:
    """The whole tool, connected with the platform."""
    settings = load_settings({"BLINDMARK_DATA_DIR": str(folder / "data"), "BLINDMARK_LOG_LEVEL": "ERROR"})
    application = open_application(settings, migrate=True)
    details = PlatformDetails(keys.url, CLIENT, "Bench", f"{keys.url}/auth", f"{keys.url}/token", f"{keys.url}/jwks")
    with application.parts.database.transaction() as session:
        register_platform(session, details, DEPLOYMENT)
    return application.web()


def statements_of(app: Flask, keys: Keys, person: Callable[[], str]) -> tuple[int, int]:
    """The fewest and the most statements that a launch sends: one is more when its platform has to be read anew.

    Counted apart, in a process that has seen one launch: noting them takes time too.
    """
    engine = app.extensions["blindmark"].database.engine
    counts = [0]
    """Of a login, of its launch, of the next login, and so on."""

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counts[-1] += not statement.startswith(("BEGIN", "COMMIT", "PRAGMA"))

    event.listen(engine, "before_cursor_execute", note)
    for _ in range(5):
        one_launch(app, keys, person(), between=lambda: counts.append(0))
        counts.append(0)
    event.remove(engine, "before_cursor_execute", note)
    return min(counts[1::2]), max(counts[1::2])


def read_roster(app: Flask) -> None:
    """The course's roster was read a moment ago, as in a course where people have been before."""
    parts = app.extensions["blindmark"]
    with parts.database.transaction() as session:
        session.execute(update(Context).values(roster_read_at=parts.clock()))


def one_launch(app: Flask, keys: Keys, person: str, between: Callable[[], object] = lambda: None) -> None:
    """Login and launch in a browser of its own; something may be done between the two."""
    browser = app.test_client()
    values = {
        "iss": keys.url,
        "login_hint": "h",
        "client_id": CLIENT,
        "target_link_uri": f"{BASE}/lti/launch",
        "lti_message_hint": "m",
    }
    login = browser.post("/lti/login", data=values, base_url=BASE)
    query = parse_qs(urlsplit(login.headers["Location"]).query)
    token = keys.token(query["nonce"][0], person)
    between()
    done = browser.post("/lti/launch", data={"state": query["state"][0], "id_token": token}, base_url=BASE)
    if done.status_code not in (302, 303):
        raise SystemExit(f"a launch failed with {done.status_code}: {done.get_data(as_text=True)[:300]}")


@dataclass(frozen=True, slots=True)
class Taken:
    """What each run took, in milliseconds."""

    clock: list[float] = field(default_factory=list)
    process: list[float] = field(default_factory=list)


def timed(runs: dict[str, Callable[[], object]], times: int) -> dict[str, Taken]:
    """Take turns, so that whatever else the machine does slows all of them."""
    taken = {name: Taken() for name in runs}
    order = list(runs)
    for _ in range(times):
        for name in order:
            clock, process = time.perf_counter(), time.process_time()
            runs[name]()
            taken[name].process.append((time.process_time() - process) * 1000)
            taken[name].clock.append((time.perf_counter() - clock) * 1000)
        order.append(order.pop(0))
    return taken


def opened(keys: Keys, folder: Path, name: str) -> Flask:
    """The whole tool, in which one person has been in a course whose roster was read."""
    app = blindmark(keys, folder / name)
    one_launch(app, keys, "known")
    read_roster(app)
    return app


def shown(taken: list[float], signing: float, base: float) -> str:
    """Median, 95th percentile, and how the median stands to the bare tool's."""
    middle, most = statistics.median(taken) - signing, statistics.quantiles(taken, n=20)[-1] - signing
    return f"{middle:7.2f} ms {most:7.2f} ms {middle / base:6.2f} x"


def main() -> None:
    """Measure, and print."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    keys = Keys()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known = statements_of(opened(keys, folder, "known"), keys, lambda: "known")
        new = statements_of(opened(keys, folder, "new"), keys, lambda: uuid.uuid4().hex)
        ours, bare, cached = opened(keys, folder, "ours"), bare_tool(keys, caching=False), bare_tool(keys, caching=True)
        runs: dict[str, Callable[[], object]] = {
            SIGNING: lambda: keys.token("n", "p"),
            BARE: lambda: one_launch(bare, keys, "known"),
            "the same, keys cached": lambda: one_launch(cached, keys, "known"),
            "Blindmark, a known person": lambda: one_launch(ours, keys, "known"),
            "Blindmark, a new person": lambda: one_launch(ours, keys, uuid.uuid4().hex),
        }
        timed(runs, WARMING_UP)
        rows = timed(runs, times)
    signing = rows.pop(SIGNING)
    clock, process = statistics.median(signing.clock), statistics.median(signing.process)
    by_clock = statistics.median(rows[BARE].clock) - clock
    by_process = statistics.median(rows[BARE].process) - process
    sys.stdout.write(f"{'median, 95th percentile, ratio':<32}{'by the clock':^32}{'of the process':^32}\n")
    for run, taken in rows.items():
        left, right = shown(taken.clock, clock, by_clock), shown(taken.process, process, by_process)
        sys.stdout.write(f"{run:<32}{left}   {right}\n")
    sys.stdout.write(
        f"statements in the launch itself: {known[0]} (known person), {new[0]} (new person); "
        f"{known[1]} and {new[1]} when the platform is read anew\n"
    )


if __name__ == "__main__":
    main()
