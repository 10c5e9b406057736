"""The site's signatures, and its check of a tool's: by the key set alone, and only of what Moodle looks at."""

import hashlib
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from jwt.algorithms import RSAAlgorithm

from lti_tool.demo.platform.keys import ToolKeys
from lti_tool.demo.platform.vendors.moodle.state import Moodle


class ExpiredAssertion(Exception):
    """The token's time is over."""


def sign(moodle: Moodle, claims: dict[str, Any]) -> str:
    """Give the claims as a token of the site."""
    return jwt.encode(claims, moodle.key, algorithm="RS256", headers={"kid": _kid(moodle)})


def read_own(moodle: Moodle, token: str) -> dict[str, Any]:
    """Read a token that the site signed itself. Raises jwt.PyJWTError."""
    options: Any = {"verify_exp": False, "verify_aud": False, "verify_iat": False}
    claims: dict[str, Any] = jwt.decode(token, moodle.key.public_key(), algorithms=["RS256"], options=options)
    if claims["exp"] < moodle.clock():
        raise jwt.ExpiredSignatureError
    return claims


def verify(token: str, keys: ToolKeys, now: float) -> None:
    """Check a tool's token: its signature and its end. Nobody looks at audience, issue time or repeats.

    Raises:
        AssertionRefused: no such key.
        jwt.PyJWTError: the signature is wrong.
        ExpiredAssertion: it is too late.
    """
    key = keys.find(str(jwt.get_unverified_header(token).get("kid")))
    options: Any = {"verify_exp": False, "verify_aud": False, "verify_iat": False}
    claims = jwt.decode(token, key, algorithms=["RS256"], options=options)
    if claims.get("exp", 0) < now:
        raise ExpiredAssertion


def key_set(moodle: Moodle) -> dict[str, Any]:
    """Give the public key set of the site."""
    public = json.loads(RSAAlgorithm.to_jwk(moodle.key.public_key()))
    return {
        "keys": [{"kty": "RSA", "alg": "RS256", "kid": _kid(moodle), "e": public["e"], "n": public["n"], "use": "sig"}]
    }


def _kid(moodle: Moodle) -> str:
    der = moodle.key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(der).hexdigest()[:20]
