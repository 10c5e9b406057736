"""Sealing: AES-256-GCM under one data key per owner, bound to the row and column it stands in (P1).

A sealed value is `version (1) | data key id (16) | nonce (12) | ciphertext and tag`. Its associated data name the
tenant, table, column, row and key, each with its length in front, so that a value moved anywhere else does not open.

Random 96-bit nonces are safe up to 2^32 values a key (NIST SP 800-38D, 8.3). They are not counted: a count that holds
for all processes would cost a write for each value, and one kept per process would prove nothing. The busiest keys are
those of courses, with one value a launch: at a hundred launches a second without a pause, one course's key would last
for more than a year.
"""

import hmac
import json
import os
import struct
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import ColumnElement, Row, and_, event, or_, select, tuple_, update
from sqlalchemy.orm import Session, SessionTransaction

from config.clock import utc_now
from privacy.columns import HEAD_BYTES, NONCE_BYTES, VERSION, looks_sealed
from privacy.data_keys import insert_keys
from privacy.errors import KeyDestroyed, SealBroken
from privacy.key_cache import KeyCache, OpenKey
from privacy.keyring import KeyProvider, PlainKey, WrappedKey
from privacy.models import DataKey, OwnerKind
from privacy.ring_file import KEY_BYTES

MARKING: Final = "marks of equal texts v1"
_NIL = uuid.UUID(int=0)
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_SESSION_KEYS = "blindmark_data_keys"
_COLUMNS = (
    DataKey.id,
    DataKey.tenant_id,
    DataKey.owner_kind,
    DataKey.owner_id,
    DataKey.master_key_id,
    DataKey.wrapped,
)
_KeyRow = Row[uuid.UUID, uuid.UUID, OwnerKind, uuid.UUID, str, bytes | None]


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


