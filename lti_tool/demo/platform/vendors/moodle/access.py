"""Whose token a service request carries, and whether it opens the service."""

from flask import request

from lti_tool.demo.platform.vendors.moodle.state import AccessToken, Moodle


def token_for(moodle: Moodle, *scopes: str) -> AccessToken | None:
    """Give the token of the request if it holds one of the scopes and is of the tool that the address names."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    token = moodle.tokens.get(value)
    if kind != "Bearer" or token is None or not set(scopes) & set(token.scopes):
        return None
    return token if request.args.get("type_id", token.tool) == token.tool else None
