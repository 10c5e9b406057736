"""The key ring: made once, private, refused when it is not what it should be."""

import base64
import errno
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from privacy.errors import KeyRingError
from privacy.keyring import PlainKey, create_keyring, load_keyring


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A key ring file."""
    made = tmp_path / "keyring.json"
    create_keyring(made)
    return made


def rewrite(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_ring_is_made_once_and_for_its_owner_only(path: Path) -> None:
    before = path.read_bytes()
    assert not create_keyring(path)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o077 == 0


def test_a_new_ring_has_its_name_on_the_disk_before_anything_is_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd)))

    create_keyring(tmp_path / "keyring.json")

    assert synced[-1] == str(tmp_path)
    assert len(synced) == 2


def test_what_is_wrapped_opens_only_in_its_context(path: Path) -> None:
    ring = load_keyring(path)
    wrapped = ring.wrap([PlainKey(b"d" * 32, b"here")])[0]
    assert ring.unwrap([wrapped]) == [b"d" * 32]
    with pytest.raises(KeyRingError):
        ring.unwrap([wrapped._replace(context=b"there")])


def test_a_missing_ring_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyRingError, match="There is no key ring"):
        load_keyring(tmp_path / "nothing.json")


def test_a_ring_that_others_can_read_is_refused(path: Path) -> None:
    path.chmod(0o644)
    with pytest.raises(KeyRingError, match="chmod 600"):
        load_keyring(path)


@pytest.mark.parametrize("key", [b"short", b"a" * 32, b""])
def test_a_key_that_is_not_random_is_refused(path: Path, key: bytes) -> None:
    rewrite(path, current="bad", keys={"bad": base64.b64encode(key).decode()})
    with pytest.raises(KeyRingError, match="random bytes"):
        load_keyring(path)


def test_a_ring_without_its_current_key_is_refused(path: Path) -> None:
    rewrite(path, current="another")
    with pytest.raises(KeyRingError, match="current key"):
        load_keyring(path)


def test_purposes_have_secrets_of_their_own(path: Path) -> None:
    ring = load_keyring(path)
    assert ring.derive("audit") != ring.derive("index")
    assert ring.derive("audit") == load_keyring(path).derive("audit")


EXAMPLES = [bytes(range(32)), bytes(range(0, 64, 2)), b"change-me-change-me-change-me-12", b"0123456789abcdef" * 2]


@pytest.mark.parametrize("key", EXAMPLES)
def test_a_key_from_an_example_is_refused(path: Path, key: bytes) -> None:
    rewrite(path, derivation=base64.b64encode(key).decode())
    with pytest.raises(KeyRingError, match="random bytes"):
        load_keyring(path)


def test_a_wrapped_key_that_was_cut_short_is_refused(path: Path) -> None:
    ring = load_keyring(path)
    wrapped = ring.wrap([PlainKey(b"d" * 32, b"here")])[0]
    for length in (0, 5, 12, 20):
        with pytest.raises(KeyRingError, match="altered"):
            ring.unwrap([wrapped._replace(blob=wrapped.blob[:length])])


def test_a_new_master_key_wraps_nothing_before_it_is_activated(path: Path) -> None:
    ring = load_keyring(path)
    first = ring.current
    added = ring.add()
    assert ring.key_ids() == [first, added]
    assert ring.wrap([PlainKey(b"d" * 32, b"")])[0].master_key_id == first
    ring.activate(added)
    assert ring.wrap([PlainKey(b"d" * 32, b"")])[0].master_key_id == added
    assert path.stat().st_mode & 0o077 == 0


def test_running_processes_notice_each_step_by_themselves(path: Path) -> None:
    operator, process = load_keyring(path), load_keyring(path)
    old = process.wrap([PlainKey(b"d" * 32, b"")])[0]
    added = operator.add()
    operator.activate(added)
    new = operator.wrap([PlainKey(b"n" * 32, b"")])[0]
    assert process.unwrap([old, new]) == [b"d" * 32, b"n" * 32]
    assert process.wrap([PlainKey(b"d" * 32, b"")])[0].master_key_id == added
    moved = operator.rewrap([old])
    operator.retire(old.master_key_id)
    assert process.unwrap(moved) == [b"d" * 32]
    with pytest.raises(KeyRingError, match="does not hold"):
        process.unwrap([old])


def test_rotation_leaves_derived_secrets_as_they_are(path: Path) -> None:
    ring = load_keyring(path)
    before = ring.derive("audit")
    first = ring.current
    ring.activate(ring.add())
    ring.retire(first)
    assert load_keyring(path).derive("audit") == before


def test_a_file_that_became_unreadable_takes_nothing_from_a_running_process(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    process = load_keyring(path)
    wrapped = process.wrap([PlainKey(b"d" * 32, b"")])
    path.write_text("half a fi")
    assert process.unwrap(wrapped) == [b"d" * 32]
    assert process.wrap([PlainKey(b"d" * 32, b"")])
    assert [record.message for record in caplog.records] == ["keyring.unreadable"]
    path.unlink()
    assert process.unwrap(wrapped) == [b"d" * 32]
    with pytest.raises(KeyRingError, match="no key ring"):
        process.unwrap([wrapped[0]._replace(master_key_id="unheard-of")])


def test_the_active_and_the_unknown_key_are_not_touched(path: Path) -> None:
    ring = load_keyring(path)
    before = path.read_bytes()
    with pytest.raises(KeyRingError, match="active one"):
        ring.retire(ring.current)
    with pytest.raises(KeyRingError, match="does not hold"):
        ring.activate("k-unknown")
    assert path.read_bytes() == before


def test_operators_who_add_at_once_don_t_lose_each_other_s_keys(path: Path) -> None:
    threads = [threading.Thread(target=load_keyring(path).add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(load_keyring(path).key_ids()) == 9


KILLED_BEFORE_A_STEP = """
import os, signal, sys
from pathlib import Path
from privacy.keyring import load_keyring
owner, name = {"replace": (Path, "replace"), "link": (os, "link")}[sys.argv[2]]
setattr(owner, name, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
load_keyring(Path(sys.argv[1])).add()
"""


@pytest.mark.parametrize("step", ["link", "replace"])
def test_a_crash_in_the_middle_leaves_the_file_of_before(path: Path, step: str) -> None:
    before = path.read_bytes()
    killed = subprocess.run([sys.executable, "-c", KILLED_BEFORE_A_STEP, str(path), step], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    leftovers = list(path.parent.glob(f"*{path.name}.new-*"))
    assert len(leftovers) == 1
    assert leftovers[0].stat().st_mode & 0o077 == 0
    load_keyring(path).add()
    assert not leftovers[0].exists()
    assert len(load_keyring(path).key_ids()) == 2


def test_the_file_stays_its_owner_s_when_somebody_else_rotates(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, given = path.stat(), []
    monkeypatch.setattr(os, "geteuid", lambda: owner.st_uid + 1)
    monkeypatch.setattr(os, "chown", lambda _, user, group: given.append((user, group)))
    load_keyring(path).add()
    assert given == [(owner.st_uid, owner.st_gid)]


def test_a_directory_that_can_t_be_written_to_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(KeyRingError, match=r"can't be changed \(Device or resource busy\)"):
        load_keyring(path).add()
