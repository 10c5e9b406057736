"""The key ring: master keys that wrap data keys, in a file that only its owner can read.

The ring holds several keys by id and names the one that wraps new data keys. Anything that can wrap and unwrap under
a key id can take its place (a cloud KMS, for example): see `KeyProvider`.
"""

import base64
import binascii
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from config.settings import write_private
from privacy.errors import KeyRingError

KEY_BYTES = 32
NONCE_BYTES = 12
_ADVICE = "Restore the file from its backup, or set BLINDMARK_KEYRING to where it is."


class KeyProvider(Protocol):
    """Something that wraps data keys under master keys it never gives away."""

    @property
    def current(self) -> str:
        """Id of the master key that wraps new data keys."""

    def wrap(self, key_id: str, data_key: bytes, context: bytes) -> bytes:
        """Wrap a data key, bound to `context`."""

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap what `wrap` made under the same key id and context; raises KeyRingError."""

    def derive(self, purpose: str) -> bytes:
        """A 32-byte secret for one purpose (audit chain, blind index), the same for as long as the ring lives."""


class LocalKeyRing:
    """Master keys from a local JSON file: {"current": id, "keys": {id: base64}, "derivation": base64}."""

    def __init__(self, keys: dict[str, bytes], current: str, derivation: bytes) -> None:
        self._keys = keys
        self._current = current
        self._derivation = derivation

    @property
    def current(self) -> str:
        """Id of the master key that wraps new data keys."""
        return self._current

    def wrap(self, key_id: str, data_key: bytes, context: bytes) -> bytes:
        """Wrap a data key with AES-256-GCM, `context` as associated data."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self._key(key_id)).encrypt(nonce, data_key, context)

    def unwrap(self, key_id: str, wrapped: bytes, context: bytes) -> bytes:
        """Unwrap a data key.

        Raises:
            KeyRingError: the ring lacks the key, or the wrapped key was altered or moved.
        """
        try:
            return AESGCM(self._key(key_id)).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
        except InvalidTag as error:
            raise KeyRingError(
                f"A data key can't be unwrapped with master key {key_id}: it was altered, or the ring is another one."
            ) from error

    def derive(self, purpose: str) -> bytes:
        """A 32-byte secret for one purpose, by HKDF-SHA-256 from the ring's derivation secret."""
        return HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode()).derive(
            self._derivation
        )

    def _key(self, key_id: str) -> bytes:
        try:
            return self._keys[key_id]
        except KeyError as error:
            raise KeyRingError(f"The key ring does not hold master key {key_id}. {_ADVICE}") from error


def create_keyring(path: Path) -> bool:
    """Write a new ring with one fresh key unless the file exists already; returns whether it was made."""
    if path.exists():
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key_id = f"k-{secrets.token_hex(4)}"
    content = {
        "current": key_id,
        "keys": {key_id: base64.b64encode(os.urandom(KEY_BYTES)).decode()},
        "derivation": base64.b64encode(os.urandom(KEY_BYTES)).decode(),
    }
    return write_private(path, json.dumps(content, indent=1).encode())


def load_keyring(path: Path) -> LocalKeyRing:
    """Read and check a key ring file.

    Raises:
        KeyRingError: the file is missing, open to others, or holds a key that is short or plainly made up.
    """
    try:
        mode = path.stat().st_mode
        content = json.loads(path.read_text())
        keys = {str(key_id): _decode(value) for key_id, value in content["keys"].items()}
        current, derivation = str(content["current"]), _decode(content["derivation"])
    except FileNotFoundError as error:
        raise KeyRingError(f"There is no key ring at {path}. {_ADVICE}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise KeyRingError(f"The key ring at {path} can't be read. {_ADVICE}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise KeyRingError(f"The key ring at {path} can be read by others. Close it with: chmod 600 {path}")
    if current not in keys:
        raise KeyRingError(f"The key ring at {path} names a current key that it does not hold. {_ADVICE}")
    for key_id, key in [*keys.items(), ("derivation", derivation)]:
        if len(key) != KEY_BYTES or len(set(key)) < KEY_BYTES // 4:
            raise KeyRingError(f"Key {key_id} in {path} is not {KEY_BYTES} random bytes. {_ADVICE}")
    return LocalKeyRing(keys, current, derivation)


def _decode(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
