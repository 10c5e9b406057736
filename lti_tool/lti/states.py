"""The `state` of a login: signed and complete in itself, so that asking to log in writes nothing (L1).

It says which registration was asked, when, in which browser, and where the platform keeps data for browsers without
cookies. The nonce follows from it, so that neither is good for anything with another one. What uses it up is the visit
that it leads to: the hash of the state is unique there.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from lti_tool.lti.errors import refused
from lti_tool.sessions import hash_secret

LIFETIME: Final = timedelta(minutes=10)
LONGEST_STATE: Final = 500
LONGEST_TARGET: Final = 255
"""Bytes of the name of a frame."""
_LAYOUT: Final = struct.Struct(">16sQ16s32s")
"""Registration, milliseconds since 1970, what makes this login different from all others, the browser."""


@dataclass(frozen=True, slots=True)
class State:
    """What a state says, once its signature was found to be ours."""

    text: str
    registration_id: UUID
    issued_at: datetime
    storage_target: str
    """The frame that keeps data for us (`lti_storage_target`); empty when the platform offers none."""
    _mark: bytes
    _browser: bytes

    @property
    def hash(self) -> str:
        """What a visit keeps of it."""
        return hash_secret(self.text)

    def belongs_to(self, secret: str) -> bool:
        """Whether the browser with this secret began the login."""
        return hmac.compare_digest(self._browser, _browser(secret, self._mark))

    def is_over(self, now: datetime) -> bool:
        """Whether it is too old to lead anywhere new."""
        return now - self.issued_at >= LIFETIME


class States:
    """Makes states and reads them. Keys of its own follow from the signing key."""

    def __init__(self, signing_key: str) -> None:
        self._state_key, self._nonce_key = (
            hmac.digest(signing_key.encode(), purpose, "sha256") for purpose in (b"login:state", b"login:nonce")
        )

    def new(self, registration_id: UUID, secret: str, storage_target: str, now: datetime) -> str:
        """A state for a login that begins: less than 500 signs that an address may hold.

        Args:
            secret: of the browser. Nobody can tell from two states whether they are of one browser.
            storage_target: at most `LONGEST_TARGET` bytes.
        """
        mark = secrets.token_bytes(16)
        milliseconds = int(now.timestamp() * 1000)
        content = _LAYOUT.pack(registration_id.bytes, milliseconds, mark, _browser(secret, mark))
        text = _encoded(content + storage_target.encode())
        return f"{text}.{self._signature(text)}"

    def read(self, text: str) -> State:
        """Read what came back. Each state has one spelling: the signature is of the letters, not of what they mean.

        Raises:
            TokenRefused: it is not one of ours.
        """
        if not text:
            raise refused("no_state")
        content, _, signature = text.partition(".")
        if len(text) > LONGEST_STATE or not text.isascii():
            raise refused("unknown_state")
        if not hmac.compare_digest(signature, self._signature(content)):
            raise refused("unknown_state")
        try:
            decoded = base64.urlsafe_b64decode(content + "=" * (-len(content) % 4))
            registration, milliseconds, mark, browser = _LAYOUT.unpack_from(decoded)
            target = decoded[_LAYOUT.size :].decode()
        except (binascii.Error, struct.error, UnicodeDecodeError) as error:
            raise refused("unknown_state") from error
        issued = datetime.fromtimestamp(milliseconds / 1000, UTC)
        return State(text, UUID(bytes=registration), issued, target, mark, browser)

    def nonce(self, state_hash: str) -> str:
        """The nonce that belongs to the state with this hash."""
        return _encoded(hmac.digest(self._nonce_key, state_hash.encode(), "sha256"))

    def _signature(self, text: str) -> str:
        return _encoded(hmac.digest(self._state_key, text.encode(), "sha256"))


def _browser(secret: str, mark: bytes) -> bytes:
    return hmac.digest(secret.encode(), mark, hashlib.sha256)


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
