"""Blackboard's ways: one issuer and one client for every school, a login and tokens at the maker's own gateway.

A tool is registered once, in the maker's portal; schools then deploy it by its client id. The deployment alone says
which school a launch comes from.
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lti_tool.demo.platform.hosted import create_hosted_app
from lti_tool.demo.platform.model import Clock, School, Ways

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

ISSUER: Final = "https://blackboard.com"
APPLICATION: Final = "0f5a2c1e-demonstration"
_CLAIM: Final = "https://blackboard.com/lti/claim/"


def _session_claims() -> dict[str, Any]:
    """Make the claims that let a tool act in the session of the person, once; a tool has to leave them alone."""
    return {_CLAIM + "one_time_session_token": secrets.token_urlsafe(24)}


WAYS: Final = Ways(
    issuer=ISSUER,
    authorisation_path="/api/v1/gateway/oidcauth",
    token_path="/api/v1/gateway/oauth2/jwttoken",  # noqa: S106 - a path
    keys_path=f"/api/v1/management/applications/{APPLICATION}/jwks.json",
    family="BlackboardLearn",
    registers=False,
    launch_claims=_session_claims,
)


def create_app(
    *,
    public_url: str,
    tool_url: str,
    data_dir: Path,
    client_id: str,
    schools: Mapping[str, School],
    clock: Clock = time.time,
) -> "WSGIApplication":
    """Build the gateway with its schools, which all know the tool by the client id that the portal gave."""
    deployed = {name: replace(school, client_id=client_id) for name, school in schools.items()}
    return create_hosted_app(
        public_url=public_url, tool_url=tool_url, data_dir=data_dir, schools=deployed, clock=clock, ways=WAYS
    )
