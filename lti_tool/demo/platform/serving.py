"""Serves the platform: which addresses it listens on, and how it stops."""

import signal
import socket
from types import FrameType
from typing import TYPE_CHECKING

import waitress

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def has_ipv6_loopback() -> bool:
    """Say whether this machine can listen on [::1]."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def listen_addresses(host: str, port: int, *, ipv6: bool) -> str:
    """Give the addresses to listen on as waitress writes them; browsers may take `localhost` for [::1]."""
    if ":" in host:
        return f"[{host}]:{port}"
    return f"{host}:{port} [::1]:{port}" if ipv6 and host in ("127.0.0.1", "0.0.0.0") else f"{host}:{port}"  # noqa: S104  # compared, not bound


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def serve(app: "WSGIApplication", host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C; call from the main thread."""
    signal.signal(signal.SIGTERM, _stop)
    waitress.serve(app, listen=listen_addresses(host, port, ipv6=has_ipv6_loopback()), threads=8, ident=None)
