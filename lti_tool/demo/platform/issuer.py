"""What the schools behind one issuer share: its keys, its access tokens, and the addresses of both."""

import time
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, jsonify

from lti_tool.demo.platform.keys import ToolKeys
from lti_tool.demo.platform.model import Clock, Ways
from lti_tool.demo.platform.signing_keys import SigningKeys
from lti_tool.demo.platform.store import Store


@dataclass(frozen=True)
class Issuer:
    """One issuer; `url` is where its keys and tokens are found, and its name where its ways give it no other."""

    url: str
    tool_url: str
    ways: Ways
    store: Store
    keys: SigningKeys
    tool_keys: ToolKeys
    clock: Clock
    withheld: frozenset[str]
    """Scopes that no registration gets."""


def open_issuer(
    url: str,
    tool_url: str,
    data_dir: Path,
    *,
    clock: Clock = time.time,
    withheld: frozenset[str] = frozenset(),
    ways: Ways | None = None,
) -> Issuer:
    """Open the database and the keys of an issuer, or make them."""
    chosen = ways or Ways()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(data_dir / "platform.sqlite3")
    keys = SigningKeys(
        data_dir, store, clock, life_seconds=chosen.key_life_seconds, kept_seconds=chosen.old_key_seconds
    )
    tool_keys = ToolKeys(f"{tool_url.rstrip('/')}/lti/jwks.json")
    return Issuer(url.rstrip("/"), tool_url.rstrip("/"), chosen, store, keys, tool_keys, clock, withheld)


def create_key_routes(issuer: Issuer) -> Blueprint:
    """Give the route of the key set."""
    routes = Blueprint("keys", __name__)

    @routes.get(issuer.ways.keys_path)
    def key_set() -> Response:
        response = jsonify(issuer.keys.jwks())
        kept = issuer.ways.key_set_seconds
        response.headers["Cache-Control"] = f"public, max-age={kept}" if kept else "no-store, no-cache"
        return response

    return routes
