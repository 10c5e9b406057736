"""Opens the key ring that the settings name: a file, or a key in HashiCorp Vault."""

from collections.abc import Callable

from sqlalchemy import inspect

from config.database import Database
from config.errors import ConfigurationError
from config.logging import fields, get_logger
from config.settings import Settings
from config.vault_address import VaultAddress
from privacy.errors import KeyRingError
from privacy.keyring import KeyRing, create_keyring, load_keyring
from privacy.models import DataKey
from privacy.rotation import has_sealed
from privacy.transit import TransitKeyRing
from privacy.vault_client import VaultClient

log = get_logger(__name__)


def open_keyring(settings: Settings, database: Database, *, create: bool) -> KeyRing:
    """The key ring.

    Args:
        create: make a file with a fresh ring where there is none, as long as the database is new too.

    Raises:
        KeyRingError: it is missing, can't be used, or was lost: a new one would not open what is in the database.
    """
    if settings.vault is not None:
        return _open_transit(settings, settings.vault)
    path = settings.effective_keyring
    if create and not path.exists():
        if _in_use(database):
            raise KeyRingError(
                f"There is no key ring at {path}, and the database holds what only the lost one opens. Restore the "
                "file from its backup, or set BLINDMARK_KEYRING to where it is."
            )
        if create_keyring(path):
            log.warning("keyring.created", extra=fields(path=path))
    return load_keyring(path)


def _in_use(database: Database) -> bool:
    if not inspect(database.engine).has_table(DataKey.__tablename__):
        return False
    with database.transaction() as session:
        return has_sealed(session)


def _open_transit(settings: Settings, address: VaultAddress) -> KeyRing:
    client = VaultClient(
        address.base,
        _token_source(settings),
        namespace=settings.vault_namespace,
        verify=str(settings.vault_ca) if settings.vault_ca else True,
    )
    ring = TransitKeyRing(client, address.mount, address.key)
    ring.check()
    return ring


def _token_source(settings: Settings) -> Callable[[], str]:
    token, path = settings.vault_token, settings.vault_token_file
    if token is not None:
        value = token.get_secret_value().strip()
        return lambda: value
    if path is None:
        raise ConfigurationError("Set VAULT_TOKEN or BLINDMARK_VAULT_TOKEN_FILE.")

    def read() -> str:
        try:
            return path.read_text().strip()
        except OSError as error:
            raise KeyRingError(f"The file with the token for Vault, {path}, can't be read.") from error

    return read
