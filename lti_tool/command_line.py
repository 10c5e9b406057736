"""What all commands share: settings that are checked first, and errors that are one readable line."""

import functools
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from config.errors import ConfigurationError
from config.logging import configure_logging
from config.settings import Settings, load_settings
from grading.errors import GradingError
from privacy.errors import PrivacyError

if TYPE_CHECKING:
    from lti_tool.parts import Parts


def reported(function: Callable[..., Any]) -> Callable[..., Any]:
    """Turn our errors into one readable line and exit status 1."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except (ConfigurationError, GradingError, PrivacyError) as error:
            raise click.ClickException(error.message) from error

    return wrapped


def checked_settings() -> Settings:
    """The settings, checked, and logs written as they say."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    return settings


def opened_parts(*, migrate: bool = True) -> "Parts":
    """The parts of the installation that the settings describe. Only now is the rest of the house loaded: commands
    that need none of it start at once."""
    from lti_tool.wiring import open_parts

    return open_parts(checked_settings(), migrate=migrate)


class LoadedLater(click.Group):
    """A group of commands whose module is read when one of them is asked for: every command starts through here."""

    def __init__(self, name: str, words: str, module: str) -> None:
        super().__init__(name, help=words)
        self._module = module

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands."""
        return self._group().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them."""
        return self._group().get_command(ctx, cmd_name)

    def _group(self) -> click.Group:
        found: click.Group = getattr(import_module(self._module), str(self.name))
        return found
