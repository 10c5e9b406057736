"""Erasure of a person, a submission, a course or a deployment: every row, and the keys of copies elsewhere (P5)."""

from grading.erasure.carrying import carry_out
from grading.erasure.deciding import DecisionRefused, decide, reject, take_back
from grading.erasure.listing import Row, open_requests, pending_before, reason_of, settled, standing
from grading.erasure.numbers import Numbers, course_numbers, deployment_numbers, person_numbers, submission_numbers
from grading.erasure.requests import TERM, Target, due, request
from grading.erasure.waiting import ForgetWaiting, Gone, nothing_waits

__all__ = [
    "TERM",
    "DecisionRefused",
    "ForgetWaiting",
    "Gone",
    "Numbers",
    "Row",
    "Target",
    "carry_out",
    "course_numbers",
    "decide",
    "deployment_numbers",
    "due",
    "nothing_waits",
    "open_requests",
    "pending_before",
    "person_numbers",
    "reason_of",
    "reject",
    "request",
    "settled",
    "standing",
    "submission_numbers",
    "take_back",
]
