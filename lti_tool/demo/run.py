"""The demonstration: a tool, an LMS and a provider on this machine, set up and connected with one command (O1)."""

import json
import shutil
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final, TextIO

from sqlalchemy import select

from config.settings import Settings, load_settings
from grading.models import Administrator, Registration
from grading.tenancy import PlatformDetails, register_platform
from lti_tool.admin_accounts import create_administrator, reset_password
from lti_tool.demo.processes import DemoFailed, Processes, clean_environment, free_ports, port_is_free
from lti_tool.wiring import open_parts

FIRST_PORT: Final = 8800
DATA_DIR: Final = Path(".blindmark/demo")
CLIENT_ID: Final = "blindmark-demo"
DEPLOYMENT_ID: Final = "demo-1"
ADMIN: Final = "admin"
API_KEY: Final = "demonstration-key"
NOTICE: Final = (
    "Demonstration grader: the proposals here come from a small program on this machine, not from a language model."
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the three parts listen. The tool and the LMS are different sites to a browser, as in real life."""

    tool_port: int
    lms_port: int
    provider_port: int

    @property
    def tool(self) -> str:
        """Blindmark."""
        return f"http://127.0.0.1:{self.tool_port}"

    @property
    def lms(self) -> str:
        """The demonstration LMS."""
        return f"http://localhost:{self.lms_port}"

    @property
    def provider(self) -> str:
        """The stand-in for OpenAI."""
        return f"http://127.0.0.1:{self.provider_port}"


@dataclass(frozen=True, slots=True)
class Started:
    """A running demonstration."""

    addresses: Addresses
    processes: Processes
    password: str | None
    """One-time password of the administrator; None once a person has chosen another."""
    settings: Settings


class Demonstration:
    """One demonstration in one directory. What was done in it is kept until `reset`."""

    def __init__(self, data_dir: Path, output: TextIO, *, first_port: int | None = FIRST_PORT) -> None:
        self._data_dir = data_dir
        self._output = output
        self._first_port = first_port

    def start(self, *, provider_seconds: float = 6.0) -> Started:
        """Set up what is missing and start all parts.

        Raises:
            DemoFailed: a port is taken or a part does not start.
        """
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        addresses = self._addresses()
        environment = self._environment(addresses)
        settings = load_settings(environment)
        processes = Processes(self._data_dir / "logs")
        try:
            self._say("preparing the database and the key ring")
            password = self._prepare(settings, addresses)
            if environment["OPENAI_BASE_URL"].startswith(addresses.provider):
                self._say("starting the demonstration grader (no OPENAI_API_KEY is set)")
                self._start_provider(processes, addresses, environment, provider_seconds)
            else:
                self._say("using OpenAI with your OPENAI_API_KEY")
            self._say("starting the demonstration LMS")
            self._start_lms(processes, addresses, environment)
            self._say("starting Blindmark")
            processes.start(
                "tool",
                ["-m", "lti_tool.cli", "serve", "--host", "127.0.0.1", "--port", str(addresses.tool_port)],
                environment,
            )
            processes.wait_until_answering("lms", f"{addresses.lms}/")
            processes.wait_until_answering("tool", f"{addresses.tool}/healthz")
        except BaseException:
            processes.stop()
            raise
        return Started(addresses, processes, password, settings)

    def run(self) -> None:
        """Start, say where to look, and stay until Ctrl-C."""
        begun = time.monotonic()
        started = self.start()
        stop = threading.Event()

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, on_signal)
        try:
            self._welcome(started, time.monotonic() - begun)
            while not stop.wait(1.0):
                started.processes.check()
        finally:
            self._say("stopping")
            started.processes.stop()
        self._say("stopped; your data is kept (make demo-reset forgets it)")

    def reset(self) -> None:
        """Forget everything that was done in the demonstration.

        Raises:
            DemoFailed: it is still running.
        """
        if not self._data_dir.exists():
            self._say("there was nothing to forget")
            return
        if not self._ports_free():
            raise DemoFailed("The demonstration is still running. Stop it with Ctrl-C first.")
        shutil.rmtree(self._data_dir)
        self._say("forgotten: the next make demo starts anew")

    def _ports_free(self) -> bool:
        path = self._data_dir / "demo.json"
        if not path.exists():
            return True
        return all(port_is_free(int(port)) for port in json.loads(path.read_text()).values())

    def _addresses(self) -> Addresses:
        path = self._data_dir / "demo.json"
        if path.exists():
            known = json.loads(path.read_text())
            addresses = Addresses(known["tool"], known["lms"], known["provider"])
            for port in (addresses.tool_port, addresses.lms_port, addresses.provider_port):
                if not port_is_free(port):
                    raise DemoFailed(
                        f"Port {port} is in use, perhaps by another running demonstration. "
                        "Stop it, or start anew on other ports with: make demo-reset demo"
                    )
            return addresses
        tool, lms, provider = free_ports(3, self._first_port)
        path.write_text(json.dumps({"tool": tool, "lms": lms, "provider": provider}))
        return Addresses(tool, lms, provider)

    def _environment(self, addresses: Addresses) -> dict[str, str]:
        environment = clean_environment()
        environment |= {
            "BLINDMARK_BASE_URL": addresses.tool,
            "BLINDMARK_DATA_DIR": str(self._data_dir.absolute()),
            "BLINDMARK_BATCH_MINIMUM_ITEMS": "1",
            "BLINDMARK_TICK_SECONDS": "1",
            "BLINDMARK_BATCH_POLL_SECONDS": "1",
            "BLINDMARK_LOG_FORMAT": "text",
            "PYTHONUNBUFFERED": "1",
        }
        if not environment.get("OPENAI_API_KEY"):
            environment |= {
                "OPENAI_API_KEY": API_KEY,
                "OPENAI_BASE_URL": f"{addresses.provider}/v1",
                "BLINDMARK_NOTICE": NOTICE,
                "BLINDMARK_PROVIDER_LABEL": "the demonstration grader on this machine",
            }
        environment.setdefault("OPENAI_BASE_URL", "https://api.openai.com/v1")
        return environment

    def _prepare(self, settings: Settings, addresses: Addresses) -> str | None:
        parts = open_parts(settings)
        try:
            with parts.database.transaction() as session:
                if session.execute(select(Registration.id)).first() is None:
                    register_platform(session, _platform(addresses), DEPLOYMENT_ID)
                account = session.execute(
                    select(Administrator).where(Administrator.username == ADMIN)
                ).scalar_one_or_none()
                if account is None:
                    return create_administrator(session, ADMIN)[1]
                return reset_password(session, account) if account.must_change_password else None
        finally:
            parts.database.dispose()

    def _start_provider(
        self, processes: Processes, addresses: Addresses, environment: dict[str, str], seconds: float
    ) -> None:
        processes.start(
            "grader",
            [
                "-m",
                "lti_tool.demo.grader",
                "--host",
                "127.0.0.1",
                "--port",
                str(addresses.provider_port),
                "--data-dir",
                str((self._data_dir / "provider").absolute()),
                "--api-key",
                API_KEY,
                "--seconds",
                str(seconds),
            ],
            environment,
        )
        processes.wait_until_answering("grader", f"{addresses.provider}/v1/models")

    def _start_lms(self, processes: Processes, addresses: Addresses, environment: dict[str, str]) -> None:
        processes.start(
            "lms",
            [
                "-m",
                "lti_tool.demo.platform",
                "--host",
                "127.0.0.1",
                "--port",
                str(addresses.lms_port),
                "--public-url",
                addresses.lms,
                "--data-dir",
                str((self._data_dir / "lms").absolute()),
                "--tool-url",
                addresses.tool,
            ],
            environment,
        )

    def _welcome(self, started: Started, seconds: float) -> None:
        addresses = started.addresses
        password = (
            f"user {ADMIN}, one-time password {started.password}"
            if started.password
            else f"user {ADMIN}, with the password you chose"
        )
        print(
            f"\nReady after {seconds:.1f} seconds. Ctrl-C stops everything and keeps your data.\n\n"
            f"  1  Demonstration LMS      {addresses.lms}/\n"
            f"     sign in as anybody in the course; teachers add assignments, students hand in\n"
            f"  2  Blindmark's queue      {addresses.tool}/admin\n"
            f"     {password}\n"
            f"  3  The gradebook          {addresses.lms}/gradebook\n",
            file=self._output,
            flush=True,
        )

    def _say(self, words: str) -> None:
        print(f"· {words}", file=self._output, flush=True)


def _platform(addresses: Addresses) -> PlatformDetails:
    return PlatformDetails(
        issuer=addresses.lms,
        client_id=CLIENT_ID,
        name="Demonstration LMS",
        authorization_url=f"{addresses.lms}/lti/auth",
        token_url=f"{addresses.lms}/lti/token",
        jwks_url=f"{addresses.lms}/lti/jwks.json",
    )


def run_demonstration() -> None:
    """What `make demo` does."""
    Demonstration(DATA_DIR, sys.stdout).run()


def reset_demonstration() -> None:
    """What `make demo-reset` does."""
    Demonstration(DATA_DIR, sys.stdout).reset()
