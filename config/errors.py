"""Errors of set-up: raised before anything runs, read by the person who starts Blindmark."""


class ConfigurationError(Exception):
    """A setting is missing or wrong. The message says what to set and to what."""

    code = "configuration"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
