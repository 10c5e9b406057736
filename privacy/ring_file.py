"""The file of the local key ring: read and checked, and changed so that a crash leaves the old file or the new one.

Format: JSON, {"current": id, "keys": {id: base64}, "derivation": base64}; ids stand in the order they were added.
"""

import base64
import binascii
import fcntl
import json
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from config.settings import sync_directory, write_private
from privacy.errors import KeyRingError

KEY_BYTES = 32
ADVICE = "Restore the file from its backup, or set BLINDMARK_KEYRING to where it is."


@dataclass(frozen=True, slots=True)
class RingContent:
    """What a ring file holds."""

    keys: dict[str, bytes]
    current: str
    derivation: bytes


def new_key_id() -> str:
    """A random id for a master key."""
    return f"k-{secrets.token_hex(4)}"


def create_ring(path: Path) -> bool:
    """Write a new ring with one fresh key unless the file exists already; returns whether it was made."""
    if path.exists():
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_id = new_key_id()
    content = RingContent({key_id: os.urandom(KEY_BYTES)}, key_id, os.urandom(KEY_BYTES))
    return write_private(path, _encode(content))


def read_ring(path: Path) -> RingContent:
    """Read and check a ring file.

    Raises:
        KeyRingError: the file is missing, open to others, or holds a key that is short or plainly made up.
    """
    try:
        mode = path.stat().st_mode
        raw = json.loads(path.read_text())
        keys = {str(key_id): _decode(value) for key_id, value in raw["keys"].items()}
        content = RingContent(keys, str(raw["current"]), _decode(raw["derivation"]))
    except FileNotFoundError as error:
        raise KeyRingError(f"There is no key ring at {path}. {ADVICE}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyRingError(f"The key ring at {path} can't be read. {ADVICE}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyRingError(f"The key ring at {path} can be read by others. Close it with: chmod 600 {path}")
    if content.current not in keys:
        raise KeyRingError(f"The key ring at {path} names a current key that it does not hold. {ADVICE}")
    for key_id, key in [*keys.items(), ("derivation", content.derivation)]:
        if len(key) != KEY_BYTES or _made_up(key):
            raise KeyRingError(f"Key {key_id} in {path} is not {KEY_BYTES} random bytes. {ADVICE}")
    return content


def change_ring(path: Path, change: Callable[[RingContent], RingContent]) -> RingContent:
    """Read the ring, change it and put the new file in its place, one process at a time.

    The new content is on the disk under another name before it takes the place of the old file in one step. What a
    crash left under such a name, or under the one that it was written with, is removed first: it holds keys.

    Raises:
        KeyRingError: the ring can't be read, or its directory can't be written to.
    """
    try:
        with _locked(path):
            content = change(read_ring(path))
            for leftover in [*path.parent.glob(f".{path.name}.new-*"), *path.parent.glob(f"..{path.name}.new-*")]:
                leftover.unlink()
            _replace(path, _encode(content))
    except OSError as error:
        raise KeyRingError(
            f"The key ring at {path} can't be changed ({error.strerror}). Its directory must be writable for whoever "
            "runs this command, and the file must not be mounted by itself."
        ) from error
    return content


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _replace(path: Path, content: bytes) -> None:
    owner = path.stat()
    temporary = path.with_name(f".{path.name}.new-{secrets.token_hex(6)}")
    write_private(temporary, content)
    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
        # An operator with more rights runs the command: the processes that read the file must still be able to.
        os.chown(temporary, owner.st_uid, owner.st_gid)
    temporary.replace(path)
    sync_directory(path.parent)


def _encode(content: RingContent) -> bytes:
    written = {
        "current": content.current,
        "keys": {key_id: base64.b64encode(key).decode() for key_id, key in content.keys.items()},
        "derivation": base64.b64encode(content.derivation).decode(),
    }
    return json.dumps(written, indent=1).encode()


def _decode(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _made_up(key: bytes) -> bool:
    """Whether a key was plainly typed or copied from an example: few different bytes, a row of steps, or text.

    32 random bytes are text with a probability below 10^-13.
    """
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    return len(set(key)) < KEY_BYTES // 4 or len(steps) == 1 or all(32 <= byte < 127 for byte in key)
