"""Brightspace (D2L): keys rotate hourly; the audience of token requests is not the token address."""

from typing import ClassVar

from lti_tool.lti.platforms.base import Platform


class Brightspace(Platform):
    """Registrations arrive disabled; deployment and extensions are switched on by the administrator there."""

    families: ClassVar[tuple[str, ...]] = ("desire2learn", "brightspace", "d2l")
    name: ClassVar[str] = "Brightspace"
