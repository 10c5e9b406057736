"""The LMSs and their ways: one file each, found by what a launch or a registration says of itself."""

from lti_tool.lti.platforms.base import Platform
from lti_tool.lti.platforms.blackboard import Blackboard
from lti_tool.lti.platforms.brightspace import Brightspace
from lti_tool.lti.platforms.canvas import Canvas
from lti_tool.lti.platforms.moodle import Moodle
from lti_tool.lti.platforms.openedx import OpenEdx
from lti_tool.lti.platforms.sakai import Sakai

ALL: tuple[Platform, ...] = (Moodle(), Canvas(), Blackboard(), Brightspace(), Sakai(), OpenEdx())
PLAIN = Platform()


def find(product_family: str, issuer: str = "") -> Platform:
    """The LMS with this `product_family_code`, or that owns this issuer; a plain one when neither is known."""
    family = product_family.strip().lower()
    for platform in ALL:
        if family in platform.families:
            return platform
    return next((platform for platform in ALL if issuer and issuer in platform.issuers), PLAIN)


__all__ = ["ALL", "PLAIN", "Platform", "find"]
