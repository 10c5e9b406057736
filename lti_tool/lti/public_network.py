"""Requests that only ever reach public addresses, or this machine where that is allowed.

A name is looked up once and the connection goes to an address that was checked, so that a name can't point elsewhere
between the check and the request (server-side request forgery).
"""

import ipaddress
import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError


class NotPublic(ValueError):
    """The name leads to an address inside a private network."""


def guard(session: requests.Session, *, loopback: bool, private: bool) -> requests.Session:
    """Let a session reach public addresses only.

    Args:
        loopback: this machine may be asked too (the demonstration, tests).
        private: private networks may be asked too (an LMS inside a school's own network).
    """
    if not private:
        adapter = _GuardedAdapter(loopback)
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
    def __init__(self, loopback: bool) -> None:
        self._loopback = loopback
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Have every pool of this adapter open guarded connections."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("_Pool", (HTTPConnectionPool,), {"ConnectionCls": _guarded(HTTPConnection, self._loopback)}),
            "https": type(
                "_SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": _guarded(HTTPSConnection, self._loopback)}
            ),
        }


def _guarded(connection: type[HTTPConnection], loopback: bool) -> type[HTTPConnection]:
    class Guarded(connection):  # type: ignore[misc, valid-type]
        def _new_conn(self) -> socket.socket:
            try:
                found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
            except socket.gaierror as error:
                raise NameResolutionError(self.host, self, error) from error
            for entry in found:
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
