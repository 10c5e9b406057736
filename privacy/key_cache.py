"""Unwrapped data keys in memory: a bounded number of them, none longer than five minutes after it was read.

The five minutes count from reading a key, not from its last use: a key that another process destroyed is out of reach
here after that time, however busy it is. When there are too many, those go that were not used for longest.
"""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LIFE_SECONDS = 300.0
MOST_KEYS = 4096


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A data key that is ready for use."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    cipher: AESGCM
    read_at: float
    """Monotonic seconds."""


class KeyCache:
    """What one process keeps; for any number of threads."""

    def __init__(self, monotonic: Callable[[], float], most: int = MOST_KEYS) -> None:
        self._monotonic = monotonic
        self._most = most
        self._keys: OrderedDict[uuid.UUID, OpenKey] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._keys)

    def is_fresh(self, key: OpenKey) -> bool:
        """Whether a key may still be used without reading it again."""
        return self._monotonic() - key.read_at < LIFE_SECONDS

    def get(self, wanted: Iterable[uuid.UUID]) -> dict[uuid.UUID, OpenKey]:
        """Those of the wanted keys that are here and fresh."""
        found: dict[uuid.UUID, OpenKey] = {}
        with self._lock:
            for key_id in wanted:
                key = self._keys.get(key_id)
                if key is None:
                    continue
                if self.is_fresh(key):
                    self._keys.move_to_end(key_id)
                    found[key_id] = key
                else:
                    del self._keys[key_id]
        return found

    def put(self, key_id: uuid.UUID, tenant_id: uuid.UUID, cipher: AESGCM) -> OpenKey:
        """Keep a key that was read just now."""
        key = OpenKey(key_id, tenant_id, cipher, self._monotonic())
        with self._lock:
            self._keys[key_id] = key
            self._keys.move_to_end(key_id)
            while len(self._keys) > self._most:
                self._keys.popitem(last=False)
        return key

    def drop(self, key_ids: Iterable[uuid.UUID]) -> None:
        """Forget some keys."""
        with self._lock:
            for key_id in key_ids:
                self._keys.pop(key_id, None)

    def clear(self) -> None:
        """Forget every key."""
        with self._lock:
            self._keys.clear()
