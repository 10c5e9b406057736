"""Deep linking: an instructor makes or picks an assignment, and the LMS is told which link and column to make (L2)."""

import uuid
from uuid import UUID

from flask import render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from grading import assignments
from grading.errors import NotFound
from grading.models import Assignment
from lti_tool.lti.deep_linking import AssignmentItem
from lti_tool.pages.instructor.assignment_form import AssignmentForm, from_request, rearranged
from lti_tool.pages.instructor.settings import course_assignments, create_assignment, empty_form, render_form
from lti_tool.parts import parts
from lti_tool.permissions import Ability, current_visit, needs
