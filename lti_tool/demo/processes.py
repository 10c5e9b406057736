"""Starts the parts of the demonstration as processes of their own, waits until they answer, and stops them all."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import requests

STARTUP_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0


class DemoFailed(Exception):
    """The demonstration can't go on; the message says why and what to do."""


@dataclass
class Processes:
    """The running parts. Output goes to one log file a part."""

    log_dir: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start one part."""
        self.log_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.log_dir / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603 - our own modules, no shell
                [sys.executable, *command],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_answering(self, name: str, url: str) -> None:
        """Return once an address answers.

        Raises:
            DemoFailed: the part ended or did not answer in time; quotes the end of its log.
        """
        deadline = time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < deadline:
            self.check()
            try:
                if requests.get(url, timeout=2).status_code < 500:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        raise DemoFailed(f"The {name} did not answer at {url} in time.\n{self._tail(name)}")

    def check(self) -> None:
        """Notice a part that has ended.

        Raises:
            DemoFailed: names it and quotes the end of its log.
        """
        for name, process in self.running.items():
            if process.poll() is not None:
                raise DemoFailed(f"The {name} stopped by itself.\n{self._tail(name)}")

    def stop(self) -> None:
        """Ask every part to stop, in the reverse order of their start, and wait for them."""
        for process in reversed(self.running.values()):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.running.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.running.clear()

    def _tail(self, name: str) -> str:
        path = self.log_dir / f"{name}.log"
        lines = path.read_text(errors="replace").splitlines()[-15:] if path.exists() else []
        return "\n".join([f"The end of {path}:", *lines])


def port_is_free(port: int) -> bool:
    """Whether nothing listens on a loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports(count: int, start: int | None = None) -> list[int]:
    """Loopback ports nobody uses: consecutive candidates from `start`, or any that the system gives."""
    if start is not None:
        found: list[int] = []
        candidate = start
        while len(found) < count and candidate < start + 200:
            if port_is_free(candidate):
                found.append(candidate)
            candidate += 1
        if len(found) == count:
            return found
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def clean_environment() -> dict[str, str]:
    """The environment for a demonstration: without settings that belong to a real installation."""
    dropped = {"DATABASE_URL", "REDIS_URL"}
    return {
        name: value for name, value in os.environ.items() if name not in dropped and not name.startswith("BLINDMARK_")
    }
