"""Blackboard: one issuer for every school; registered once in the vendor's portal, deployed by client id."""

from typing import ClassVar

from lti_tool.lti.platforms.base import Platform


class Blackboard(Platform):
    """The deployment alone tells the school."""

    families: ClassVar[tuple[str, ...]] = ("blackboardlearn", "blackboard")
    name: ClassVar[str] = "Blackboard"
    issuers: ClassVar[tuple[str, ...]] = ("https://blackboard.com",)
    key_domains: ClassVar[tuple[str, ...]] = ("blackboard.com",)
