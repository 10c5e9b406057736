"""What can differ between LMSs. The defaults are what the specifications say; each LMS's file changes what it must."""

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from lti_tool.lti import claims
from lti_tool.lti.outside import Answer


class Platform:
    """An LMS that keeps to the specifications. `families` are its `product_family_code`s, in lower case."""

    families: ClassVar[tuple[str, ...]] = ()
    name: ClassVar[str] = "LMS"
    issuers: ClassVar[tuple[str, ...]] = ()
    """Issuers that all schools of this LMS share; a registration of one is told by its client id alone."""
    key_domains: ClassVar[tuple[str, ...]] = ()
    """Where the maker of a shared issuer keeps its keys: nobody else may speak for that issuer."""

    largest_points: ClassVar[int | None] = None
    """Most points that a column made by deep linking may have."""
    whole_points: ClassVar[bool] = False
    """Whether a column made by deep linking takes whole points only."""

    comment_characters: ClassVar[int] = 8_000
    """Most characters of a comment with a score."""

    placements: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Per message type, where the LMS shall offer it; asked for at registration."""

    def is_rate_limit(self, answer: Answer) -> bool:
        """Whether an answer means "too much at once" under another status than 429."""
        return False

    def took_score(self, answer: Answer) -> bool:
        """Whether a score was taken. An empty list says "refused" where the status line was lost on the way."""
        return answer.status in (200, 201, 202, 204) and answer.body.strip() != b"[]"

    def score_members(self, *, handed_in: bool, overwrite: bool) -> dict[str, Any]:
        """Members of a score besides the standard ones.

        Args:
            handed_in: the message says that work came in, without a score.
            overwrite: a person wants it to replace what was entered in the LMS.
        """
        return {}

    def tool_members(self) -> dict[str, Any]:
        """Members of the tool configuration at registration besides the standard ones."""
        return {}

    def issuer_fits(self, issuer: str, configuration_url: str, jwks_url: str) -> bool:
        """Whether a configuration from this address may speak for an issuer.

        It may for its own host; for an issuer that all schools share, the keys must be those of its maker.
        """
        if issuer in self.issuers:
            host = urlsplit(jwks_url).hostname or ""
            return any(host == domain or host.endswith(f".{domain}") for domain in self.key_domains)
        return urlsplit(issuer).hostname == urlsplit(configuration_url).hostname

    def messages(self, offered: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Message types to ask for, with their placements, out of those that the LMS offers with theirs."""
        chosen = {}
        for message, places in offered.items():
            if message not in ASKED_FOR:
                continue
            wished = self.placements.get(message, ())
            chosen[message] = tuple(place for place in wished if not places or place in places)
        return chosen


ASKED_FOR = (
    claims.RESOURCE_LINK_REQUEST,
    claims.DEEP_LINKING_REQUEST,
    claims.SUBMISSION_REVIEW_REQUEST,
    claims.REPORT_REVIEW_REQUEST,
    claims.PROCESSOR_SETTINGS_REQUEST,
    claims.EULA_REQUEST,
    claims.DATA_PRIVACY_REQUEST,
    claims.LTI_DATA_PRIVACY_REQUEST,
)
