"""HashiCorp Vault's stand-in, started as a process of its own and seen from a test."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from privacy.transit import TransitKeyRing
from privacy.vault_client import VaultClient
from tests.privacy import vault_server


class VaultServer:
    """The stand-in, seen from a test."""

    def __init__(self, url: str) -> None:
        self.url = url

    def set_up(self, path: str, **body: Any) -> None:
        """What an operator does with Vault's own command line."""
        headers = {"X-Vault-Token": vault_server.OPERATOR_TOKEN, "X-Vault-Namespace": vault_server.NAMESPACE}
        requests.post(f"{self.url}/v1/transit/{path}", json=body, headers=headers, timeout=5).raise_for_status()

    def be(self, **how: Any) -> list[str]:
        """Have it behave in some way; returns what it was asked up to now."""
        asked: list[str] = requests.post(f"{self.url}/stand-in", json=how, timeout=5).json()["asked"]
        return asked

    def ring(self, token: str = vault_server.TOKEN, **options: Any) -> TransitKeyRing:
        """A ring as one of our processes has it."""
        return TransitKeyRing(self.client(token, **options), "transit", "blindmark")

    def client(self, token: str = vault_server.TOKEN, **options: Any) -> VaultClient:
        options = {"namespace": vault_server.NAMESPACE, "sleep": lambda _: None} | options
        return VaultClient(self.url, lambda: token, **options)


@contextmanager
def running_vault() -> Iterator[VaultServer]:
    """A fresh stand-in with the two keys of a ring."""
    process = subprocess.Popen([sys.executable, "-m", "tests.privacy.vault_server"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        server = VaultServer(process.stdout.readline().strip())
        server.set_up("keys/blindmark", type="aes256-gcm96", derived=True)
        server.set_up("keys/blindmark-derivation")
        yield server
    finally:
        process.kill()
        process.communicate()
