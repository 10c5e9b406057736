"""The address of a key in HashiCorp Vault's transit engine: `vault+https://HOST:8200/MOUNT/NAME`."""

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_SCHEMES: Final = {"vault+https": "https", "vault+http": "http"}
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,39}")


@dataclass(frozen=True, slots=True)
class VaultAddress:
    """Where Vault answers, where its transit engine is mounted, and which key is ours."""

    base: str
    """As https://vault.example.org:8200"""
    mount: str
    key: str

    @property
    def secure(self) -> bool:
        """Whether the way there is encrypted."""
        return self.base.startswith("https://")


def is_vault(value: str) -> bool:
    """Whether a setting names a key in Vault, and not a file."""
    return value.startswith("vault+")


def parse_vault_address(value: str) -> VaultAddress:
    """Take an address apart.

    Raises:
        ValueError: it is not one.
    """
    parts = urlsplit(value)
    mount, _, key = parts.path.strip("/").rpartition("/")
    plain = not (parts.username or parts.password or parts.query or parts.fragment)
    names = [*mount.split("/"), key]
    if parts.scheme not in _SCHEMES or not parts.hostname or not plain or not all(map(_NAME.fullmatch, names)):
        raise ValueError("must look like vault+https://vault.example.org:8200/transit/blindmark (no token in it)")
    return VaultAddress(f"{_SCHEMES[parts.scheme]}://{parts.netloc}", mount, key)
