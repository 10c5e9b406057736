"""The column type of sealed values: it takes nothing that was not sealed.

What a value was sealed for can't be seen from its outside: opening checks that. This type stops the mistake before it,
words that reach the database as they are, on every way there: objects, bulk inserts and statements on the connection.
"""

from typing import Annotated, Final

from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator

from privacy.errors import NotSealed

VERSION: Final = b"\x01"
KEY_ID_BYTES: Final = 16
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
HEAD_BYTES: Final = len(VERSION) + KEY_ID_BYTES
SHORTEST: Final = HEAD_BYTES + NONCE_BYTES + TAG_BYTES
"""Bytes of a sealed empty value."""


def looks_sealed(value: bytes) -> bool:
    """Whether bytes have the outside of a sealed value: its version, and room for key id, nonce and tag."""
    return len(value) >= SHORTEST and value[:1] == VERSION


class SealedBytes(TypeDecorator[bytes]):
    """Bytes made by `privacy.sealing.Vault.seal`.

    Raises:
        NotSealed: a value without the outside of a sealed one is about to be written or compared with.
    """

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        """Refuse what was not sealed. The words of the refusal hold nothing of the value."""
        if value is not None and not (isinstance(value, bytes) and looks_sealed(value)):
            raise NotSealed("A value that was not sealed was about to be written to a sealed column.")
        return value


Sealed = Annotated[bytes, mapped_column(SealedBytes())]
