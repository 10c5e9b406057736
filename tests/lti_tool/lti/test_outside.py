"""Platforms that answer badly on purpose: slowly without end, too much, packed, halfway; and names that lead inside."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from lti_tool.lti import outside, public_network
from lti_tool.lti.outside import OutsideFailed, ask, read_json
from lti_tool.lti.public_network import guard

Talk = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture
def listen() -> Iterator[Callable[[Talk], str]]:
    """Servers that say byte for byte what a test wants."""
    servers: list[socket.socket] = []

    def start(talk: Talk) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve() -> None:
            connected, _ = server.accept()
            with connected:
                connected.recv(65536)
                try:
                    talk(connected)
                except OSError:
                    return  # the client hung up, as it should

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/"

    yield start
    for server in servers:
        server.close()


def drip(connected: socket.socket) -> None:
    for _ in range(500):
        connected.sendall(b"x")
        time.sleep(0.01)


def head_that_drips(connected: socket.socket) -> None:
    connected.sendall(b"HTTP/1.1 200 OK\r\nX-")
    drip(connected)


def body_that_drips(connected: socket.socket) -> None:
    connected.sendall(HEAD + b"\r\n")
    drip(connected)


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("talk", [head_that_drips, body_that_drips])
def test_who_sends_one_byte_at_a_time_is_hung_up_on(
    listen: Callable[[Talk], str], talk: Talk, private: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "LONGEST_SECONDS", 0.2)
    monkeypatch.setattr(public_network, "LONGEST_SECONDS", 0.2)
    began = time.monotonic()
    with pytest.raises(OutsideFailed):
        ask(guard(requests.Session(), loopback=True, private=private), "GET", listen(talk))
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (HEAD + b"Content-Length: 999999999\r\n\r\n", "too_large"),
        (HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(50_000_000)), "too_large"),
        (HEAD + b"Content-Encoding: gzip\r\n\r\nno gzip", "DecodeError"),
        (HEAD + b"Content-Length: 10\r\n\r\nhalf", "ProtocolError"),
        (b"nonsense\r\n\r\n", "ConnectionError"),
    ],
)
def test_an_answer_that_is_none_is_named(listen: Callable[[Talk], str], answer: bytes, reason: str) -> None:
    with pytest.raises(OutsideFailed) as failed:
        ask(guard(requests.Session(), loopback=True, private=False), "GET", listen(lambda one: one.sendall(answer)))
    assert failed.value.reason == reason


def test_silence_in_the_middle_is_a_failure_like_any_other(
    listen: Callable[[Talk], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "TIMEOUT_SECONDS", (1.0, 0.1))
    silent = threading.Event()

    def talk(connected: socket.socket) -> None:
        connected.sendall(HEAD + b"Content-Length: 10\r\n\r\nhalf")
        silent.wait(5)

    with pytest.raises(OutsideFailed) as failed:
        ask(guard(requests.Session(), loopback=True, private=False), "GET", listen(talk))
    silent.set()
    assert "Timeout" in failed.value.reason


def test_a_redirect_is_not_followed(listen: Callable[[Talk], str]) -> None:
    away = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    answer = ask(guard(requests.Session(), loopback=True, private=False), "GET", listen(lambda one: one.sendall(away)))
    assert answer.status == 302


def test_a_name_is_looked_up_once_and_never_leads_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers with a public address first and a private one afterwards (DNS rebinding)."""
    asked: list[str] = []
    called: list[tuple[str, int]] = []

    def lookup(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        address = "93.184.216.34" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(address: tuple[str, int], **_: object) -> socket.socket:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket, "create_connection", connect)
    session = guard(requests.Session(), loopback=False, private=False)
    with pytest.raises(OutsideFailed):
        ask(session, "GET", "https://rebinding.example/")
    assert (asked, called) == (["rebinding.example"], [("93.184.216.34", 443)])
    with pytest.raises(OutsideFailed, match="NotPublic"):
        ask(session, "GET", "https://rebinding.example/")
    assert len(called) == 1


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("93.184.216.34", "10.0.0.7")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(OutsideFailed, match="NotPublic"):
        ask(guard(requests.Session(), loopback=False, private=False), "GET", "https://two.example/")


def test_proxies_of_the_environment_do_not_lead_around_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://10.0.0.1:3128")
    monkeypatch.setenv("https_proxy", "http://10.0.0.1:3128")
    called: list[object] = []
    monkeypatch.setattr(socket, "create_connection", lambda address, **_: called.append(address))
    with pytest.raises(OutsideFailed):
        ask(guard(requests.Session(), loopback=False, private=False), "GET", "https://169.254.169.254/latest")
    assert called == []


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\xff", b"{", "[" * 100_000])
def test_what_is_no_json_is_a_value_error(content: bytes | str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_json(content)


def test_a_mark_of_byte_order_is_passed_over() -> None:
    assert read_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
