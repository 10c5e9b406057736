"""Open edX (lti-consumer-xblock)."""

from typing import ClassVar

from lti_tool.lti.platforms.base import Platform


class OpenEdx(Platform):
    """Names no family in its launches, as far as is known; takes whole points only."""

    families: ClassVar[tuple[str, ...]] = ("openedx", "open edx", "edx")
    name: ClassVar[str] = "Open edX"
    whole_points: ClassVar[bool] = True
