"""Brightspace's ways: keys that change every hour and may not be kept, tokens for an audience that is no address here.

A registration is created disabled, and the gradebook shows no more than a column's maximum.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from flask import Flask

from lti_tool.demo.platform import app
from lti_tool.demo.platform.model import Clock, Person, Ways

HOUR: Final = 3600
WAYS: Final = Ways(
    authorisation_path="/d2l/lti/authenticate",
    token_path="/core/connect/token",  # noqa: S106 - a path
    keys_path="/d2l/.well-known/jwks",
    token_audience="https://api.brightspace.com/auth/token",  # noqa: S106 - a name
    family="desire2learn",
    key_set_seconds=0,
    key_life_seconds=HOUR,
    old_key_seconds=120,
    enables_registrations=False,
    caps_scores=True,
)


def create_app(
    *, public_url: str, tool_url: str, data_dir: Path, people: Sequence[Person], clock: Clock = time.time
) -> Flask:
    """Build a site; `public_url` is its issuer."""
    return app.create_app(
        public_url=public_url, tool_url=tool_url, data_dir=data_dir, people=people, clock=clock, ways=WAYS
    )
