"""The tool's public keys, fetched from its JWKS, and what is asked of a token that one of them signed."""

import json
import threading
from typing import Any, Final

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm
from jwt.types import Options

from lti_tool.demo.platform.errors import AssertionRefused

_TIMEOUT_SECONDS: Final = 5
_LARGEST_SET_BYTES: Final = 100_000
_LARGEST_TOKEN: Final = 100_000


class ToolKeys:
    """The tool's published keys, kept in memory; an unknown key id asks the tool once more."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: dict[str, RSAPublicKey] = {}
        self._lock = threading.Lock()

    def find(self, kid: str) -> RSAPublicKey:
        """Give the public key of that id, or raise AssertionRefused."""
        with self._lock:
            if kid not in self._keys:
                self._keys = self._fetch()
            if kid not in self._keys:
                raise AssertionRefused("The token is signed with a key the tool does not publish.")
            return self._keys[kid]

    def _fetch(self) -> dict[str, RSAPublicKey]:
        try:
            answer = requests.get(self._url, timeout=_TIMEOUT_SECONDS, allow_redirects=False)
            if answer.status_code != 200 or len(answer.content) > _LARGEST_SET_BYTES:
                raise AssertionRefused(f"The tool's key set could not be read (status {answer.status_code}).")
            entries = json.loads(answer.content)["keys"]
            return {entry["kid"]: _public_key(entry) for entry in entries if _is_signing_key(entry)}
        except (requests.RequestException, ValueError, KeyError, TypeError, jwt.InvalidKeyError) as error:
            raise AssertionRefused("The tool's key set could not be read.") from error


def _is_signing_key(entry: dict[str, Any]) -> bool:
    return entry.get("kty") == "RSA" and entry.get("use", "sig") == "sig" and entry.get("alg", "RS256") == "RS256"


def _public_key(entry: dict[str, Any]) -> RSAPublicKey:
    key = RSAAlgorithm.from_jwk(entry)
    if not isinstance(key, RSAPublicKey) or key.key_size < 2048:
        raise AssertionRefused("The tool publishes a key that is no RSA public key of at least 2048 bits.")
    return key


def read_tool_token(token: str, keys: ToolKeys, *, audience: str, now: float, leeway: float = 60) -> dict[str, Any]:
    """Verify a token the tool signed: RS256, known key, audience, and a life of at most five minutes.

    Times are seconds since 1970. Raises AssertionRefused. (Security Framework 1.0, sections 4.1.1 and 5.2.)
    """
    if len(token) > _LARGEST_TOKEN:
        raise AssertionRefused("The token is too long.")
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != "RS256" or {"jwk", "jku", "x5u", "x5c"} & header.keys():
            raise AssertionRefused("The token must be signed with RS256 and carry no key of its own.")
        kid = header.get("kid")
        if not isinstance(kid, str) or not kid:
            raise AssertionRefused("The token does not name its key.")
        options: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
        # The checks of time and audience follow below: the clock is injected and the audience compared exactly.
        claims: dict[str, Any] = jwt.decode(token, keys.find(kid), algorithms=["RS256"], options=options)
    except jwt.InvalidTokenError as error:
        raise AssertionRefused("The token is not a valid signed token.") from error
    if claims.get("aud") not in (audience, [audience]):
        raise AssertionRefused("The token is meant for another audience.")
    _check_times(claims, now, leeway)
    return claims


def _check_times(claims: dict[str, Any], now: float, leeway: float) -> None:
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    if expires <= now - leeway or issued > now + leeway:
        raise AssertionRefused("The token is expired or comes from the future.")
    if not 0 < expires - issued <= 300:
        raise AssertionRefused("The token must live at most five minutes.")


def _moment(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AssertionRefused(f"The token needs `{name}` as a number.")
    return value
