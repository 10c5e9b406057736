"""Errors as the API words them: {"error": {"message", "type", "param", "code"}} with an HTTP status."""

from typing import Any


class ApiError(Exception):
    """A request that the API refuses."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"message": message, "type": kind, "param": param, "code": code}}


def missing(what: str) -> ApiError:
    """Nothing has this id."""
    return ApiError(f"No such {what}.", status=404, code="not_found")
