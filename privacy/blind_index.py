"""A keyed index of words: work can be searched by what stands in it, and the index says nothing to who has no key (P7).

Each word becomes eight bytes of HMAC-SHA-256 under a key of its tenant. Who reads the database learns which works share
a word and how often it is used inside one tenant, but neither the word nor anything across tenants. The commonest words
are left out: they tell works apart for nobody, and their frequency would give them away first.
"""

import base64
import hmac
import os
import re
import unicodedata
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from privacy.columns import NONCE_BYTES
from privacy.keyring import KeyProvider

PURPOSE: Final = "blind index v1"
MOST_WORDS: Final = 5_000
"""Different words of one work that are indexed; further ones can't be searched for."""
LONGEST_WORD: Final = 64
_HIDDEN: Final = b"searched words v1"
_WORD: Final = re.compile(r"\w+")
# Scripts that put no spaces between words are indexed by pairs of characters.
_UNSPACED: Final = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]{2,}")
_COMMON: Final = """
the of and to in a is that it as for with was on be by this are or an not have from at which but can has they we he his
their its she her i you my if there so no will would what all one more also been than who
der die das und ist nicht ein eine zu den mit von es im auf fur dass sich dem des werden wird sind
de la le les et est que un une des en du pour dans ne pas qui au sur se par il elle ce
el los las y es una por con para del al lo como su mas
"""
COMMONEST: Final = frozenset(_COMMON.split())


class BlindIndex:
    """Turns words into what stands for them in a tenant's index. One per process."""

    def __init__(self, keyring: KeyProvider) -> None:
        self._root = keyring.derive(PURPOSE)
        self._cipher = AESGCM(HKDFExpand(algorithm=hashes.SHA256(), length=32, info=_HIDDEN).derive(self._root))

    def terms(self, tenant_id: UUID, words: Iterable[str]) -> dict[str, int]:
        """What stands for each word: a signed 64-bit number."""
        key = HKDFExpand(algorithm=hashes.SHA256(), length=32, info=tenant_id.bytes).derive(self._root)
        return {
            word: int.from_bytes(hmac.digest(key, word.encode(), "sha256")[:8], "big", signed=True) for word in words
        }

    def hide(self, words: str) -> str:
        """Words as they may stand in an address, where logs and histories keep them."""
        nonce = os.urandom(NONCE_BYTES)
        return base64.urlsafe_b64encode(nonce + self._cipher.encrypt(nonce, words.encode(), _HIDDEN)).decode()

    def reveal(self, hidden: str) -> str:
        """What `hide` hid; empty when it is nothing of ours."""
        try:
            content = base64.urlsafe_b64decode(hidden)
            return self._cipher.decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], _HIDDEN).decode()
        except (ValueError, InvalidTag):
            return ""


def words_of(text: str) -> list[str]:
    """The different words of a text as they are indexed, in the order in which they come.

    Case, accents and compatibility forms make no difference: "Éthique" is found by "ethique".
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    found: dict[str, None] = {}
    for word in _WORD.findall(plain):
        for piece in _pieces(word):
            if len(piece) > 1 and piece not in COMMONEST:
                found[piece] = None
                if len(found) >= MOST_WORDS:
                    return list(found)
    return list(found)


def _pieces(word: str) -> list[str]:
    if not _UNSPACED.search(word):
        return [word[:LONGEST_WORD]]
    pieces: list[str] = []
    position = 0
    for run in _UNSPACED.finditer(word):
        pieces.append(word[position : run.start()][:LONGEST_WORD])
        characters = run.group()
        pieces += [characters[place : place + 2] for place in range(len(characters) - 1)]
        position = run.end()
    return [*pieces, word[position:][:LONGEST_WORD]]
