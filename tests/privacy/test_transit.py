"""A key ring in HashiCorp Vault, against a strict stand-in for it in another process."""

import logging
import os
import uuid
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlalchemy import func, select

from config.database import Database
from privacy import rotation
from privacy.audit import Actor
from privacy.errors import KeyRingError, KeyServiceRefused, KeyServiceUnavailable, MasterKeyInUse, SealBroken
from privacy.keyring import PlainKey
from privacy.models import DataKey
from privacy.sealing import Owner, Place, Vault
from privacy.transit import TransitKeyRing
from privacy.vault_client import VaultClient
from tests.privacy.vault_process import VaultServer, running_vault
from tests.privacy.vault_server import OPERATOR_TOKEN

KEYS = [PlainKey(bytes([number]) * 32, b"context %d" % number) for number in range(3)]
PLAIN = [item.key for item in KEYS]


def test_what_is_wrapped_opens_only_in_its_context(vault_http: VaultServer) -> None:
    ring = vault_http.ring()
    wrapped = ring.wrap(KEYS)
    assert {item.master_key_id for item in wrapped} == {"blindmark:v1"}
    assert wrapped[0].blob.startswith(b"vault:v1:")
    assert vault_http.ring().unwrap(wrapped) == PLAIN
    with pytest.raises(KeyRingError, match="altered"):
        ring.unwrap([wrapped[0]._replace(context=b"elsewhere")])
    with pytest.raises(KeyRingError, match="altered"):
        ring.unwrap([wrapped[1], wrapped[0]._replace(blob=wrapped[1].blob)])


@pytest.mark.parametrize("blob", [b"", b"plain", b"vault:v1:", b"vault:v2:AAAA", b"vault:v1:AAAA\n", b"\xff" * 60])
def test_what_vault_did_not_wrap_is_not_sent_there(vault_http: VaultServer, blob: bytes) -> None:
    ring = vault_http.ring()
    wrapped = ring.wrap(KEYS[:1])[0]
    before = len(vault_http.be())
    with pytest.raises(KeyRingError, match="was not wrapped by"):
        ring.unwrap([wrapped._replace(blob=blob)])
    with pytest.raises(KeyRingError, match="was not wrapped by"):
        ring.unwrap([wrapped._replace(master_key_id="k-of-a-file")])
    assert len(vault_http.be()) == before


def test_many_keys_are_one_request(vault_http: VaultServer) -> None:
    ring = vault_http.ring()
    before = len(vault_http.be())
    wrapped = ring.wrap([PlainKey(os.urandom(32), b"c")] * 1001)
    assert len(ring.unwrap(wrapped)) == 1001
    assert len(vault_http.be()) - before == 6


def test_secrets_are_the_same_for_every_process_and_after_each_rotation(vault_http: VaultServer) -> None:
    secret = vault_http.ring().derive("audit chain v1")
    assert len(secret) == 32
    assert vault_http.ring().derive("index") != secret
    vault_http.set_up("keys/blindmark/rotate")
    vault_http.set_up("keys/blindmark-derivation/rotate")
    assert vault_http.ring().derive("audit chain v1") == secret


def test_a_secret_is_asked_for_once(vault_http: VaultServer) -> None:
    ring = vault_http.ring()
    before = len(vault_http.be())
    assert ring.derive("audit") == ring.derive("audit")
    assert len(vault_http.be()) - before == 1


def test_a_whole_rotation(vault_http: VaultServer, database: Database) -> None:
    runtime, operator = vault_http.ring(), vault_http.ring(OPERATOR_TOKEN)
    owner, place = Owner.person(uuid.uuid4(), uuid.uuid4()), Place("submission", "text", uuid.uuid4())
    with database.transaction() as session:
        blob = Vault(runtime).seal_text(session, owner, place, "words")
    actor = Actor.system()
    assert rotation.add(database, operator, actor) == "blindmark:v2"
    rotation.activate(database, operator, "blindmark:v2", actor)
    with pytest.raises(MasterKeyInUse, match="needed by 1 data keys"):
        rotation.retire(database, operator, "blindmark:v1", actor)
    assert rotation.rewrap(database, operator, actor, lambda _: None) == 1
    rotation.retire(database, operator, "blindmark:v1", actor)
    with database.transaction() as session:
        assert session.scalar(select(DataKey.master_key_id)) == "blindmark:v2"
        assert Vault(runtime).open_text(session, place, blob) == "words"
        assert rotation.status(session, runtime).masters == [
            rotation.MasterKey("blindmark:v2", active=True, in_ring=True, retired=False, data_keys=1)
        ]
        rotation.check_ring(session, runtime)
    assert operator.key_ids() == ["blindmark:v2"]


def test_a_destroyed_version_opens_nothing(vault_http: VaultServer) -> None:
    operator = vault_http.ring(OPERATOR_TOKEN)
    wrapped = operator.wrap(KEYS)
    operator.add()
    moved = operator.rewrap(wrapped)
    assert {item.master_key_id for item in moved} == {"blindmark:v2"}
    operator.retire("blindmark:v1")
    assert operator.unwrap(moved) == PLAIN
    with pytest.raises(KeyRingError, match="too old"):
        operator.unwrap(wrapped)


def test_versions_go_from_the_oldest_on_and_never_the_newest(vault_http: VaultServer) -> None:
    operator = vault_http.ring(OPERATOR_TOKEN)
    with pytest.raises(KeyRingError, match="active one"):
        operator.retire("blindmark:v1")
    operator.add()
    operator.add()
    with pytest.raises(KeyRingError, match="Retire blindmark:v1 before"):
        operator.retire("blindmark:v2")
    with pytest.raises(KeyRingError, match="newest version only"):
        operator.activate("blindmark:v1")
    operator.retire("blindmark:v1")
    operator.retire("blindmark:v2")
    assert operator.key_ids() == ["blindmark:v3"]


