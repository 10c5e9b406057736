"""Settings: read from the environment, checked at start, worded for the person who starts the tool."""

import stat
from pathlib import Path

import pytest

from config.errors import ConfigurationError
from config.settings import describe, is_loopback, load_settings, secret_key, variable_name, write_private
from config.vault_address import VaultAddress


def test_an_empty_environment_gives_a_working_installation_on_this_machine() -> None:
    settings = load_settings({})
    assert settings.effective_database_url.startswith("sqlite:///")
    assert settings.effective_broker_url == ""


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("BLINDMARK_BASE_URL", "http://blindmark.example.org", "https://"),
        ("BLINDMARK_BASE_URL", "blindmark", "https://blindmark.example.org"),
        ("DATABASE_URL", "mysql://x/y", "postgresql://"),
        ("DATABASE_URL", "not a url", "postgresql://"),
        ("BLINDMARK_SECRET_KEY", "short", "32 characters"),
        ("BLINDMARK_WEB_THREADS", "0", "BLINDMARK_WEB_THREADS"),
        ("BLINDMARK_DEFAULT_MODEL", "gpt-4", "BLINDMARK_OFFERED_MODELS"),
        ("BLINDMARK_TIME_ZONE", "Mars/Base", "Europe/Berlin"),
        ("BLINDMARK_KEYRING", "vault+https://vault.example/transit/blindmark", "one of VAULT_TOKEN and"),
        ("BLINDMARK_KEYRING", "vault+http://vault.example/transit/blindmark", "vault+https://"),
        ("BLINDMARK_KEYRING", "vault+https://vault.example/blindmark", "vault+https://vault.example.org:8200/"),
        ("BLINDMARK_KEYRING", "vault+https://token@vault.example/transit/blindmark", "no token in it"),
        ("BLINDMARK_KEYRING", "vault+https://vault.example/transit/../sys/blindmark", "vault+https://"),
    ],
)
def test_a_wrong_value_is_named_with_what_it_should_be(variable: str, value: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings({variable: value})
    assert words in refused.value.message


def test_a_key_ring_is_a_file_or_a_key_in_vault() -> None:
    assert load_settings({"BLINDMARK_KEYRING": "/etc/blindmark/ring.json"}).effective_keyring == Path(
        "/etc/blindmark/ring.json"
    )
    in_vault = load_settings(
        {"BLINDMARK_KEYRING": "vault+https://vault.example:8200/school/transit/blindmark", "VAULT_TOKEN": "s.hidden"}
    )
    assert in_vault.vault == VaultAddress("https://vault.example:8200", "school/transit", "blindmark")
    assert not [value for _, value, _ in describe(in_vault) if "s.hidden" in value]


def test_a_public_address_needs_a_secret_key() -> None:
    with pytest.raises(ConfigurationError, match="BLINDMARK_SECRET_KEY"):
        load_settings({"BLINDMARK_BASE_URL": "https://blindmark.example.org"})


def test_a_postgresql_url_gets_the_driver_that_is_installed() -> None:
    settings = load_settings({"DATABASE_URL": "postgresql://u:p@db/name"})
    assert settings.database_url == "postgresql+pg8000://u:p@db/name"


def test_the_description_hides_every_secret() -> None:
    settings = load_settings(
        {
            "DATABASE_URL": "postgresql://user:hidden-one@db/name",
            "REDIS_URL": "redis://:hidden-two@cache/0",
            "OPENAI_API_KEY": "hidden-three",
            "BLINDMARK_SECRET_KEY": "hidden-four-" + "x" * 32,
        }
    )
    shown = "\n".join(f"{name}={value}" for name, value, _ in describe(settings))
    assert "hidden" not in shown
    assert "OPENAI_API_KEY=(set)" in shown


def test_every_setting_has_a_description() -> None:
    assert all(description for _, _, description in describe(load_settings({})))


def test_variables_without_prefix_keep_their_usual_names() -> None:
    assert variable_name("database_url") == "DATABASE_URL"
    assert variable_name("base_url") == "BLINDMARK_BASE_URL"


def test_the_generated_secret_stays_the_same_and_is_private(tmp_path: Path) -> None:
    settings = load_settings({"BLINDMARK_DATA_DIR": str(tmp_path / "data")})
    first = secret_key(settings)
    assert secret_key(settings) == first
    assert len(first) >= 32
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600


def test_a_private_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert write_private(path, b"first")
    assert not write_private(path, b"second")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:8800", True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        ("http://192.168.1.4", False),
        ("https://example.org", False),
        ("http://127.0.0.1.example.org", False),
    ],
)
def test_loopback_addresses_are_recognized(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback
