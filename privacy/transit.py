"""A key ring in HashiCorp Vault's transit engine: master keys that never leave it.

One transit key wraps data keys; its versions are our master keys, named `NAME:v3`. It is a derived key: Vault makes a
key of its own for each context, so that a wrapped data key opens in its own row only. A second key, `NAME-derivation`,
is never rotated: HMACs under its first version are the secrets for the audit log and the search index, so that no
secret has to be kept beside Vault. Vault's API: https://developer.hashicorp.com/vault/api-docs/secret/transit
"""

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, Final

from privacy.errors import KeyRingError
from privacy.keyring import PlainKey, WrappedKey
from privacy.ring_file import KEY_BYTES
from privacy.vault_client import VaultClient

_CIPHERTEXT: Final = re.compile(r"vault:v([1-9][0-9]{0,8}):[A-Za-z0-9+/=]+")
_KINDS: Final = ("aes256-gcm96", "chacha20-poly1305")
_PURPOSE: Final = b"blindmark secret v1: "
_MOST_AT_ONCE: Final = 500


class TransitKeyRing:
    """Wraps and unwraps by asking Vault."""

    def __init__(self, client: VaultClient, mount: str, key: str) -> None:
        self._client = client
        self._mount = mount
        self._key = key
        self._secrets: dict[str, bytes] = {}

    def check(self) -> None:
        """Make sure that both keys are there and of the right kind.

        Raises:
            KeyRingError: says what to set up.
        """
        about = self._about()
        if about.get("type") not in _KINDS or about.get("derived") is not True:
            raise KeyRingError(
                f"The Vault key {self._mount}/{self._key} must be made with: "
                f"vault write -f {self._mount}/keys/{self._key} type=aes256-gcm96 derived=true"
            )
        self.derive("check")

    @property
    def place(self) -> str:
        """Where the key is."""
        return f"{self._client.base}/{self._mount}/{self._key}"

    @property
    def current(self) -> str:
        """The newest version: Vault wraps with no other."""
        return self._id(int(self._about()["latest_version"]))

    def key_ids(self) -> list[str]:
        """All versions that were not destroyed, oldest first."""
        about = self._about()
        return [self._id(number) for number in range(_oldest(about), int(about["latest_version"]) + 1)]

    def wrap(self, plain: Sequence[PlainKey]) -> list[WrappedKey]:
        """Wrap data keys under the newest version."""
        items = [{"plaintext": _encode(item.key), "context": _encode(item.context)} for item in plain]
        ciphertexts = self._batch("encrypt", items, "ciphertext")
        return [self._wrapped(text, item.context) for text, item in zip(ciphertexts, plain, strict=True)]

    def unwrap(self, wrapped: Sequence[WrappedKey]) -> list[bytes]:
        """Unwrap data keys.

        Raises:
            KeyRingError: a key was wrapped elsewhere, altered or moved, or its version was destroyed.
        """
        return [_decode(text) for text in self._batch("decrypt", self._items(wrapped), "plaintext")]

    def rewrap(self, wrapped: Sequence[WrappedKey]) -> list[WrappedKey]:
        """The same data keys under the newest version. They are not seen outside Vault."""
        ciphertexts = self._batch("rewrap", self._items(wrapped), "ciphertext")
        return [self._wrapped(text, item.context) for text, item in zip(ciphertexts, wrapped, strict=True)]

    def derive(self, purpose: str) -> bytes:
        """A 32-byte secret for one purpose: HMAC-SHA-256 under the first version of the derivation key."""
        known = self._secrets.get(purpose)
        if known is None:
            answer = self._client.write(
                f"{self._mount}/hmac/{self._key}-derivation/sha2-256",
                {"input": _encode(_PURPOSE + purpose.encode()), "key_version": 1},
            )
            found = _CIPHERTEXT.fullmatch(str(answer.get("hmac")))
            known = _decode(str(answer["hmac"]).rpartition(":")[2]) if found and found[1] == "1" else b""
            if len(known) != KEY_BYTES:
                raise KeyRingError(f"Vault's answer for {self._key}-derivation is not an HMAC of version 1.")
            self._secrets[purpose] = known
        return known

    def add(self) -> str:
        """Make a new version, which is the active one from this moment."""
        self._client.write(f"{self._mount}/keys/{self._key}/rotate", {}, repeat=False)
        return self.current

    def activate(self, key_id: str) -> None:
        """Nothing to do: the newest version is the active one.

        Raises:
            KeyRingError: another one was asked for.
        """
        current = self.current
        if key_id != current:
            raise KeyRingError(f"Vault wraps under the newest version only, which is {current}.")

    def retire(self, key_id: str) -> None:
        """Destroy a version. Vault destroys from the oldest on.

        Raises:
            KeyRingError: there is an older one, or it is the newest.
        """
        about = self._about()
        oldest, latest = _oldest(about), int(about["latest_version"])
        if key_id == self._id(latest):
            raise KeyRingError(f"Master key {key_id} is the active one. Add another first.")
        if key_id != self._id(oldest):
            raise KeyRingError(f"Vault destroys the oldest version first. Retire {self._id(oldest)} before {key_id}.")
        keep = {"min_decryption_version": oldest + 1, "min_encryption_version": oldest + 1}
        self._client.write(f"{self._mount}/keys/{self._key}/config", keep)
        self._client.write(f"{self._mount}/keys/{self._key}/trim", {"min_available_version": oldest + 1})

    def _about(self) -> dict[str, Any]:
        return self._client.read(f"{self._mount}/keys/{self._key}")

    def _id(self, version: int) -> str:
        return f"{self._key}:v{version}"

    def _items(self, wrapped: Sequence[WrappedKey]) -> list[dict[str, str]]:
        return [{"ciphertext": self._ciphertext(item), "context": _encode(item.context)} for item in wrapped]

    def _ciphertext(self, wrapped: WrappedKey) -> str:
        text = wrapped.blob.decode("ascii", errors="replace")
        found = _CIPHERTEXT.fullmatch(text)
        if not found or self._id(int(found[1])) != wrapped.master_key_id:
            raise KeyRingError(f"A data key under {wrapped.master_key_id} was not wrapped by {self.place}.")
        return text

    def _wrapped(self, ciphertext: str, context: bytes) -> WrappedKey:
        found = _CIPHERTEXT.fullmatch(ciphertext)
        if not found:
            raise KeyRingError(f"Vault's answer for {self._mount}/{self._key} is not a ciphertext.")
        return WrappedKey(self._id(int(found[1])), ciphertext.encode(), context)

    def _batch(self, what: str, items: Sequence[dict[str, str]], field: str) -> list[str]:
        results: list[str] = []
        for start in range(0, len(items), _MOST_AT_ONCE):
            part = items[start : start + _MOST_AT_ONCE]
            answer = self._client.write(f"{self._mount}/{what}/{self._key}", {"batch_input": part})
            found = answer.get("batch_results")
            if not isinstance(found, list) or len(found) != len(part):
                raise KeyRingError(f"Vault's answer to {what} does not have one result for each data key.")
            for one in found:
                if one.get("error") or not isinstance(one.get(field), str):
                    raise KeyRingError(
                        f"Vault can't {what} a data key with {self._mount}/{self._key}: it was altered, is another "
                        f"key's, or its version was destroyed ({one.get('error')})."
                    )
                results.append(one[field])
        return results


def _oldest(about: dict[str, Any]) -> int:
    return max(1, int(about.get("min_available_version") or 0))


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _decode(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        raise KeyRingError("Vault's answer is not base64.") from error
