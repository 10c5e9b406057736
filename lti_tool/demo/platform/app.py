"""Puts the demonstration platform together: one school, which is an issuer of its own."""

import time
from collections.abc import Sequence
from pathlib import Path

from flask import Flask

from lti_tool.demo.platform.issuer import create_key_routes, open_issuer
from lti_tool.demo.platform.model import Clock, Person, School, Ways
from lti_tool.demo.platform.school import create_school
from lti_tool.demo.platform.tokens import TokenGrants, create_token_routes


def create_app(
    *,
    public_url: str,
    tool_url: str,
    data_dir: Path,
    people: Sequence[Person],
    clock: Clock = time.time,
    withheld: frozenset[str] = frozenset(),
    ways: Ways | None = None,
) -> Flask:
    """Build the platform.

    `public_url` is its issuer and the address browsers use, `tool_url` the tool's; `data_dir` keeps its database
    and keys from one start to the next; `clock` gives seconds since 1970; `withheld` are scopes that a registration
    does not get; `ways` are those of another LMS than the demonstration's own.
    """
    issuer = open_issuer(public_url, tool_url, data_dir, clock=clock, withheld=withheld, ways=ways)
    path = issuer.ways.authorisation_path
    school = create_school(issuer, School(people), issuer.store, issuer.url, path)
    grants = TokenGrants(issuer, [school.platform])
    school.flask.register_blueprint(create_key_routes(issuer))
    school.flask.register_blueprint(create_token_routes(grants, issuer.ways.token_path))
    return school.flask
