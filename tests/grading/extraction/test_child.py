"""The child process: bounded in time and memory, cut off from the network, the disk and our secrets."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grading.extraction import Corrupt, Kind, Limits, ReaderUnavailable, TooComplex, TooLarge, extract, parent
from grading.extraction.parent import child_environment, run_child
from grading.extraction.wire import Order
from tests.grading.extraction import files

LISTEN = "import sys; sys.stdin.buffer.read(); out = sys.stdout.buffer; out.write(b'ready\\n'); out.flush()\n"
OUTWARD = {
    "a connection": "socket.create_connection(('127.0.0.1', 9))",
    "a socket": "socket.socket()",
    "a look-up": "socket.getaddrinfo('localhost', 80)",
    "a program": "subprocess.run(['/bin/true'])",
    "a shell": "os.system('true')",
    "a fork": "os.fork()",
    "a changed file": "open(TARGET, 'a')",
    "a new file": "open(TARGET + '.new', 'w')",
    "a new file by number": "os.open(TARGET + '.new', os.O_CREAT | os.O_WRONLY)",
    "a removed file": "os.remove(TARGET)",
    "a file outside": "open(TARGET).read()",
    "a file outside by a detour": "open(sys.prefix + '/..' * 9 + TARGET).read()",
    "its parent's environment": "open(f'/proc/{os.getppid()}/environ', 'rb').read()",
}


def order(limits: Limits | None = None) -> Order:
    return Order("plain", Kind.TEXT, "text/plain", limits or Limits())


def run_code(code: str, limits: Limits | None = None, *, seconds: float = 10.0) -> object:
    """Run code in place of the child."""
    return run_child(b"data", order(limits), time.monotonic() + seconds, (sys.executable, "-c", code))


def after_lockdown(before: str, after: str, *, may_import: bool) -> str:
    """What a process prints that runs code before and after giving up all rights as the child does."""
    program = (
        f"{before}\nfrom grading.extraction import lockdown\nfrom grading.extraction.limits import Limits\n"
        f"lockdown.close(Limits(), may_import={may_import})\n{after}\n"
    )
    command = [sys.executable, "-c", program]
    return subprocess.run(
        command, env=child_environment(), capture_output=True, text=True, timeout=20, check=True
    ).stdout


@pytest.mark.parametrize("may_import", [True, False])
@pytest.mark.parametrize("action", OUTWARD)
def test_a_reader_is_refused_every_way_out(action: str, *, may_import: bool, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("untouched")
    before = f"import encodings.idna, os, socket, subprocess, sys\nTARGET = {str(target)!r}"
    attempt = f"try:\n    {OUTWARD[action]}\nexcept PermissionError as refused:\n    print(refused)"

    said = after_lockdown(before, attempt, may_import=may_import)

    # Our own refusal, not the world's: nothing listens on that port and a missing file is an error as well.
    assert said.startswith("a reader may")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["untouched"]


def test_native_readers_are_refused_files_and_sockets_by_the_kernel() -> None:
    before = "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.socket, libc.open"
    opened = "print(libc.socket(2, 1, 0) >= 0, libc.open(b'/etc/passwd', 0) >= 0)"

    assert after_lockdown(f"{before}\n{opened}", opened, may_import=False).split() == ["True", "True", "False", "False"]


NATIVE = """
import ctypes, os, resource
libc = ctypes.CDLL(None, use_errno=True)
setrlimit, fork, kill, setuid = libc.setrlimit, libc.fork, libc.kill, libc.setuid
class Limit(ctypes.Structure):
    _fields_ = [("soft", ctypes.c_ulong), ("hard", ctypes.c_ulong)]
raised = [(kind, Limit(hard * 2, hard * 2)) for kind, hard in
          ((resource.RLIMIT_AS, Limits().memory_bytes), (resource.RLIMIT_CPU, 60), (resource.RLIMIT_NOFILE, 64))]
