"""A signed token, taken apart once: its header names nothing that we would have to trust, and each part of it has one
spelling (RFC 7515, JSON Web Signature, compact serialization).
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from lti_tool.lti.errors import refused
from lti_tool.lti.outside import read_json

LONGEST_TOKEN: Final = 64 * 1024
_ALGORITHM: Final = "RS256"
_RS256: Final = jwt.get_algorithm_by_name(_ALGORITHM)
_NOT_TO_BE_TRUSTED: Final = frozenset({"jwk", "jku", "x5u", "x5c", "crit", "b64"})


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token whose signature is still to be checked."""

    kid: str
    """Which key signed it, as it says."""
    payload: bytes
    """What it says. Worth nothing before `is_signed_with`, save to find the key."""
    _content: bytes
    _signature: bytes

    def is_signed_with(self, key: jwt.PyJWK) -> bool:
        """Whether the owner of an RSA key signed this, with RS256."""
        if key.algorithm_name != _ALGORITHM or not isinstance(key.key, RSAPublicKey):
            return False
        return _RS256.verify(self._content, key.key, self._signature)


def read_token(token: str) -> SignedToken:
    """Take a token apart.

    Raises:
        TokenRefused: not a JWT of three parts, another algorithm than RS256, no `kid`, or a key in the header.
    """
    if len(token) > LONGEST_TOKEN:
        raise refused("token_too_large")
    parts = token.split(".")
    if len(parts) != 3:
        raise refused("not_a_token")
    header = _object(_decoded(parts[0]))
    if header.get("alg") != _ALGORITHM:
        raise refused("algorithm")
    if not _NOT_TO_BE_TRUSTED.isdisjoint(header):
        raise refused("key_in_header")
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid:
        raise refused("no_kid")
    return SignedToken(kid, _decoded(parts[1]), f"{parts[0]}.{parts[1]}".encode(), _decoded(parts[2]))


def read_claims(token: SignedToken) -> dict[str, Any]:
    """The claims of a token, whoever made it.

    Raises:
        TokenRefused: it says nothing.
    """
    return _object(token.payload)


def _object(content: bytes) -> dict[str, Any]:
    try:
        said = read_json(content)
    except ValueError as error:
        raise refused("not_a_token") from error
    if not isinstance(said, dict):
        raise refused("not_a_token")
    return said


def _decoded(part: str) -> bytes:
    """The bytes of a part. Decoding passes over signs that have no place in it: it must be what they encode to."""
    try:
        content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError) as error:
        raise refused("not_a_token") from error
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode() != part:
        raise refused("not_a_token")
    return content
