"""Canvas: all hosted schools share one issuer, so that only the client id tells them apart."""

from collections.abc import Mapping
from typing import Any, ClassVar

from lti_tool.lti import claims
from lti_tool.lti.outside import Answer
from lti_tool.lti.platforms.base import Platform

VENDOR = "https://canvas.instructure.com/lti/"


class Canvas(Platform):
    """Shares names only when the privacy level is asked for; places messages by name."""

    families: ClassVar[tuple[str, ...]] = ("canvas",)
    name: ClassVar[str] = "Canvas"
    issuers: ClassVar[tuple[str, ...]] = (
        "https://canvas.instructure.com",
        "https://canvas.beta.instructure.com",
        "https://canvas.test.instructure.com",
    )
    key_domains: ClassVar[tuple[str, ...]] = ("instructure.com", "canvaslms.com")
    placements: ClassVar[Mapping[str, tuple[str, ...]]] = {
        claims.DEEP_LINKING_REQUEST: ("assignment_selection", "ActivityAssetProcessor"),
    }

    def is_rate_limit(self, answer: Answer) -> bool:
        """Canvas answers 403 with these words."""
        return answer.status == 403 and b"Rate Limit Exceeded" in answer.body

    def score_members(self, *, handed_in: bool, overwrite: bool) -> dict[str, Any]:
        """Only work that was handed in is a new submission; a grade that a person entered stays unless told so."""
        return {
            VENDOR + "submission": {
                "new_submission": handed_in,
                "preserve_score": handed_in,
                "prioritize_non_tool_grade": not overwrite,
            }
        }

    def tool_members(self) -> dict[str, Any]:
        """Names are needed to hide them; without a level Canvas shares none."""
        return {VENDOR + "privacy_level": "public"}
