"""Sealing: AES-256-GCM under one data key per owner, bound to the row and column it stands in (P1).

A sealed value is `version (1) | data key id (16) | nonce (12) | ciphertext and tag`. Its associated data name the
tenant, table, column, row and key, each with its length in front, so that a value moved anywhere else does not open.
Random 96-bit nonces are safe up to 2^32 values a key (NIST SP 800-38D, 8.3); an owner has thousands.
"""

import json
import os
import struct
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from config.clock import utc_now
from config.database import insert_ignoring_conflicts
from privacy.errors import KeyDestroyed, SealBroken
from privacy.keyring import KEY_BYTES, NONCE_BYTES, KeyProvider
from privacy.models import DataKey, OwnerKind

VERSION = b"\x01"
_HEAD = len(VERSION) + 16
_CACHE_SECONDS = 300.0
_CACHE_KEYS = 4096
_NIL = uuid.UUID(int=0)
_SESSION_KEYS = "blindmark_data_keys"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose data key seals a value."""

    tenant_id: uuid.UUID
    kind: OwnerKind
    id: uuid.UUID

    @classmethod
    def person(cls, tenant_id: uuid.UUID, person_id: uuid.UUID) -> "Owner":
        """A person inside a tenant."""
        return cls(tenant_id, OwnerKind.PERSON, person_id)

    @classmethod
    def course(cls, tenant_id: uuid.UUID, context_id: uuid.UUID) -> "Owner":
        """A course, for what its people share."""
        return cls(tenant_id, OwnerKind.COURSE, context_id)

    @classmethod
    def site(cls) -> "Owner":
        """Blindmark itself, for its own secrets."""
        return cls(_NIL, OwnerKind.SITE, _NIL)


class Place(NamedTuple):
    """Where a sealed value stands: what its associated data bind it to."""

    table: str
    column: str
    row_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class _OpenKey:
    id: uuid.UUID
    tenant_id: uuid.UUID
    cipher: AESGCM
    loaded_at: float


class Vault:
    """Seals and opens values. Data keys are made when first needed and kept unwrapped for five minutes at most."""

    def __init__(self, keyring: KeyProvider, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._keyring = keyring
        self._monotonic = monotonic
        self._by_id: dict[uuid.UUID, _OpenKey] = {}
        self._lock = threading.Lock()

    def seal(self, session: Session, owner: Owner, place: Place, plaintext: bytes) -> bytes:
        """Seal bytes for one place."""
        key = self._key_of(session, owner)
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + key.id.bytes + nonce + key.cipher.encrypt(nonce, plaintext, _associated(key, place))

    def open(self, session: Session, place: Place, blob: bytes) -> bytes:
        """Open what was sealed for this place.

        Raises:
            SealBroken: it was altered or moved here from elsewhere.
            KeyDestroyed: its data key has been destroyed.
        """
        return self.open_many(session, [(place, blob)])[0]

    def open_many(self, session: Session, sealed: Sequence[tuple[Place, bytes]]) -> list[bytes]:
        """Open many values with at most one query for their keys; same errors as `open`."""
        self._load(session, {_key_id(blob) for _, blob in sealed})
        return [self._open_one(place, blob) for place, blob in sealed]

    def seal_text(self, session: Session, owner: Owner, place: Place, value: str) -> bytes:
        """Seal text as UTF-8."""
        return self.seal(session, owner, place, value.encode())

    def open_text(self, session: Session, place: Place, blob: bytes) -> str:
        """Open text."""
        return self.open(session, place, blob).decode()

    def seal_json(self, session: Session, owner: Owner, place: Place, value: Any) -> bytes:
        """Seal a JSON value."""
        return self.seal(session, owner, place, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def open_json(self, session: Session, place: Place, blob: bytes) -> Any:
        """Open a JSON value."""
        return json.loads(self.open(session, place, blob))

    def prepare_keys(self, session: Session, owners: Iterable[Owner]) -> None:
        """Make and load the data keys of many owners in a constant number of statements, ahead of a bulk write."""
        wanted = set(owners) - set(self._known(session))
        if not wanted:
            return
        found = self._find_keys(session, wanted)
        missing = wanted - found
        if missing:
            missing -= self._make_keys(session, missing)
        if missing:
            self._find_keys(session, missing)

    def destroy_keys(self, session: Session, owners: Iterable[Owner], now: datetime) -> int:
        """Destroy the data keys of owners: whatever they sealed can't be opened by anybody any more (crypto-shredding).

        Other processes forget their unwrapped copies within five minutes.
        """
        wanted = [(owner.tenant_id, owner.kind, owner.id) for owner in owners]
        ids = list(
            session.execute(
                update(DataKey)
                .where(
                    tuple_(DataKey.tenant_id, DataKey.owner_kind, DataKey.owner_id).in_(wanted),
                    DataKey.destroyed_at.is_(None),
                )
                .values(wrapped=None, destroyed_at=now)
                .returning(DataKey.id)
            ).scalars()
        )
        with self._lock:
            for key_id in ids:
                self._by_id.pop(key_id, None)
        known = self._known(session)
        for owner in [owner for owner, key in known.items() if key.id in ids]:
            del known[owner]
        return len(ids)

    def forget(self) -> None:
        """Drop every unwrapped key from memory."""
        with self._lock:
            self._by_id.clear()

    def _open_one(self, place: Place, blob: bytes) -> bytes:
        key = self._by_id[_key_id(blob)]
        nonce, ciphertext = blob[_HEAD : _HEAD + NONCE_BYTES], blob[_HEAD + NONCE_BYTES :]
        try:
            return key.cipher.decrypt(nonce, ciphertext, _associated(key, place))
        except InvalidTag as error:
            raise SealBroken(f"A sealed value in {place.table}.{place.column} does not open in its place.") from error

    def _key_of(self, session: Session, owner: Owner) -> _OpenKey:
        self.prepare_keys(session, [owner])
        return self._known(session)[owner]

    @staticmethod
    def _known(session: Session) -> dict[Owner, _OpenKey]:
        known: dict[Owner, _OpenKey] = session.info.setdefault(_SESSION_KEYS, {})
        return known

    def _find_keys(self, session: Session, owners: set[Owner]) -> set[Owner]:
        rows = session.execute(
            select(DataKey).where(
                tuple_(DataKey.tenant_id, DataKey.owner_kind, DataKey.owner_id).in_(
                    [(owner.tenant_id, owner.kind, owner.id) for owner in owners]
                ),
                DataKey.destroyed_at.is_(None),
            )
        ).scalars()
        return self._take(session, rows)

    def _take(self, session: Session, rows: Iterable[DataKey]) -> set[Owner]:
        taken = {Owner(row.tenant_id, row.owner_kind, row.owner_id): self._remember(row) for row in rows}
        self._known(session).update(taken)
        return set(taken)

    def _make_keys(self, session: Session, owners: set[Owner]) -> set[Owner]:
        """Make keys; returns the owners that got one, which leaves out those that another writer was faster for."""
        master = self._keyring.current
        rows = []
        for owner in owners:
            key_id = uuid.uuid4()
            wrapped = self._keyring.wrap(master, os.urandom(KEY_BYTES), _wrapping_context(key_id, owner.tenant_id))
            rows.append(
                {
                    "id": key_id,
                    "tenant_id": owner.tenant_id,
                    "owner_kind": owner.kind,
                    "owner_id": owner.id,
                    "master_key_id": master,
                    "wrapped": wrapped,
                    "created_at": utc_now(),
                }
            )
        # Two writers may meet here for the same owner: the partial unique index lets one key win.
        made = session.execute(insert_ignoring_conflicts(session, DataKey).returning(DataKey), rows).scalars()
        return self._take(session, made)

    def _load(self, session: Session, wanted: set[uuid.UUID]) -> None:
        now = self._monotonic()
        with self._lock:
            fresh = {key.id for key in self._by_id.values() if now - key.loaded_at < _CACHE_SECONDS}
        missing = wanted - fresh
        if not missing:
            return
        rows = session.execute(select(DataKey).where(DataKey.id.in_(missing))).scalars().all()
        if len(rows) != len(missing):
            raise SealBroken("A sealed value names a data key that does not exist.")
        for row in rows:
            self._remember(row)

    def _remember(self, row: DataKey) -> _OpenKey:
        now = self._monotonic()
        known = self._by_id.get(row.id)
        if row.wrapped is None:
            with self._lock:
                self._by_id.pop(row.id, None)
            raise KeyDestroyed("This was erased: its key has been destroyed, so that nobody can read it any more.")
        if known is not None and now - known.loaded_at < _CACHE_SECONDS:
            return known
        data_key = self._keyring.unwrap(row.master_key_id, row.wrapped, _wrapping_context(row.id, row.tenant_id))
        key = _OpenKey(row.id, row.tenant_id, AESGCM(data_key), now)
        with self._lock:
            if len(self._by_id) >= _CACHE_KEYS:
                self._by_id.clear()
            self._by_id[row.id] = key
        return key


def _key_id(blob: bytes) -> uuid.UUID:
    if len(blob) < _HEAD + NONCE_BYTES or blob[:1] != VERSION:
        raise SealBroken("A value that should be sealed is not.")
    return uuid.UUID(bytes=bytes(blob[1:_HEAD]))


def _wrapping_context(key_id: uuid.UUID, tenant_id: uuid.UUID) -> bytes:
    return b"data-key" + key_id.bytes + tenant_id.bytes


def _associated(key: _OpenKey, place: Place) -> bytes:
    parts = (b"v1", key.tenant_id.bytes, place.table.encode(), place.column.encode(), place.row_id.bytes, key.id.bytes)
    return b"".join(struct.pack(">H", len(part)) + part for part in parts)
