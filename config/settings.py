"""Every setting Blindmark reads, from the environment, checked once at start.

The variables without prefix (`DATABASE_URL`, `REDIS_URL`, `OPENAI_API_KEY`, `OPENAI_BASE_URL`) carry the names that
hosting platforms and the OpenAI client already use; everything of our own begins with `BLINDMARK_`.
"""

import ipaddress
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from config.errors import ConfigurationError
from config.vault_address import VaultAddress, is_vault, parse_vault_address

MINIMUM_SECRET_LENGTH = 32


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine, where browsers treat plain HTTP as secure."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _named(name: str) -> AliasChoices:
    return AliasChoices(name, name.lower())


class Settings(BaseSettings):
    """The effective settings. Build with `load_settings`, which words errors for the person who starts the tool."""

    model_config = SettingsConfigDict(env_prefix="BLINDMARK_", extra="ignore", frozen=True, populate_by_name=True)

    base_url: str = Field(
        default="http://127.0.0.1:8800",
        description="Address under which browsers and the LMS reach Blindmark, without a path.",
    )
    data_dir: Path = Field(
        default=Path(".blindmark"),
        description="Directory for the SQLite database, the key ring and generated secrets.",
    )
    database_url: str = Field(
        default="",
        validation_alias=_named("DATABASE_URL"),
        description="SQLAlchemy URL; empty means a SQLite file in the data directory.",
    )
    redis_url: str = Field(
        default="",
        validation_alias=_named("REDIS_URL"),
        description="Redis for the task queue and rate limits; empty means an in-process worker.",
    )
    broker_url: str = Field(default="", description="Celery broker, when it is not the Redis of REDIS_URL.")
    openai_api_key: SecretStr | None = Field(
        default=None, validation_alias=_named("OPENAI_API_KEY"), description="Key for the OpenAI API."
    )
    openai_base_url: str = Field(
        default="https://api.openai.com/v1",
        validation_alias=_named("OPENAI_BASE_URL"),
        description="Base URL of the OpenAI API (for example the EU endpoint).",
    )
    openai_webhook_secret: SecretStr | None = Field(
        default=None,
        validation_alias=_named("OPENAI_WEBHOOK_SECRET"),
        description="Secret (whsec_…) of the webhook that OpenAI calls at /webhooks/openai; without it there is none.",
    )
    keyring: str = Field(
        default="",
        description=(
            "Where the master keys are: a file, or a key of HashiCorp Vault's transit engine as "
            "vault+https://HOST:8200/transit/NAME; empty means keyring.json in the data directory."
        ),
    )
    vault_token: SecretStr | None = Field(
        default=None, validation_alias=_named("VAULT_TOKEN"), description="Token for HashiCorp Vault."
    )
    vault_token_file: Path | None = Field(
        default=None,
        description="File with the token for HashiCorp Vault, read at each request (Vault Agent keeps it fresh).",
    )
    vault_namespace: str = Field(
        default="", validation_alias=_named("VAULT_NAMESPACE"), description="Namespace in HashiCorp Vault."
    )
    vault_ca: Path | None = Field(
        default=None,
        validation_alias=_named("VAULT_CACERT"),
        description="Certificates that HashiCorp Vault's own is signed by, if it is not a public one.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="At least 32 characters; signs forms and sessions. Required outside loopback.",
    )
    default_model: str = Field(default="gpt-6-luna", description="Model offered first when an assignment is made.")
    offered_models: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(
            "gpt-6-luna",
            "gpt-5.6-luna",
            "gpt-5.4-nano",
            "gpt-4o-mini",
            "gpt-5.4-mini",
            "gpt-6.1-terra",
            "gpt-6-sol",
        ),
        description="Models an instructor may choose from, separated by commas.",
    )
    batch_minimum_items: int = Field(default=10, ge=1, description="Fewest submissions in one batch.")
    batch_maximum_items: int = Field(default=100, ge=1, le=50_000, description="Most submissions in one batch.")
    enqueued_tokens: int = Field(
        default=2_000_000,
        ge=1_000,
        description="Prompt tokens of one model that may wait at the provider at once (its console shows the limit).",
    )
    enqueued_tokens_by_model: Annotated[dict[str, int], NoDecode] = Field(
        default={}, description="The same for single models, as gpt-6-sol=900000,gpt-6-luna=5000000."
    )
    tick_seconds: float = Field(
        default=5.0, gt=0, description="How often the worker looks in the database for work that is due."
    )
    batch_poll_seconds: float = Field(
        default=60.0,
        gt=0,
        description="Shortest pause between two questions to the provider about one batch.",
    )
    stuck_hours: float = Field(
        default=6.0, gt=0, description="After how long without any progress a batch is reported as stuck."
    )
    session_hours: float = Field(default=8.0, gt=0, description="How long a launch or an admin sign-in stays valid.")
    upload_megabytes: int = Field(default=20, ge=1, le=200, description="Largest file a student may hand in.")
    web_threads: int = Field(default=8, ge=1, description="Threads of the web server.")
    trusted_proxies: int = Field(
        default=0, ge=0, description="How many reverse proxies in front of us set X-Forwarded-* headers."
    )
    private_platforms: bool = Field(
        default=False,
        description="Whether an LMS may live in a private network (10.x, 192.168.x …); if not, only public ones are.",
    )
    provider_label: str = Field(default="OpenAI", description="What pages call the service that work is sent to.")
    organisation: str = Field(
        default="", description="Who is responsible for the data (the controller), for the record of processing."
    )
    privacy_contact: str = Field(
        default="", description="Whom people ask about their data, as an e-mail address, for the record of processing."
    )
    time_zone: str = Field(default="UTC", description="Time zone in which pages show and read dates, as Europe/Berlin.")
    notice: str = Field(
        default="", description="Sentence shown on top of every page, for example by the demonstration."
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        description="Token that Prometheus must show at /metrics, of at least 32 characters; without it there is none.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severe event logged."
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="One JSON object a line, or text for a terminal."
    )

    @field_validator("offered_models", mode="before")
    @classmethod
    def _split_models(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    @field_validator("enqueued_tokens_by_model", mode="before")
    @classmethod
    def _read_tokens(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
        if any(not name.strip() or not tokens.strip().isdecimal() or int(tokens) < 1_000 for name, _, tokens in pairs):
            raise ValueError("must look like gpt-6-sol=900000,gpt-6-luna=5000000, with at least 1000 each")
        return {name.strip(): int(tokens) for name, _, tokens in pairs}

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, value: str) -> str:
        value = value.rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
            raise ValueError("must look like https://blindmark.example.org (scheme and host, no path)")
        if parts.scheme == "http" and not is_loopback(value):
            raise ValueError("must begin with https:// (plain http works on a loopback address only)")
        return value

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: str) -> str:
        if not value:
            return value
        try:
            url = make_url(value)
        except ArgumentError as error:
            raise ValueError("must be a URL such as postgresql://user:password@host/database") from error
        if url.get_backend_name() not in ("sqlite", "postgresql"):
            raise ValueError("must begin with postgresql:// or sqlite:///")
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+pg8000")
        return url.render_as_string(hide_password=False)

    @field_validator("keyring")
    @classmethod
    def _check_keyring(cls, value: str) -> str:
        if is_vault(value):
            address = parse_vault_address(value)
            if not address.secure and not is_loopback(address.base):
                raise ValueError("must begin with vault+https:// (vault+http:// works on a loopback address only)")
        return value

    @field_validator("time_zone")
    @classmethod
    def _check_time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("must be the name of a time zone such as Europe/Berlin") from error
        return value

    @field_validator("secret_key", "metrics_token")
    @classmethod
    def _check_length(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < MINIMUM_SECRET_LENGTH:
            raise ValueError(f"must have at least {MINIMUM_SECRET_LENGTH} characters")
        return value

    @model_validator(mode="after")
    def _check_together(self) -> "Settings":
        if self.secret_key is None and not is_loopback(self.base_url):
            raise ValueError(
                "BLINDMARK_SECRET_KEY must be set when Blindmark is reached from other machines. "
                "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        if self.vault is not None and (self.vault_token is None) == (self.vault_token_file is None):
            raise ValueError("A key ring in HashiCorp Vault needs one of VAULT_TOKEN and BLINDMARK_VAULT_TOKEN_FILE")
        if self.batch_minimum_items > self.batch_maximum_items:
            raise ValueError("BLINDMARK_BATCH_MINIMUM_ITEMS may not exceed BLINDMARK_BATCH_MAXIMUM_ITEMS")
        if self.default_model not in self.offered_models:
            raise ValueError("BLINDMARK_DEFAULT_MODEL must be one of BLINDMARK_OFFERED_MODELS")
        return self

    @property
    def effective_database_url(self) -> str:
        """The database in use: the one configured, or the SQLite file in the data directory."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'blindmark.db').absolute()}"

    @property
    def effective_keyring(self) -> Path:
        """The key ring file, where the master keys are in one."""
        return Path(self.keyring) if self.keyring else self.data_dir / "keyring.json"

    @property
    def vault(self) -> VaultAddress | None:
        """The key of HashiCorp Vault that takes the place of a file; None where a file is used."""
        return parse_vault_address(self.keyring) if is_vault(self.keyring) else None

    @property
    def effective_broker_url(self) -> str:
        """The Celery broker in use; empty means that the worker lives in the web process."""
        return self.broker_url or self.redis_url

    @property
    def secure_transport(self) -> bool:
        """Whether the tool is reached over HTTPS."""
        return self.base_url.startswith("https://")


def variable_name(field: str) -> str:
    """The environment variable that sets a field."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return str(alias.choices[0])
    return f"BLINDMARK_{field.upper()}"


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings.

    Args:
        environment: variables to read instead of the process's own (for tests and the demonstration).

    Raises:
        ConfigurationError: names every variable that is wrong and what it should be.
    """
    source = os.environ if environment is None else environment
    values: dict[str, str] = {}
    for field in Settings.model_fields:
        raw = source.get(variable_name(field))
        if raw is not None and raw != "":
            values[field] = raw
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            where = variable_name(str(problem["loc"][0])) if problem["loc"] else ""
            words = problem["msg"].removeprefix("Value error, ")
            lines.append(f"  {where}: {words}" if where else f"  {words}")
        raise ConfigurationError("Blindmark can't start with these settings:\n" + "\n".join(lines)) from error


def describe(settings: Settings) -> list[tuple[str, str, str]]:
    """The effective settings as (variable, value with secrets hidden, description), for `blindmark config`."""
    effective = {
        "database_url": make_url(settings.effective_database_url).render_as_string(hide_password=True),
        "keyring": settings.keyring if settings.vault else str(settings.effective_keyring),
        "vault_token": "(set)" if settings.vault_token else "(not set)",
        "redis_url": _without_password(settings.redis_url),
        "broker_url": _without_password(settings.effective_broker_url) or "(worker in the web process)",
        "offered_models": ",".join(settings.offered_models),
        "enqueued_tokens_by_model": ",".join(
            f"{name}={most}" for name, most in settings.enqueued_tokens_by_model.items()
        ),
        "secret_key": "(set)" if settings.secret_key else "(generated in the data directory)",
        "metrics_token": "(set)" if settings.metrics_token else "(not set)",
        "openai_api_key": "(set)" if settings.openai_api_key else "(not set)",
        "openai_webhook_secret": "(set)" if settings.openai_webhook_secret else "(not set)",
    }
    return [
        (variable_name(name), effective.get(name, str(getattr(settings, name))), field.description or "")
        for name, field in Settings.model_fields.items()
    ]


def _without_password(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True) if url else ""


def prepare_data_dir(settings: Settings) -> None:
    """Create the data directory, readable by its owner only."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


def secret_key(settings: Settings) -> str:
    """The signing secret: the configured one, or one generated once in the data directory (loopback only)."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value()
    prepare_data_dir(settings)
    path = settings.data_dir / "secret_key"
    write_private(path, secrets.token_urlsafe(48).encode())
    return path.read_text().strip()


def write_private(path: Path, content: bytes) -> bool:
    """Write a new file that only its owner can read; an existing file is left as it is.

    The content goes to a temporary name first and is linked into place, so that a second process never reads half
    a file and never replaces what the first one wrote. When this returns, file and name are on the disk: what was
    sealed with a key outlives a power failure, and so must the key. Returns whether this call made the file.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        sync_directory(path.parent)
        return True
    finally:
        temporary.unlink()


def sync_directory(directory: Path) -> None:
    """Have the names in a directory on the disk when this returns."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
