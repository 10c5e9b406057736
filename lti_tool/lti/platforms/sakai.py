"""Sakai."""

from typing import ClassVar

from lti_tool.lti.platforms.base import Platform


class Sakai(Platform):
    """Keeps to the specifications as far as is known."""

    families: ClassVar[tuple[str, ...]] = ("sakai",)
    name: ClassVar[str] = "Sakai"
