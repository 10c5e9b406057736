"""Which page a launch opens, by the kind of its message."""

from typing import Any, Final

from lti_tool.lti import claims

PAGES: Final[dict[str, str]] = {
    claims.DEEP_LINKING_REQUEST: "course.deep_link",
    claims.SUBMISSION_REVIEW_REQUEST: "course.submission_review",
    claims.REPORT_REVIEW_REQUEST: "course.report_review",
    claims.PROCESSOR_SETTINGS_REQUEST: "course.processor_settings",
    claims.EULA_REQUEST: "course.eula",
    claims.DATA_PRIVACY_REQUEST: "course.data_privacy",
    claims.LTI_DATA_PRIVACY_REQUEST: "course.data_privacy",
}
"""Endpoints. A message that is not listed opens the assignment of its link."""


def page_of(message_type: str, details: dict[str, Any]) -> str | None:
    """The endpoint for a message; None for the assignment of the link."""
    if message_type == claims.DEEP_LINKING_REQUEST:
        accepted = details.get("deep_linking", {}).get("accept_types", [])
        return "course.attach" if "ltiAssetProcessor" in accepted else "course.deep_link"
    return PAGES.get(message_type)
