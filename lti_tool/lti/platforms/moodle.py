"""Moodle (measured on 4.5.6)."""

from typing import ClassVar

from lti_tool.lti.outside import Answer
from lti_tool.lti.platforms.base import Platform


class Moodle(Platform):
    """Takes whole points from 1 to 100 in deep linking; keeps only the deep linking message of a registration."""

    families: ClassVar[tuple[str, ...]] = ("moodle",)
    name: ClassVar[str] = "Moodle"
    largest_points: ClassVar[int | None] = 100
    whole_points: ClassVar[bool] = True

    def took_score(self, answer: Answer) -> bool:
        """Success is 200 with nothing in it; a refusal may come as 200 with an empty list."""
        return answer.status == 200 and not answer.body.strip()