"""
LIMITS = "from grading.extraction.limits import Limits\n"


REFUSED = "def refuse(*_): raise PermissionError\nos.setgroups = os.setresuid = refuse\n"


@pytest.mark.parametrize("container", ["", REFUSED], ids=["allows nobody", "refuses nobody"])
@pytest.mark.parametrize("may_import", [True, False])
def test_not_even_native_code_of_a_super_user_raises_a_limit_again(*, may_import: bool, container: str) -> None:
    attempt = (
        "print(*(setrlimit(kind, ctypes.byref(limit)) for kind, limit in raised), setuid(0) == 0 and os.getuid() != 0)"
    )

    assert after_lockdown(LIMITS + NATIVE + container, attempt, may_import=may_import).split() == [
        "-1",
        "-1",
        "-1",
        "False",
    ]


def test_native_readers_start_no_process_and_reach_no_other() -> None:
    attempt = "print(fork(), kill(os.getppid(), 0) if was_root else -1)"
    before = f"{LIMITS}{NATIVE}was_root = os.getuid() == 0\nos.getppid()"

    assert after_lockdown(before, attempt, may_import=False).split() == ["-1", "-1"]


def test_the_child_inherits_no_open_file_of_ours(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a key")
    listing = "import json, os\nfds = os.listdir('/proc/self/fd')[:-1]\n"
    telling = (
        "held = ' '.join(os.readlink(f'/proc/self/fd/{number}') for number in fds)\n"
        "out.write(json.dumps({'error': 'file_corrupt', 'message': held}).encode())"
    )
    with secret.open() as stream:
        os.set_inheritable(stream.fileno(), True)
        with pytest.raises(Corrupt) as caught:
            run_code(listing + LISTEN + telling)

    assert "pipe" in caught.value.message
    assert "secret" not in caught.value.message


def test_the_child_knows_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLINDMARK_SECRET_KEY", "not-for-children")
    leak = (
        "import json, os, sys; sys.stdin.buffer.read()\n"
        "print('ready'); print(json.dumps({'error': 'file_corrupt', 'message': json.dumps(dict(os.environ))}))"
    )

    with pytest.raises(Corrupt) as caught:
        run_code(leak)

    assert "not-for-children" not in caught.value.message
    assert "SECRET" not in caught.value.message
    assert "PYTHONPATH" in caught.value.message


def test_the_child_starts_away_from_our_directory() -> None:
    where = (
        "import json, os, sys; sys.stdin.buffer.read()\n"
        "print('ready'); print(json.dumps({'error': 'file_corrupt', 'message': os.getcwd()}))"
    )

    with pytest.raises(Corrupt, match=r"^/$"):
        run_code(where)


def test_a_child_that_hangs_is_killed_at_the_deadline(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = f"import os, pathlib, time; pathlib.Path({str(note)!r}).write_text(str(os.getpid())); time.sleep(60)"
    started = time.monotonic()

    with pytest.raises(TooComplex, match="too long"):
        run_code(code, seconds=1.0)

    assert time.monotonic() - started < 5
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)


def test_what_a_hanging_child_started_is_killed_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import os, pathlib, time\n"
        f"if os.fork() == 0: pathlib.Path({str(note)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(60)"
    )

    with pytest.raises(TooComplex):
        run_code(code, seconds=1.0)

    assert _gone(int(note.read_text()))


def _gone(pid: int) -> bool:
    """Whether a process ends within the next seconds (a killed orphan may wait for its reaper as a zombie)."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
    return False


def test_an_endless_answer_is_cut_off() -> None:
    with pytest.raises(TooComplex, match="more text"):
        run_code(LISTEN + "while True: out.write(b'x' * 65536)", Limits(characters=1_000))


@pytest.mark.parametrize("answer", ["", "not json", "[]", "{}", '{"error": "unheard_of", "message": ""}'])
def test_an_answer_without_sense_is_a_file_that_could_not_be_read(answer: str) -> None:
    with pytest.raises(Corrupt):
        run_code(LISTEN + f"out.write({answer.encode()!r})")


def test_files_that_take_long_leave_room_for_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parent, "WAIT_SECONDS", 0.05)
    for _ in range(parent.AT_ONCE):
        parent._slots.acquire()
    try:
        with pytest.raises(ReaderUnavailable, match="try again in a minute"):
            extract(b"Words.", "a.txt")
        with pytest.raises(TooLarge):
            extract(b"Words.", "a.txt", limits=Limits(size_bytes=1))
    finally:
        parent._slots.release(parent.AT_ONCE)
    assert extract(b"Words.", "a.txt").text == "Words."


def test_a_child_that_crashes_is_a_file_that_could_not_be_read() -> None:
    with pytest.raises(Corrupt):
        run_code(LISTEN + "import os; os.abort()")


def test_a_child_that_uses_up_its_processor_time_is_too_complex() -> None:
    burn = "from grading.extraction import lockdown\nfrom grading.extraction.limits import Limits\n"
    burn += LISTEN + "lockdown.close(Limits(cpu_seconds=1), may_import=True)\nwhile True: pass"

    with pytest.raises(TooComplex, match="time or memory"):
        run_code(burn)


@pytest.mark.parametrize("command", [("/nonexistent/python",), (sys.executable, "-c", "raise SystemExit(1)")])
def test_a_reader_that_does_not_start_is_our_fault(command: tuple[str, ...]) -> None:
    with pytest.raises(ReaderUnavailable) as caught:
        run_child(b"data", order(), time.monotonic() + 10, command)

    assert caught.value.status == 503


def test_memory_is_bounded() -> None:
    with pytest.raises(TooComplex, match="memory"):
        extract(bytes(range(65, 91)) * 600_000, "a.txt", limits=Limits(memory_bytes=40 << 20, characters=100_000_000))


def test_nothing_is_written_to_disk_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    extract(files.pdf([["A sentence that is long enough to count."]]), "a.pdf")
    extract(files.office_docx(["Words."]), "a.docx")

    assert list(tmp_path.iterdir()) == []


def test_a_refusal_is_logged_without_a_name_or_a_word_of_the_file(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        extract(b"The words of Maria", "maria.txt")

    assert "extraction.done kind=text bytes=18" in caplog.text
    assert "maria" not in caplog.text.lower()
