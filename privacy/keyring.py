"""The key ring: master keys that wrap data keys.

`KeyProvider` is what sealing and the audit log need of one, `KeyRing` what an operator does with it. The local ring
keeps its master keys in a file that only its owner can read; `privacy.transit` asks HashiCorp Vault instead.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from config.logging import fields, get_logger
from privacy.columns import NONCE_BYTES
from privacy.errors import KeyRingError
from privacy.ring_file import ADVICE, KEY_BYTES, RingContent, change_ring, create_ring, new_key_id, read_ring

log = get_logger(__name__)


class PlainKey(NamedTuple):
    """A data key to wrap, and what it is bound to."""

    key: bytes
    context: bytes


class WrappedKey(NamedTuple):
    """A wrapped data key, the id of the master key that wrapped it, and what it is bound to."""

    master_key_id: str
    blob: bytes
    context: bytes


class KeyProvider(Protocol):
    """Something that wraps data keys under master keys it never gives away. Many at a time: it may be far away."""

    def wrap(self, plain: Sequence[PlainKey]) -> list[WrappedKey]:
        """Wrap data keys under the active master key."""

    def unwrap(self, wrapped: Sequence[WrappedKey]) -> list[bytes]:
        """Unwrap data keys.

        Raises:
            KeyRingError: a master key is not there, or a wrapped key was altered, or is bound to something else.
        """

    def derive(self, purpose: str) -> bytes:
        """A 32-byte secret for one purpose (audit chain, blind index), the same for as long as the ring lives."""


class KeyRing(KeyProvider, Protocol):
    """A provider whose master keys can be changed, one step at a time (`blindmark keyring`)."""

    @property
    def place(self) -> str:
        """Where the master keys are, for people. Holds no secret."""

    @property
    def current(self) -> str:
        """Id of the active master key: the one that wraps new data keys."""

    def key_ids(self) -> list[str]:
        """Ids of all master keys that can unwrap, oldest first."""

    def rewrap(self, wrapped: Sequence[WrappedKey]) -> list[WrappedKey]:
        """The same data keys, wrapped under the active master key."""

    def add(self) -> str:
        """Make a master key; returns its id."""

    def activate(self, key_id: str) -> None:
        """Have a master key wrap new data keys."""

    def retire(self, key_id: str) -> None:
        """Destroy a master key that is not the active one. The caller has made sure that no data key needs it."""


class LocalKeyRing:
    """Master keys in a file. Each use looks whether the file was replaced, so that no process has to be restarted."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = (_stamp(path), read_ring(path))

    @property
    def place(self) -> str:
        """The path of the file."""
        return str(self._path)

    @property
    def current(self) -> str:
        """Id of the active master key."""
        return self._content().current

    def key_ids(self) -> list[str]:
        """Ids of the master keys, oldest first."""
        return list(self._content().keys)

    def wrap(self, plain: Sequence[PlainKey]) -> list[WrappedKey]:
        """Wrap data keys with AES-256-GCM, their context as associated data."""
        content = self._content()
        cipher = AESGCM(content.keys[content.current])
        wrapped = []
        for item in plain:
            nonce = os.urandom(NONCE_BYTES)
            blob = nonce + cipher.encrypt(nonce, item.key, item.context)
            wrapped.append(WrappedKey(content.current, blob, item.context))
        return wrapped

    def unwrap(self, wrapped: Sequence[WrappedKey]) -> list[bytes]:
        """Unwrap data keys.

        Raises:
            KeyRingError: the ring lacks a master key, or a wrapped key was altered or moved.
        """
        keys = self._holding({item.master_key_id for item in wrapped}).keys
        return [_unwrap_one(keys[item.master_key_id], item) for item in wrapped]

    def rewrap(self, wrapped: Sequence[WrappedKey]) -> list[WrappedKey]:
        """The same data keys, wrapped under the active master key."""
        keys = self.unwrap(wrapped)
        return self.wrap([PlainKey(key, item.context) for key, item in zip(keys, wrapped, strict=True)])

    def derive(self, purpose: str) -> bytes:
        """A 32-byte secret for one purpose, by HKDF-SHA-256 from the ring's derivation secret."""
        derivation = self._content().derivation
        return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(derivation)

    def add(self) -> str:
        """Put a fresh master key into the file, which leaves the active one as it is."""
        key_id = new_key_id()
        self._change(lambda content: replace(content, keys={**content.keys, key_id: os.urandom(KEY_BYTES)}))
        return key_id

    def activate(self, key_id: str) -> None:
        """Have a master key of the file wrap new data keys.

        Raises:
            KeyRingError: the file does not hold it.
        """
        self._holding({key_id})
        self._change(lambda content: replace(_checked(content, key_id, self._path), current=key_id))

    def retire(self, key_id: str) -> None:
        """Take a master key out of the file; one that is not there any more is left so.

        Raises:
            KeyRingError: it is the active one.
        """

        def without(content: RingContent) -> RingContent:
            if key_id == content.current:
                raise KeyRingError(f"Master key {key_id} is the active one. Activate another first.")
            return replace(content, keys={known: key for known, key in content.keys.items() if known != key_id})

        self._change(without)

    def _change(self, change: Callable[[RingContent], RingContent]) -> None:
        change_ring(self._path, change)
        self._seen = (_stamp(self._path), read_ring(self._path))

    def _content(self) -> RingContent:
        """The file's content: read again when the file is another one than before.

        A file that can't be read does not take away the keys that this process holds already.
        """
        stamp, content = self._seen
        now = _stamp(self._path)
        if now != stamp:
            try:
                content = read_ring(self._path)
            except KeyRingError:
                log.exception("keyring.unreadable", extra=fields(path=self._path))
            self._seen = (now, content)
        return content

    def _holding(self, key_ids: set[str]) -> RingContent:
        content = self._content()
        if key_ids <= content.keys.keys():
            return content
        # Asked for a key it has not heard of, a process reads the file once more, even if that looks unchanged.
        stamp, content = _stamp(self._path), read_ring(self._path)
        for key_id in sorted(key_ids):
            _checked(content, key_id, self._path)
        self._seen = (stamp, content)
        return content


def _checked(content: RingContent, key_id: str, path: Path) -> RingContent:
    if key_id not in content.keys:
        raise KeyRingError(f"The key ring at {path} does not hold master key {key_id}. {ADVICE}")
    return content


def _unwrap_one(master: bytes, wrapped: WrappedKey) -> bytes:
    try:
        return AESGCM(master).decrypt(wrapped.blob[:NONCE_BYTES], wrapped.blob[NONCE_BYTES:], wrapped.context)
    except (InvalidTag, ValueError) as error:
        raise KeyRingError(
            f"A data key can't be unwrapped with master key {wrapped.master_key_id}: it was altered, or the ring is "
            "another one."
        ) from error


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is replaced; None while there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def create_keyring(path: Path) -> bool:
    """Write a new ring with one fresh key unless the file exists already; returns whether it was made."""
    return create_ring(path)


def load_keyring(path: Path) -> LocalKeyRing:
    """Open a key ring file.

    Raises:
        KeyRingError: the file is missing, open to others, or holds a key that is short or plainly made up.
    """
    return LocalKeyRing(path)
