"""Ears in the wire: everything that travels to a database, a broker, an LMS or a provider is kept for the hunt.

What was written and is gone again by the time of a dump (a message, an erased row) still passed here.
"""

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_CHUNK = 256 * 1024
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "proxy-connection"})
Wanted = Callable[[str, str], bool]


class Wire:
    """Passes bytes on between clients and a server, and keeps all of them, each direction of a connection apart."""

    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._streams: list[bytearray] = []
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def recorded(self) -> list[bytes]:
        """What has passed so far."""
        return [bytes(stream) for stream in self._streams]

    def stop(self) -> None:
        """Close everything."""
        self._listener.close()
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._upstream)
            self._open += [client, server]
            for one in (client, server):
                # Small messages go on at once: each question of a driver waits for its answer.
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, target in ((client, server), (server, client)):
                kept = bytearray()
                self._streams.append(kept)
                threading.Thread(target=self._pass, args=(source, target, kept), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, kept: bytearray) -> None:
        with suppress(OSError):
            while chunk := source.recv(_CHUNK):
                kept += chunk
                target.sendall(chunk)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class Relay:
    """Stands in front of an HTTP server under an address of its own, keeps what is asked of it, and fails on demand.

    A failing answer repeats what was sent, header and body, as servers in trouble do.
    """

    def __init__(self) -> None:
        self.upstream = 0
        self._requests: list[bytes] = []
        self._failures: list[tuple[Wanted, int]] = []
        self.failed = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def recorded(self) -> list[bytes]:
        """Requests so far: line, headers and body."""
        return list(self._requests)

    def fail_once(self, wanted: Wanted, status: int) -> None:
        """Answer the next request that fits (method, path) with an error."""
        self._failures.append((wanted, status))

    def stop(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def answer(
        self, method: str, path: str, headers: HTTPMessage, body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """What comes back: from the server behind, or an error that echoes."""
        head = f"{method} {path}\n{headers}".encode()
        self._requests.append(head + body)
        for planned in self._failures:
            wanted, status = planned
            if wanted(method, path):
                self._failures.remove(planned)
                self.failed += 1
                return status, [("Content-Type", "text/plain")], b"Can't take this: " + head + body
        return self._forward(method, path, headers, body)

    def _forward(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection("127.0.0.1", self.upstream, timeout=30)
        try:
            passed = {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}
            connection.request(method, path, body or None, passed | {"Content-Length": str(len(body))})
            response = connection.getresponse()
            kept = [(name, value) for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP]
            return response.status, kept, response.read()
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        relay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, content = relay.answer(self.command, self.path, self.headers, body)
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                with suppress(BrokenPipeError):
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - names of the standard library

            def log_message(self, *_: object) -> None:
                """Nothing is written to the terminal."""

        return Handler