class Vault:
    """Seals and opens values. Data keys are made when first needed and kept unwrapped for five minutes at most."""

    def __init__(self, keyring: KeyProvider, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._keyring = keyring
        self._cache = KeyCache(monotonic)
        self._marking: bytes | None = None

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
        keys = self._load(session, {_key_id(blob) for _, blob in sealed})
        return [_open(keys[_key_id(blob)], place, blob) for place, blob in sealed]

    def mark(self, scope_id: uuid.UUID, text: str) -> int:
        """A signed 64-bit number that stands for a text inside a scope, and tells nothing of it to who has no key.

        The same text has the same mark as long as the key ring lives: rows can be compared without being opened.
        """
        if self._marking is None:
            self._marking = self._keyring.derive(MARKING)
        digest = hmac.digest(self._marking, scope_id.bytes + text.encode(), "sha256")
        return int.from_bytes(digest[:8], "big", signed=True)

    def seal_text(self, session: Session, owner: Owner, place: Place, value: str) -> bytes:
        """Seal text as UTF-8."""
        return self.seal(session, owner, place, value.encode())

    def open_text(self, session: Session, place: Place, blob: bytes) -> str:
        """Open text."""
        return self.open(session, place, blob).decode()

    def seal_json(self, session: Session, owner: Owner, place: Place, value: Any) -> bytes:
        """Seal a JSON value."""
        return self.seal(session, owner, place, _JSON.encode(value).encode())

    def open_json(self, session: Session, place: Place, blob: bytes) -> Any:
        """Open a JSON value."""
        return json.loads(self.open(session, place, blob))

    def prepare_keys(self, session: Session, owners: Iterable[Owner], *, new: bool = False) -> None:
        """Make and load the data keys of many owners in a constant number of statements, ahead of a bulk write.

        Args:
            new: the owners came into being in this very transaction, so that nobody need look for keys of theirs.
        """
        known = _known(session)
        wanted = {owner for owner in owners if owner not in known or not self._cache.is_fresh(known[owner])}
        if not wanted:
            return
        found = set() if new else self._find_keys(session, wanted)
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
        self._cache.drop(ids)
        known = _known(session)
        for owner in [owner for owner, key in known.items() if key.id in ids]:
            del known[owner]
        return len(ids)

    def forget(self) -> None:
        """Drop every unwrapped key from memory."""
        self._cache.clear()

    def _key_of(self, session: Session, owner: Owner) -> OpenKey:
        key = _known(session).get(owner)
        if key is None or not self._cache.is_fresh(key):
            self.prepare_keys(session, [owner])
            key = _known(session)[owner]
        return key

    def _find_keys(self, session: Session, owners: set[Owner]) -> set[Owner]:
        rows = session.execute(select(*_COLUMNS).where(_owned_by(owners), DataKey.destroyed_at.is_(None))).all()
        keys = self._unwrap(rows)
        found = {Owner(row.tenant_id, row.owner_kind, row.owner_id): keys[row.id] for row in rows}
        _known(session).update(found)
        return set(found)

    def _make_keys(self, session: Session, owners: set[Owner]) -> set[Owner]:
        """Make keys; returns the owners that got one, which leaves out those that another writer was faster for.

        Raises:
            MasterKeyRetired: the master key was retired between wrapping and this insert.
        """
        # In one order, so that two writers who make keys for the same people don't wait for each other in a circle.
        ordered = sorted(owners, key=lambda owner: (owner.tenant_id, owner.kind, owner.id))
        ids = {owner: uuid.uuid4() for owner in ordered}
        plain = {ids[owner]: os.urandom(KEY_BYTES) for owner in ordered}
        wrapped = self._keyring.wrap(
            [PlainKey(plain[ids[owner]], wrapping_context(ids[owner], owner.tenant_id)) for owner in ordered]
        )
        now = utc_now()
        rows = [
            {
                "id": ids[owner],
                "tenant_id": owner.tenant_id,
                "owner_kind": owner.kind,
                "owner_id": owner.id,
                "master_key_id": item.master_key_id,
                "wrapped": item.blob,
                "created_at": now,
            }
            for owner, item in zip(ordered, wrapped, strict=True)
        ]
        winners = insert_keys(session, rows)
        kept = {
            owner: self._cache.put(ids[owner], owner.tenant_id, AESGCM(plain[ids[owner]]))
            for owner in ordered
            if ids[owner] in winners
        }
        _known(session).update(kept)
        return set(kept)

    def _load(self, session: Session, wanted: set[uuid.UUID]) -> dict[uuid.UUID, OpenKey]:
        found = self._cache.get(wanted)
        missing = wanted - found.keys()
        if missing:
            rows = session.execute(select(*_COLUMNS).where(DataKey.id.in_(missing))).all()
            if len(rows) != len(missing):
                raise SealBroken("A sealed value names a data key that does not exist.")
            found.update(self._unwrap(rows))
        return found

    def _unwrap(self, rows: Sequence[_KeyRow]) -> dict[uuid.UUID, OpenKey]:
        """The rows' keys, from memory where they are fresh there."""
        if any(row.wrapped is None for row in rows):
            self._cache.drop([row.id for row in rows if row.wrapped is None])
            raise KeyDestroyed("This was erased: its key has been destroyed, so that nobody can read it any more.")
        found = self._cache.get({row.id for row in rows})
        missing = [row for row in rows if row.id not in found]
        if missing:
            plain = self._keyring.unwrap(
                [WrappedKey(row.master_key_id, row.wrapped, wrapping_context(row.id, row.tenant_id)) for row in missing]
            )
            for row, key in zip(missing, plain, strict=True):
                found[row.id] = self._cache.put(row.id, row.tenant_id, AESGCM(key))
        return found


def wrapping_context(key_id: uuid.UUID, tenant_id: uuid.UUID) -> bytes:
    """What a wrapped data key is bound to: its own row, and the tenant."""
    return b"data-key" + key_id.bytes + tenant_id.bytes


def _owned_by(owners: Iterable[Owner]) -> ColumnElement[bool]:
    """SQL: keys of these owners. Ids stand in a list for each tenant and kind: a list of triples takes long to plan."""
    ids: dict[tuple[uuid.UUID, OwnerKind], list[uuid.UUID]] = defaultdict(list)
    for owner in owners:
        ids[owner.tenant_id, owner.kind].append(owner.id)
    return or_(
        *(
            and_(DataKey.tenant_id == tenant_id, DataKey.owner_kind == kind, DataKey.owner_id.in_(some))
            for (tenant_id, kind), some in ids.items()
        )
    )


def _known(session: Session) -> dict[Owner, OpenKey]:
    """The keys that this session has used to seal. A rollback forgets them: it may have taken back their rows."""
    known: dict[Owner, OpenKey] = session.info.setdefault(_SESSION_KEYS, {})
    return known


@event.listens_for(Session, "after_soft_rollback")
def _forget_known(session: Session, _ended: SessionTransaction) -> None:
    session.info.pop(_SESSION_KEYS, None)


def _key_id(blob: bytes) -> uuid.UUID:
    if not looks_sealed(blob):
        raise SealBroken("A value that should be sealed is not.")
    return uuid.UUID(bytes=bytes(blob[len(VERSION) : HEAD_BYTES]))


def _open(key: OpenKey, place: Place, blob: bytes) -> bytes:
    nonce, ciphertext = blob[HEAD_BYTES : HEAD_BYTES + NONCE_BYTES], blob[HEAD_BYTES + NONCE_BYTES :]
    try:
        return key.cipher.decrypt(nonce, ciphertext, _associated(key, place))
    except InvalidTag as error:
        raise SealBroken(f"A sealed value in {place.table}.{place.column} does not open in its place.") from error


def _associated(key: OpenKey, place: Place) -> bytes:
    parts = (b"v1", key.tenant_id.bytes, place.table.encode(), place.column.encode(), place.row_id.bytes, key.id.bytes)
    return b"".join(struct.pack(">H", len(part)) + part for part in parts)
