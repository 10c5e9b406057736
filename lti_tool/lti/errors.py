"""Why a launch is refused: words for the person who clicked, a code for the log, always without a session."""

from grading.errors import GradingError

ADVICE = "Open the activity again from your course. If that does not help, give your administrator the code below."


class LtiError(GradingError):
    """The platform's message is not one that may come in. `code` names the exact reason."""

    code = "lti"
    status = 401


class LoginRefused(LtiError):
    """A login initiation that leads nowhere."""

    code = "login"
    status = 400


class TokenRefused(LtiError):
    """An id_token, or its state and nonce, that fails a check."""

    code = "token"


class DeploymentPending(LtiError):
    """A deployment that no administrator has let in yet."""

    code = "deployment_pending"
    status = 403


class PlatformAnswered(LtiError):
    """The platform ended the launch itself with an OIDC error."""

    code = "platform_error"


def refused(code: str) -> TokenRefused:
    """A refusal with the words that fit all of them: the reason stands in the code."""
    return TokenRefused(f"Your LMS sent a launch that Blindmark does not accept ({code}). {ADVICE}", code=code)
