"""Registers every table of every room on the declarative base, for migrations and tests."""

import grading.models
import lti_tool.admin_accounts
import lti_tool.lti.models
import lti_tool.sessions
import lti_tool.spent_logins
import privacy.models

ROOMS = (
    privacy.models,
    grading.models,
    lti_tool.lti.models,
    lti_tool.sessions,
    lti_tool.spent_logins,
    lti_tool.admin_accounts,
)
