"""The root of the domain's error tree: one message for people, one code for machines.

Every room below `grading` derives its own errors from here, so that one handler can turn any of them
into a page, an API answer or a task state.
"""

from __future__ import annotations

from typing import ClassVar


class GradingError(Exception):
    """Something the domain refuses or cannot do, in words a person can act on.

    `message` says what happened, why, and what to do; `code` is stable and machine-readable; `status` is a hint
    for HTTP answers and means nothing elsewhere.
    """

    code: str = "grading_error"
    status: ClassVar[int] = 400

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class EntryRefused(GradingError):
    """Something that was entered can't be taken. `field` names the entry, so that a page can say it there."""

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message)
        self.field = field


class NotFound(GradingError):
    """There is no such thing, or not for the person who asked: the two are not told apart."""

    code = "not_found"
    status = 404


class NotAllowed(GradingError):
    """The person may not do this."""

    code = "not_allowed"
    status = 403
