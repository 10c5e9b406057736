"""Roles: the principal decides, institution roles give nothing in a course."""

import pytest

from grading.models.people import CourseRole
from lti_tool.lti.roles import TEST_USER, decide

M = "http://purl.imsglobal.org/vocab/lis/v2/membership"
I = "http://purl.imsglobal.org/vocab/lis/v2/institution/person"  # noqa: E741 - the reference's own short name


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ([f"{M}#Instructor"], CourseRole.INSTRUCTOR),
        ([f"{M}#Learner"], CourseRole.LEARNER),
        ([f"{M}#ContentDeveloper"], CourseRole.DESIGNER),
        ([f"{M}#Mentor"], CourseRole.OBSERVER),
        ([f"{M}/Instructor#TeachingAssistant"], CourseRole.GRADER),
        ([f"{M}#Instructor", f"{M}/Instructor#TeachingAssistant"], CourseRole.GRADER),
        ([f"{M}/Instructor#Grader"], CourseRole.GRADER),
        ([f"{M}/Instructor#PrimaryInstructor"], CourseRole.INSTRUCTOR),
        ([f"{M}/Learner#Instructor"], CourseRole.LEARNER),
        ([f"{I}#Instructor", f"{M}#Learner"], CourseRole.LEARNER),
        ([f"{I}#Administrator"], CourseRole.OBSERVER),
        (["http://purl.imsglobal.org/vocab/lis/v2/person#Administrator"], CourseRole.OBSERVER),
        (["Instructor"], CourseRole.INSTRUCTOR),
        (["urn:lti:role:ims/lis/Learner"], CourseRole.LEARNER),
        ([], CourseRole.OBSERVER),
        (["http://example.org/anything"], CourseRole.OBSERVER),
        ([7, None, f"{M}#Learner"], CourseRole.LEARNER),
        ([f"{M}#Learner", f"{M}#Instructor"], CourseRole.INSTRUCTOR),
    ],
)
def test_the_course_role_follows_from_context_roles(roles: list[object], expected: CourseRole) -> None:
    assert decide(roles).role is expected


def test_a_test_user_is_known_as_one() -> None:
    assert decide([TEST_USER, f"{M}#Learner"]).test_user
    assert not decide([f"{M}#Learner"]).test_user
