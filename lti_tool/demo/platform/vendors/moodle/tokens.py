"""The token endpoint: looks at who asks, at the signature and at the end of the assertion, and at nothing else."""

import secrets
from typing import Final

import jwt
from flask import Response, request

from lti_tool.demo.platform.errors import AssertionRefused
from lti_tool.demo.platform.vendors.moodle.answers import HTML, mislabelled
from lti_tool.demo.platform.vendors.moodle.signing import ExpiredAssertion, verify
from lti_tool.demo.platform.vendors.moodle.state import AccessToken, Moodle

_KIND: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def answer_token_request(moodle: Moodle) -> Response:
    """Give a token for those scopes asked for that the tool was granted."""
    form = request.form
    if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != _KIND:
        return mislabelled({"error": "unsupported_grant_type"}, 400)
    assertion, wanted = form.get("client_assertion", ""), form.get("scope", "")
    if assertion.count(".") != 2 or not wanted:
        return mislabelled({"error": "invalid_request"}, 400)
    # Who asks is told by `sub` alone; audience, issuer, repeats and long lives are not looked at.
    claims = jwt.decode(assertion, options={"verify_signature": False})
    tool = next((one for one in moodle.tools.values() if one.client_id == claims.get("sub")), None)
    if tool is None:
        return mislabelled({"error": "invalid_client"}, 400)
    try:
        verify(assertion, tool.keys, moodle.clock())
    except AssertionRefused:
        return Response('{\n  "error" : ""kid" invalid, unable to lookup correct key"\n}', 400, content_type=HTML)
    except jwt.PyJWTError:
        return mislabelled({"error": "Signature verification failed"}, 400)
    except ExpiredAssertion:
        return mislabelled({"error": "Expired token"}, 400)
    granted = tuple(scope for scope in wanted.split() if scope in tool.scopes)
    if not granted:
        return mislabelled({"error": "invalid_scope"}, 400)
    token = secrets.token_hex(16)
    moodle.tokens[token] = AccessToken(tool.number, granted)
    return mislabelled({"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": " ".join(granted)})
