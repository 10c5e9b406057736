"""An installation under observation: every process with its own log and temporary directory, every wire tapped."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from sqlalchemy import text
from sqlalchemy.engine import make_url

from config.database import Database, open_database
from config.settings import load_settings
from grading.tenancy import PlatformDetails, register_platform
from lti_tool.admin_accounts import create_administrator
from lti_tool.demo.processes import Processes, clean_environment, free_ports
from lti_tool.wiring import open_parts
from tests import services
from tests.journeys.hunt.needles import Found, Hunt, Place
from tests.journeys.hunt.recorders import Relay, Wire

ADMIN = "hunter"
API_KEY = "key-of-the-hunted-installation"
_TABLES = """SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"""


@dataclass
class Installation:
    """A tool with its worker, an LMS and a provider, each a process; on PostgreSQL and Redis, or on files alone."""

    folder: Path
    postgresql: str = ""
    template: Path | None = None
    """A migrated SQLite database to begin with."""
    processes: Processes = field(init=False)
    lms: Relay = field(default_factory=Relay)
    provider: Relay = field(default_factory=Relay)
    wires: dict[Place, Wire] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    password: str = ""
    answers: list[bytes] = field(default_factory=list)
    """Pages that said that something went wrong."""

    def start(self) -> None:
        """Set everything up and wait until it answers."""
        tool, lms, provider = free_ports(3)
        self.lms.upstream, self.provider.upstream = lms, provider
        self.tool_url, self.lms_url = f"http://127.0.0.1:{tool}", f"http://localhost:{self.lms.port}"
        self.processes = Processes(self.folder / "logs")
        self.environment = clean_environment() | {
            "BLINDMARK_BASE_URL": self.tool_url,
            "BLINDMARK_DATA_DIR": str(self.folder / "data"),
            "BLINDMARK_BATCH_MINIMUM_ITEMS": "1",
            "BLINDMARK_TICK_SECONDS": "0.3",
            "BLINDMARK_BATCH_POLL_SECONDS": "0.3",
            "BLINDMARK_LOG_LEVEL": "DEBUG",
            "OPENAI_API_KEY": API_KEY,
            "OPENAI_BASE_URL": f"http://127.0.0.1:{self.provider.port}/v1",
            "PYTHONUNBUFFERED": "1",
        }
        grader = ["lti_tool.demo.grader", f"--port={provider}", f"--data-dir={self.folder / 'grader'}"]
        self._run("grader", [*grader, f"--api-key={API_KEY}", "--seconds=0.5"])
        platform = ["lti_tool.demo.platform", f"--port={lms}", f"--data-dir={self.folder / 'lms'}"]
        (self.folder / "lms").mkdir()
        self._run("lms", [*platform, f"--public-url={self.lms_url}", f"--tool-url={self.tool_url}"])
        self._tap_wires()
        if self.template and not self.postgresql:
            (self.folder / "data").mkdir(mode=0o700)
            (self.folder / "data" / "blindmark.db").write_bytes(self.template.read_bytes())
        self._prepare()
        if self.postgresql:
            self._run("web", ["lti_tool.cli", "web"])
            self._run("worker", ["lti_tool.cli", "worker"])
        else:
            self._run("web", ["lti_tool.cli", "serve"])
        self.processes.wait_until_answering("web", f"{self.tool_url}/healthz")
        self.processes.wait_until_answering("lms", f"{self.lms_url}/")

    def stop(self) -> None:
        """End everything that was started, at once: nothing of it is needed any more."""
        for process in self.processes.running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        self.processes.stop()
        for one in (self.lms, self.provider, *self.wires.values()):
            one.stop()

    def until(self, holds: Callable[[], object], what: str, seconds: float = 40.0) -> None:
        """Wait for something to become true."""
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, f"in time: {what}"
            self.processes.check()
            time.sleep(0.05)

    def execute(self, statement: str) -> None:
        """Change the database behind the tool's back."""
        with self.open_database() as database, database.connection() as connection:
            connection.execute(text(statement))

    def log(self) -> str:
        """All that the tool and its worker have written."""
        return "".join(path.read_text(errors="replace") for path in self._own_logs())

    def search(self, hunt: Hunt) -> set[Found]:
        """Everything that lies where it may not."""
        found: set[Found] = set()
        for place, where, content in self._everything():
            found |= hunt.search(place, where, content)
        return found

    def open_database(self) -> "_Opened":
        """The database itself, not over the wire that is tapped."""
        return _Opened(self.postgresql or f"sqlite:///{self.folder / 'data' / 'blindmark.db'}")

    def temporary(self, name: str) -> Path:
        """The temporary directory of a process."""
        path = self.folder / "temp" / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def redis(self) -> "redis.Redis[bytes]":
        """The broker, over the wire that is tapped."""
        return redis.Redis.from_url(self.environment["REDIS_URL"])

    def _run(self, name: str, command: list[str]) -> None:
        self.processes.start(name, ["-m", *command], self.environment | {"TMPDIR": str(self.temporary(name))})

    def _tap_wires(self) -> None:
        if not self.postgresql:
            return
        database, broker = make_url(self.postgresql), urlsplit(services.REDIS)
        self.wires[Place.DATABASE] = Wire(database.host or "127.0.0.1", database.port or 5432)
        self.wires[Place.BROKER] = Wire(broker.hostname or "127.0.0.1", broker.port or 6379)
        tapped = database.set(host="127.0.0.1", port=self.wires[Place.DATABASE].port)
        self.environment["DATABASE_URL"] = tapped.render_as_string(hide_password=False)
        self.environment["REDIS_URL"] = f"redis://127.0.0.1:{self.wires[Place.BROKER].port}{broker.path}"
        self.redis.flushdb()

    def _prepare(self) -> None:
        parts = open_parts(load_settings(self.environment))
        platform = PlatformDetails(
            issuer=self.lms_url,
            client_id="blindmark-demo",
            name="Demonstration LMS",
            authorization_url=f"{self.lms_url}/lti/auth",
            token_url=f"{self.lms_url}/lti/token",
            jwks_url=f"{self.lms_url}/lti/jwks.json",
        )
        with parts.database.transaction() as session:
            register_platform(session, platform, "demo-1")
            self.password = create_administrator(session, ADMIN)[1]
        parts.database.dispose()

    def _own_logs(self) -> list[Path]:
        return [path for path in (self.folder / "logs").iterdir() if path.stem in ("web", "worker")]

    def _everything(self) -> Iterator[tuple[Place, str, bytes]]:
        for path in self._own_logs():
            yield Place.LOG, path.name, path.read_bytes()
        for path in _files(self.folder / "temp"):
            yield Place.TEMP, path.name, str(path).encode() + b"\n" + path.read_bytes()
        for path in _files(self.folder / "data"):
            place = Place.DATABASE if path.name.startswith("blindmark.db") else Place.DATA
            yield place, path.name, str(path.name).encode() + b"\n" + path.read_bytes()
        for path in _files(self.folder / "grader"):
            yield Place.PROVIDER, path.name, path.read_bytes()
        yield Place.PROVIDER, "requests", b"\n".join(self.provider.recorded())
        yield Place.ANSWER, "pages", b"\n".join(self.answers)
        for place, wire in self.wires.items():
            yield place, "wire", b"\n".join(wire.recorded())
        if self.postgresql:
            yield from self._tables()
            yield from self._keys()

    def _tables(self) -> Iterator[tuple[Place, str, bytes]]:
        with self.open_database() as database, database.connection() as connection:
            for (table,) in connection.execute(text(_TABLES)).all():
                rows = connection.exec_driver_sql(f"SELECT t::text FROM {table} t").scalars().all()  # noqa: S608
                yield Place.DATABASE, str(table), "\n".join(rows).encode()

    def _keys(self) -> Iterator[tuple[Place, str, bytes]]:
        readers: Mapping[bytes, Callable[[bytes], Any]] = {
            b"string": self.redis.get,
            b"list": lambda key: self.redis.lrange(key, 0, -1),
            b"set": self.redis.smembers,
            b"hash": self.redis.hgetall,
            b"zset": lambda key: self.redis.zrange(key, 0, -1, withscores=True),
        }
        for key in self.redis.keys("*"):
            read = readers.get(self.redis.type(key))
            # A key may be gone by now; what it held passed the wire.
            value = read(key) if read else b""
            yield Place.BROKER, key.decode(), key + b"\n" + _flat(value)


class _Opened:
    """A database for a moment."""

    def __init__(self, url: str) -> None:
        self._database = open_database(url)

    def __enter__(self) -> Database:
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.dispose()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _flat(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict):
        return b"\n".join(_flat(part) for pair in value.items() for part in pair)
    if isinstance(value, list | set | tuple):
        return b"\n".join(_flat(part) for part in value)
    return str(value).encode()
