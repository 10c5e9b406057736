"""The memory for unwrapped keys: bounded, and nothing in it is old."""

import uuid

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.key_cache import LIFE_SECONDS, KeyCache

IDS = [uuid.UUID(int=number) for number in range(5)]


def cipher() -> AESGCM:
    return AESGCM(AESGCM.generate_key(256))


def test_the_keys_not_used_for_longest_go_first() -> None:
    cache = KeyCache(lambda: 0.0, most=3)
    for key_id in IDS[:3]:
        cache.put(key_id, IDS[0], cipher())
    cache.get([IDS[0]])
    cache.put(IDS[3], IDS[0], cipher())
    assert set(cache.get(IDS)) == {IDS[0], IDS[2], IDS[3]}
    assert len(cache) == 3


def test_use_does_not_make_a_key_live_longer() -> None:
    now = [0.0]
    cache = KeyCache(lambda: now[0])
    cache.put(IDS[0], IDS[0], cipher())
    for moment in range(0, int(LIFE_SECONDS), 60):
        now[0] = float(moment)
        assert cache.get(IDS[:1])
    now[0] = LIFE_SECONDS
    assert cache.get(IDS[:1]) == {}
    assert len(cache) == 0


def test_keys_are_dropped_by_id() -> None:
    cache = KeyCache(lambda: 0.0)
    for key_id in IDS:
        cache.put(key_id, IDS[0], cipher())
    cache.drop([IDS[0], uuid.uuid4()])
    assert IDS[0] not in cache.get(IDS)
    cache.clear()
    assert cache.get(IDS) == {}
