"""What an LMS says of itself: its OpenID configuration with the LTI part (LTI Dynamic Registration 1.0, 3.3-3.4)."""

from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from config.settings import is_loopback
from lti_tool.lti import platforms
from lti_tool.lti.outside import OutsideFailed, ask, read_json
from lti_tool.lti.registration.errors import RegistrationRefused

PLATFORM_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
LONGEST_URL: Final = 2048
LONGEST_ID: Final = 255
MOST_MESSAGES: Final = 50
_ADDRESSES: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")


@dataclass(frozen=True, slots=True)
class PlatformConfiguration:
    """An LMS's own account of itself, checked."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    registration_endpoint: str
    token_audience: str
    product_family: str
    version: str
    scopes: tuple[str, ...]
    """Scopes that it supports; empty when it does not say."""
    messages: dict[str, tuple[str, ...]]
    """Message types that it supports, each with its placements."""

    @property
    def host(self) -> str:
        """Where the LMS lives, as people know it."""
        return urlsplit(self.issuer).netloc

    def as_dict(self) -> dict[str, Any]:
        """For keeping between two pages."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "PlatformConfiguration":
        """Back from `as_dict`, through JSON."""
        messages = {name: tuple(places) for name, places in values["messages"].items()}
        return cls(**(values | {"scopes": tuple(values["scopes"]), "messages": messages}))


def fetch(http: requests.Session, url: str, token: str) -> PlatformConfiguration:
    """Fetch and check an LMS's configuration. Canvas wants to see the registration token, others pass over it.

    Raises:
        RegistrationRefused: the address is unsafe, does not answer, or what it says can't be used.
    """
    if not is_safe(url):
        raise RegistrationRefused(
            "The LMS named an address for its configuration that is not a public https:// address.",
            code="registration_address",
        )
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        answer = ask(http, "GET", url, headers=headers)
        content = read_json(answer.body)
    except OutsideFailed as error:
        raise RegistrationRefused(
            f"The configuration of the LMS could not be fetched from {urlsplit(url).netloc}: {_words(error.reason)} "
            "Check the address, then start the registration again in the LMS.",
            code="registration_fetch",
        ) from error
    except ValueError as error:
        raise RegistrationRefused(
            "What the LMS sent as its configuration is not JSON. It may ask for a sign-in at that address.",
            code="registration_configuration",
        ) from error
    if answer.status != 200 or not isinstance(content, dict):
        raise RegistrationRefused(
            f"The LMS refused to show its configuration (HTTP {answer.status}). "
            "Its registration link may have run out: start again in the LMS.",
            code="registration_fetch",
        )
    return read(content, url)


def read(content: dict[str, Any], url: str) -> PlatformConfiguration:
    """Check a configuration that came from `url`.

    Raises:
        RegistrationRefused: names what is missing or wrong.
    """
    addresses = {name: content.get(name) for name in _ADDRESSES}
    for name, value in addresses.items():
        if not isinstance(value, str) or not is_safe(value):
            raise _unusable(f"its {name} is missing, or not a public https:// address")
    issuer = content.get("issuer")
    if not isinstance(issuer, str) or not 0 < len(issuer) <= LONGEST_ID or not issuer.isascii() or not is_safe(issuer):
        raise _unusable("its issuer is missing, or not an https:// address")
    _need(content, "id_token_signing_alg_values_supported", "RS256")
    _need(content, "token_endpoint_auth_methods_supported", "private_key_jwt")
    own = content.get(PLATFORM_CONFIGURATION)
    if not isinstance(own, dict):
        raise _unusable("it has no LTI part")
    family = _text(own.get("product_family_code"))
    if not platforms.find(family, issuer).issuer_fits(issuer, url, str(addresses["jwks_uri"])):
        raise _unusable(f"it speaks for another host than the one it came from ({urlsplit(issuer).hostname})")
    audience = content.get("authorization_server")
    return PlatformConfiguration(
        issuer=issuer,
        **{name: str(value) for name, value in addresses.items()},
        token_audience=audience if isinstance(audience, str) and len(audience) <= LONGEST_URL else "",
        product_family=family,
        version=_text(own.get("version")),
        scopes=_texts(content.get("scopes_supported")),
        messages=_messages(own.get("messages_supported")),
    )


def is_safe(url: str) -> bool:
    """Whether an address is one that we ask: HTTPS (or this machine), with a host and without a user in it.

    Where it leads is checked again when the connection is made (`public_network`).
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))
    return secure and bool(host) and parts.username is None and not parts.fragment and len(url) <= LONGEST_URL


def _need(content: dict[str, Any], name: str, value: str) -> None:
    offered = content.get(name)
    if isinstance(offered, list) and value not in offered:
        raise _unusable(f"it does not offer {value}")


def _messages(value: object) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for entry in value[:MOST_MESSAGES] if isinstance(value, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get("type"), str):
            found[entry["type"]] = _texts(entry.get("placements"))
    return found


def _texts(value: object) -> tuple[str, ...]:
    return tuple(one for one in value[:100] if isinstance(one, str)) if isinstance(value, list) else ()


def _text(value: object) -> str:
    return value[:64] if isinstance(value, str) else ""


def _unusable(reason: str) -> RegistrationRefused:
    return RegistrationRefused(
        f"The configuration of the LMS can't be used: {reason}. Tell the LMS's maker, or connect it by hand.",
        code="registration_configuration",
    )


def _words(reason: str) -> str:
    return {
        "NotPublic": "it leads into a private network.",
        "not_https": "it is not an https:// address.",
        "too_large": "the answer is too large.",
        "too_slow": "the answer took too long.",
        "ReadTimeout": "it did not answer in time.",
        "ReadTimeoutError": "it did not answer in time.",
        "ConnectTimeout": "it did not answer in time.",
    }.get(reason, "it did not answer.")
