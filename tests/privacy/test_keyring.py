"""The key ring: made once, private, refused when it is not what it should be."""

import base64
import json
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
