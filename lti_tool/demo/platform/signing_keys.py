"""The platform's own keys, each in a file: the newest signs, older ones are published until they are dropped."""

import hashlib
import os
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

from lti_tool.demo.platform.model import Clock
from lti_tool.demo.platform.store import Store

_FIRST: Final = "platform-key.pem"
_LATER: Final = re.compile(r"platform-key-(\d+)\.pem", re.ASCII)


@dataclass(frozen=True)
class _Key:
    path: Path
    private: RSAPrivateKey
    kid: str
    public: dict[str, Any]


@dataclass(frozen=True)
class PublishedKey:
    """A key of the published set; one of them signs."""

    kid: str
    signs: bool


class SigningKeys:
    """The RSA keys of one issuer, the same after every start.

    Args:
        life_seconds: age at which a key is replaced unasked; None for never.
        kept_seconds: for how long a replaced key stays published.
    """

    def __init__(
        self, folder: Path, store: Store, clock: Clock, *, life_seconds: float | None, kept_seconds: float
    ) -> None:
        self._folder = folder
        self._store = store
        self._clock = clock
        self._life_seconds = life_seconds
        self._kept_seconds = kept_seconds
        self._lock = threading.RLock()
        self._keys = [_read(path) for _, path in sorted(_files(folder).items())]
        for key in self._keys or [self._make()]:
            self._note(key)

    def sign(self, claims: dict[str, Any]) -> str:
        """Give the claims as an RS256 token that names the newest key."""
        with self._lock:
            self._keep_up()
            key = self._keys[-1]
        return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})

    def jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Give the public key set, the newest key first."""
        with self._lock:
            self._keep_up()
            return {"keys": [key.public for key in reversed(self._keys)]}

    def published(self) -> list[PublishedKey]:
        """Give the keys of the set, the newest first."""
        with self._lock:
            self._keep_up()
            return [PublishedKey(key.kid, key is self._keys[-1]) for key in reversed(self._keys)]

    def replace(self, *, keep_old: bool) -> None:
        """Sign with a new key from now on; the old ones are published for a while yet, or dropped at once."""
        with self._lock:
            self._replace()
            if not keep_old:
                self.drop_old()

    def drop_old(self) -> None:
        """Publish the newest key alone: what another has signed can't be verified any more."""
        with self._lock:
            for key in self._keys[:-1]:
                self._drop(key)

    def _keep_up(self) -> None:
        """Do what is due by now: replace a key that is too old, drop those that were kept long enough."""
        now = self._clock()
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT * FROM platform_keys").fetchall()
        facts = {row["kid"]: row for row in rows}
        if self._life_seconds is not None and now - facts[self._keys[-1].kid]["made_at"] >= self._life_seconds:
            self._replace()
        for key in self._keys[:-1]:
            ends = facts[key.kid]["published_until"] if key.kid in facts else None
            if ends is not None and ends <= now:
                self._drop(key)

    def _replace(self) -> None:
        until = self._clock() + self._kept_seconds
        with self._store.transaction() as connection:
            connection.execute("UPDATE platform_keys SET published_until = ? WHERE published_until IS NULL", (until,))
        self._note(self._make())

    def _make(self) -> _Key:
        number = max(_files(self._folder), default=0) + 1
        path = self._folder / (_FIRST if number == 1 else f"platform-key-{number}.pem")
        pem = generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        key = _read(path)
        self._keys = [*self._keys, key]
        return key

    def _note(self, key: _Key) -> None:
        with self._store.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO platform_keys (kid, made_at) VALUES (?, ?)", (key.kid, self._clock())
            )

    def _drop(self, key: _Key) -> None:
        self._keys = [one for one in self._keys if one is not key]
        key.path.unlink(missing_ok=True)
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM platform_keys WHERE kid = ?", (key.kid,))


def _files(folder: Path) -> dict[int, Path]:
    """Give the key files by their numbers, which grow with every key."""
    found = {int(match[1]): path for path in folder.iterdir() if (match := _LATER.fullmatch(path.name))}
    first = folder / _FIRST
    return found | ({1: first} if first.exists() else {})


def _read(path: Path) -> _Key:
    private = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(private, RSAPrivateKey):
        raise TypeError(f"The key file {path.name} holds no RSA key; remove it to have a new one made.")
    public = private.public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    kid = hashlib.sha256(der).hexdigest()[:16]
    shown = {**RSAAlgorithm.to_jwk(public, as_dict=True), "kid": kid, "alg": "RS256", "use": "sig"}
    shown.pop("key_ops", None)
    return _Key(path, private, kid, shown)
