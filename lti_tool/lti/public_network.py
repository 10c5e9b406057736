"""Requests that only ever reach public addresses, or this machine where that is allowed, and never wait for ever.

A name is looked up once and the connection goes to an address that was checked, so that a name can't point elsewhere
between the check and the request (server-side request forgery).
"""

import ipaddress
import socket
import threading
from contextlib import suppress
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

LONGEST_SECONDS: Final = 30.0
"""Until the head of an answer is there: a time-out alone lets who sends a byte now and then go on for hours."""


class NotPublic(ValueError):
    """The name leads to an address inside a private network."""


def guard(session: requests.Session, *, loopback: bool, private: bool) -> requests.Session:
    """Let a session reach public addresses only.

    Args:
        loopback: this machine may be asked too (the demonstration, tests).
        private: private networks may be asked too (an LMS inside a school's own network).
    """
    adapter = _GuardedAdapter(loopback=loopback, private=private)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def check_address(address: str, *, loopback: bool) -> None:
    """Refuse an address that is not public.

    Raises:
        NotPublic: it is private, link-local, reserved, or of this machine when that is not allowed.
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    if mapped.is_loopback and loopback:
        return
    if not mapped.is_global or mapped.is_multicast:
        raise NotPublic("This address leads into a private network.")


class _GuardedAdapter(HTTPAdapter):
    def __init__(self, *, loopback: bool, private: bool) -> None:
        self._loopback = loopback
        self._private = private
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Have every pool of this adapter open guarded connections."""
        super().init_poolmanager(*arguments, **options)
        plain, secure = (
            _guarded(kind, loopback=self._loopback, private=self._private) for kind in (HTTPConnection, HTTPSConnection)
        )
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("_Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


def _guarded(connection: type[HTTPConnection], *, loopback: bool, private: bool) -> type[HTTPConnection]:
    class Guarded(connection):  # type: ignore[misc, valid-type]
        def getresponse(self) -> Any:
            """Read the head of the answer, and hang up when it does not come to its end."""
            late = threading.Event()
            hang_up = threading.Timer(LONGEST_SECONDS, _hang_up, [self.sock, late])
            hang_up.daemon = True
            hang_up.start()
            try:
                answer = super().getresponse()
            finally:
                hang_up.cancel()
            if late.is_set():
                # What was cut off looks like a head that ended.
                raise TimeoutError("no head of an answer in time")
            return answer

        def _new_conn(self) -> socket.socket:
            try:
                found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
            except socket.gaierror as error:
                raise NameResolutionError(self.host, self, error) from error
            for entry in () if private else found:
                check_address(str(entry[4][0]), loopback=loopback)
            return _connect(self, [entry[4][0] for entry in found])

    return Guarded


def _connect(connection: HTTPConnection, addresses: list[Any]) -> socket.socket:
    failure: OSError | None = None
    for address in addresses:
        try:
            made = socket.create_connection((address, connection.port), timeout=connection.timeout)
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, "no connection in time") from error
        except OSError as error:
            failure = error
            continue
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    raise NewConnectionError(connection, f"no connection: {failure}")


def _hang_up(connected: socket.socket, late: threading.Event) -> None:
    late.set()
    # It may have ended by itself a moment ago.
    with suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)
