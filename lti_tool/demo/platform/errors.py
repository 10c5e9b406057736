"""What the demonstration platform refuses, and the words it uses for it."""


class PlatformError(Exception):
    """A request the platform refuses; `code` is for machines, the message for people, `status` for HTTP."""

    status = 400
    code = "invalid_request"

    def __init__(self, message: str, *, code: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.code = code or self.code
        self.status = status or self.status


class PageRefused(PlatformError):
    """A page the signed-in person may not see."""

    status = 403
    code = "forbidden"


class AuthorisationRefused(PlatformError):
    """An OpenID Connect request whose refusal is posted to the tool's redirect address."""


class DeepLinkRefused(PlatformError):
    """A deep linking response that breaks a rule; nothing of it is stored."""

    code = "invalid_deep_linking_response"


class AssertionRefused(PlatformError):
    """A JWT of the tool that does not verify."""

    status = 401
    code = "invalid_client"


class ServiceRefused(PlatformError):
    """A service call (grades, roster) that breaks a rule."""
