"""What each course role may do: one table, asked by one decorator on every view."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from flask import g

from grading.errors import NotAllowed
from grading.models.people import CourseRole
from lti_tool.sessions import Visit

P = ParamSpec("P")
R = TypeVar("R")


class Ability(StrEnum):
    """Something a person may do in a course."""

    HAND_IN = "hand_in"
    REVIEW = "review"
    CONFIGURE = "configure"
    ERASE = "erase"  # delete somebody's work before its time
    OWN_DATA = "own_data"  # take along, or have erased, what is kept about oneself


ABILITIES: Final[dict[CourseRole, frozenset[Ability]]] = {
    CourseRole.INSTRUCTOR: frozenset({Ability.REVIEW, Ability.CONFIGURE, Ability.ERASE}),
    CourseRole.GRADER: frozenset({Ability.REVIEW}),
    CourseRole.DESIGNER: frozenset({Ability.CONFIGURE}),
    CourseRole.LEARNER: frozenset({Ability.HAND_IN, Ability.OWN_DATA}),
    CourseRole.OBSERVER: frozenset(),
}


def may(visit: Visit, ability: Ability) -> bool:
    """Whether the person of this visit may do something."""
    return ability in ABILITIES[visit.role]


def needs(ability: Ability) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Refuse a view to everyone whose role lacks the ability.

    Raises (inside the view):
        NotAllowed: with words for the person.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if not may(current_visit(), ability):
                raise NotAllowed("Your role in this course does not include this page. Ask the course's instructor.")
            return view(*args, **kwargs)

        return guarded

    return decorate


def current_visit() -> Visit:
    """The visit of the present request."""
    visit: Visit = g.visit
    return visit
