"""What all commands share: settings that are checked first, and errors in one readable line."""

import functools
from collections.abc import Callable
from typing import Any

import click

from config.errors import ConfigurationError
from config.logging import configure_logging
from config.settings import Settings, load_settings
from grading.errors import GradingError
from privacy.errors import PrivacyError


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
    """The settings, with logging set up as they say."""
    settings = load_settings()
    configure_logging(settings.log_level, settings.log_format)
    return settings