def test_a_retirement_cut_off_between_its_two_requests_is_finished_later(vault_http: VaultServer) -> None:
    operator = vault_http.ring(OPERATOR_TOKEN)
    operator.add()
    vault_http.set_up("keys/blindmark/config", min_decryption_version=2, min_encryption_version=2)
    assert operator.key_ids() == ["blindmark:v1", "blindmark:v2"]
    operator.retire("blindmark:v1")
    assert operator.key_ids() == ["blindmark:v2"]


def test_the_token_of_the_web_process_can_t_rotate(vault_http: VaultServer) -> None:
    with pytest.raises(KeyServiceRefused, match="policy does not allow"):
        vault_http.ring().add()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"token": "s.wrong"}, "the token has run out"),
        ({"namespace": "other"}, "has nothing at transit/keys/blindmark"),
    ],
)
def test_a_wrong_token_or_namespace_is_named(vault_http: VaultServer, options: dict[str, Any], words: str) -> None:
    with pytest.raises(KeyServiceRefused, match=words):
        vault_http.ring(**options).check()


def test_keys_of_the_wrong_kind_are_refused_at_start(vault_http: VaultServer) -> None:
    vault_http.ring().check()
    vault_http.set_up("keys/plain", derived=False)
    vault_http.set_up("keys/lonely", derived=True)
    client = vault_http.client()
    with pytest.raises(KeyRingError, match="derived=true"):
        TransitKeyRing(client, "transit", "plain").check()
    with pytest.raises(KeyRingError, match="lonely-derivation/sha2-256: encryption key not found"):
        TransitKeyRing(client, "transit", "lonely").check()
    with pytest.raises(KeyServiceRefused, match="nothing at transit/keys/absent"):
        TransitKeyRing(client, "transit", "absent").check()


def test_a_sealed_vault_is_named_and_nothing_is_lost(vault_http: VaultServer, sqlite_database: Database) -> None:
    ring = vault_http.ring()
    owner, place = Owner.site(), Place("a", "b", uuid.uuid4())
    with sqlite_database.transaction() as session:
        blob = Vault(ring).seal(session, owner, place, b"x")
    vault_http.be(sealed=True)
    with sqlite_database.transaction() as session:
        with pytest.raises(KeyServiceUnavailable, match="It is sealed"):
            Vault(ring).open(session, place, blob)
        with pytest.raises(KeyServiceUnavailable):
            Vault(ring).seal(session, Owner.person(uuid.uuid4(), uuid.uuid4()), place, b"x")
        assert session.scalar(select(func.count()).select_from(DataKey)) == 1
    vault_http.be(sealed=False)
    with sqlite_database.transaction() as session:
        assert Vault(ring).open(session, place, blob) == b"x"
        with pytest.raises(SealBroken):
            Vault(ring).open(session, place._replace(column="c"), blob)


def test_a_short_failure_is_tried_again(vault_http: VaultServer) -> None:
    pauses: list[float] = []
    vault_http.be(failing=2)
    assert vault_http.ring(sleep=pauses.append).wrap(KEYS)
    assert pauses == [0.2, 0.8]
    vault_http.be(failing=3)
    with pytest.raises(KeyServiceUnavailable, match="status 500"):
        vault_http.ring().wrap(KEYS)


def test_a_new_version_is_asked_for_once_even_if_that_fails(vault_http: VaultServer) -> None:
    vault_http.be(failing=1)
    with pytest.raises(KeyServiceUnavailable):
        vault_http.ring(OPERATOR_TOKEN).add()
    assert vault_http.ring().key_ids() == ["blindmark:v1"]


def test_a_slow_vault_is_not_waited_for(vault_http: VaultServer) -> None:
    vault_http.be(delay=1.0)
    with pytest.raises(KeyServiceUnavailable, match="does not answer"):
        vault_http.ring(read_seconds=0.1).wrap(KEYS)


def test_a_vault_that_is_not_there_is_named(vault_http: VaultServer) -> None:
    client = VaultClient("http://127.0.0.1:9", lambda: "t", sleep=lambda _: None)
    with pytest.raises(KeyServiceUnavailable, match="ConnectionError"):
        TransitKeyRing(client, "transit", "blindmark").check()


def test_the_token_does_not_follow_a_redirect(vault_http: VaultServer) -> None:
    vault_http.be(redirect=True)
    with pytest.raises(KeyServiceRefused, match="another address"):
        vault_http.ring().check()


def self_signed(directory: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vault")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = directory / "certificate.pem", directory / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return paths


def test_a_certificate_of_its_own_is_trusted_only_when_it_is_named(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    with running_vault(certificate, key) as server:
        assert server.url.startswith("https://")
        with pytest.raises(KeyServiceRefused, match="set VAULT_CACERT"):
            server.ring().check()
        server.ring(verify=str(certificate)).check()


def test_connections_are_not_shared_with_a_forked_process(vault_http: VaultServer) -> None:
    """A child that took the parent's connection would read answers meant for the parent."""
    client = vault_http.client()
    client.read("transit/keys/blindmark")
    parent: requests.Session = client._session()
    child = os.fork()
    if child == 0:
        os._exit(0 if client._session() is not parent else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert client._session() is parent


def test_no_secret_is_logged_or_said(vault_http: VaultServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ring = vault_http.ring(token="s.very-secret")
    with pytest.raises(KeyServiceRefused) as refused:
        ring.wrap(KEYS)
    good = vault_http.ring()
    good.unwrap(good.wrap(KEYS))
    text = caplog.text + str(refused.value)
    assert "s.very-secret" not in text
    assert "s.runtime" not in text
    assert "vault:v1" not in text
