"""HashiCorp Vault's stand-in, started as a process of its own and seen from a test."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from privacy.transit import TransitKeyRing
from privacy.vault_client import VaultClient
from tests.privacy import vault_server


class VaultServer:
    """The stand-in, seen from a test."""

    def __init__(self, url: str, verify: str | bool = True) -> None:
        self.url = url
        self._verify = verify

    def set_up(self, path: str, **body: Any) -> None:
        """What an operator does with Vault's own command line."""
        headers = {"X-Vault-Token": vault_server.OPERATOR_TOKEN, "X-Vault-Namespace": vault_server.NAMESPACE}
        address = f"{self.url}/v1/transit/{path}"
        requests.post(address, json=body, headers=headers, timeout=5, verify=self._verify).raise_for_status()

    def be(self, **how: Any) -> list[str]:
        """Have it behave in some way; returns what it was asked up to now."""
        asked: list[str] = requests.post(f"{self.url}/stand-in", json=how, timeout=5, verify=self._verify).json()[
            "asked"
        ]
        return asked

    def ring(self, token: str = vault_server.TOKEN, **options: Any) -> TransitKeyRing:
        """A ring as one of our processes has it."""
        return TransitKeyRing(self.client(token, **options), "transit", "blindmark")

    def client(self, token: str = vault_server.TOKEN, **options: Any) -> VaultClient:
        options = {"namespace": vault_server.NAMESPACE, "sleep": lambda _: None} | options
        return VaultClient(self.url, lambda: token, **options)


@contextmanager
def running_vault(certificate: Path | None = None, key: Path | None = None) -> Iterator[VaultServer]:
    """A fresh stand-in with the two keys of a ring, over HTTP, or over HTTPS with a certificate."""
    command = [sys.executable, "-m", "tests.privacy.vault_server", *(str(path) for path in (certificate, key) if path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        server = VaultServer(process.stdout.readline().strip(), str(certificate) if certificate else True)
        server.set_up("keys/blindmark", type="aes256-gcm96", derived=True)
        server.set_up("keys/blindmark-derivation")
        yield server
    finally:
        process.kill()
        process.communicate()
