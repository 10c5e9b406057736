"""Why an LMS is not connected: words for its administrator."""

from lti_tool.lti.errors import LtiError


class RegistrationRefused(LtiError):
    """The registration does not go on; nothing was connected."""

    code = "registration"
    status = 400


def not_open() -> RegistrationRefused:
    """Nobody may connect an LMS from outside now."""
    return RegistrationRefused(
        "Blindmark does not take registrations from outside. Ask its administrator for an invitation link.",
        code="registration_closed",
    )


def bad_invitation() -> RegistrationRefused:
    """The link is not one that was given out, or not any more."""
    return RegistrationRefused(
        "This registration link is not valid: it was used, has run out, or was withdrawn. "
        "Ask Blindmark's administrator for a new one.",
        code="registration_invitation",
    )
