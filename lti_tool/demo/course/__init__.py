"""The demonstration course: invented people, an assignment, and essays as files of the kinds students hand in."""

from lti_tool.demo.course.people import Person, people
from lti_tool.demo.course.work import AssignmentBrief, SampleWork, assignment_brief, sample_work

__all__ = ["AssignmentBrief", "Person", "SampleWork", "assignment_brief", "people", "sample_work"]
