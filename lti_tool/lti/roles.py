"""What somebody is in a course, decided from context roles alone; the principal role decides (LTI Core 1.3, A.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from grading.models.people import CourseRole

MEMBERSHIP: Final = "http://purl.imsglobal.org/vocab/lis/v2/membership"
TEST_USER: Final = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
_URN: Final = "urn:lti:role:ims/lis/"

_PRINCIPALS: Final = {
    "Instructor": CourseRole.INSTRUCTOR,
    # Who administers a course (Open edX sends nothing else for them), as opposed to the institution.
    "Administrator": CourseRole.INSTRUCTOR,
    "ContentDeveloper": CourseRole.DESIGNER,
    "Learner": CourseRole.LEARNER,
    "Mentor": CourseRole.OBSERVER,
}
_ASSISTING: Final = frozenset({"TeachingAssistant", "TeachingAssistantSection", "Grader"})
_ADMINISTRATORS: Final = frozenset(
    {
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#AccountAdmin",
    }
)
# The first of these that somebody holds is what they are.
_RANK: Final = (
    CourseRole.INSTRUCTOR,
    CourseRole.GRADER,
    CourseRole.DESIGNER,
    CourseRole.LEARNER,
    CourseRole.OBSERVER,
)


@dataclass(frozen=True, slots=True)
class RoleDecision:
    """What somebody is."""

    role: CourseRole
    test_user: bool
    administrator: bool = False
    """An administrator of the LMS as a whole: gives nothing in a course, opens data privacy launches."""


def decide(roles: Iterable[object]) -> RoleDecision:
    """The course role of a launch or roster entry. Unknown, institution and empty roles give the least."""
    given = [role for role in roles if isinstance(role, str)]
    found = [decided for role in given if (decided := _one(role)) is not None]
    assisting = CourseRole.GRADER in found
    # Some platforms send Instructor beside Instructor#TeachingAssistant: an assistant is not the instructor.
    kept = [role for role in found if not (assisting and role is CourseRole.INSTRUCTOR)]
    chosen = next((role for role in _RANK if role in kept), CourseRole.OBSERVER)
    return RoleDecision(chosen, TEST_USER in given, any(role in _ADMINISTRATORS for role in given))


def _one(role: str) -> CourseRole | None:
    if role.startswith(_URN):
        role = role.removeprefix(_URN)
    if "/" not in role and ":" not in role and "#" not in role:
        return _PRINCIPALS.get(role)
    if role.startswith(MEMBERSHIP + "#"):
        return _PRINCIPALS.get(role.removeprefix(MEMBERSHIP + "#"))
    if role.startswith(MEMBERSHIP + "/"):
        principal, _, sub = role.removeprefix(MEMBERSHIP + "/").partition("#")
        if principal == "Instructor" and sub in _ASSISTING:
            return CourseRole.GRADER
        return _PRINCIPALS.get(principal)
    return None
