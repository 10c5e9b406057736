"""What the pipeline needs from a provider of models: one Protocol, value objects, errors that say what to do next."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from grading.errors import GradingError


class ProviderError(GradingError):
    """The provider did not do what was asked."""

    code = "provider_error"
    status = 502


class ProviderUnavailable(ProviderError):
    """Overloaded, unreachable or timed out: what was asked may or may not have happened. Look, then try again."""

    code = "provider_busy"

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ProviderRefused(ProviderError):
    """The provider says no, and would say it again."""

    code = "rejected"


class ProviderMisconfigured(ProviderError):
    """The key is missing, wrong or out of money: an administrator must act before anything can go on."""

    code = "provider_setup"


class HintRefused(ProviderError):
    """A message that claims to come from the provider does not."""

    code = "hint_refused"
    status = 400


TOO_MUCH_QUEUED: Final = "token_limit_exceeded"
"""Code of a refused batch for which there was no room among what waits at the provider already."""


class RemoteState(StrEnum):
    """Where a batch stands at its provider, whatever words the provider has for it."""

    RUNNING = "running"
    ENDED = "ended"  # results, perhaps partial, can be read; the outcome is per line
    REFUSED = "refused"  # nothing ran


@dataclass(frozen=True, slots=True)
class RemoteBatch:
    """A batch as its provider sees it."""

    id: str
    status: str
    """The provider's own word."""
    state: RemoteState
    total: int = 0
    completed: int = 0
    failed: int = 0
    output_file_id: str | None = None
    error_file_id: str | None = None
    refusal_code: str | None = None
    refusal_words: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one input file may hold at most."""

    requests: int
    bytes: int


@dataclass(frozen=True, slots=True)
class JobInput:
    """The input of a job. It is read line by line, perhaps more than once, and never whole."""

    lines: Callable[[], Iterator[bytes]]
    """The lines without their breaks, from the first one on."""
    items: int
    bytes: int
    """Size of the file, breaks included."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file that stands at the provider and may be ours."""

    id: str
    bytes: int
    created_at: datetime
    job: str = ""
    """Of an input file: the job that its name says."""
    remote_batch_id: str = ""
    """Of a result file: the provider's id of the batch that its name says."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What a provider says by itself: look at this batch. Nothing is believed of it but that."""

    id: str
    """The same however often the message comes."""
    batch_id: str | None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer. Tokens read from and written to the provider's cache are part of the input; reasoning
    tokens are part of the output."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0


class Outcome(StrEnum):
    """What became of one line."""

    ANSWERED = "answered"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    CONTENT_FILTER = "content_filter"
    NOT_EXECUTED = "not_executed"  # expired before its turn: may go into the next batch
    BUSY = "busy"  # 429 or 5xx: may go into the next batch
    REJECTED = "rejected"  # 4xx: would be rejected again
    CANCELLED = "cancelled"  # the batch was cancelled before its turn
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One line of a provider's results, normalized. `raw` is kept sealed as it came."""

    custom_id: str
    outcome: Outcome
    text: str = ""
    model: str = ""
    usage: Usage = Usage()
    error_code: str = ""
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to a model, in our own terms."""

    messages: tuple[tuple[str, str], ...]
    """(role, content), what all requests of an assignment share first."""
    model: str
    max_output_tokens: int
    temperature: float | None
    schema_name: str
    schema: Mapping[str, Any]


class Provider(Protocol):
    """A provider with a batch service. Every call may raise a ProviderError."""

    @property
    def name(self) -> str:
        """What courses approve and rows record."""

    @property
    def endpoint(self) -> str:
        """Where requests are sent, as the compliance report names it."""

    @property
    def limits(self) -> Limits:
        """How large an input file may be."""

    def line(self, custom_id: str, request: Request) -> bytes:
        """One line of a batch's input file, without the line break."""

    def upload(self, job: str, content: JobInput) -> str:
        """Upload the input of a job, once: never retried inside; returns the file's id."""

    def uploads(self, job: str, since: datetime) -> list[RemoteFile]:
        """The input files of a job that were uploaded since a moment, also those whose upload seemed to fail."""

    def create(self, job: str, attempt: int, file_id: str) -> RemoteBatch:
        """Create the batch, once: never retried inside."""

    def find(self, job: str, attempt: int, since: datetime) -> RemoteBatch | None:
        """The batch of an attempt at a job, if a create whose answer was lost did arrive since a moment."""

    def poll(self, batch_id: str) -> RemoteBatch:
        """How a batch stands."""

    def results(self, batch: RemoteBatch) -> Iterator[ResultLine]:
        """All result lines of an ended batch, in any order, streamed."""

    def cancel(self, batch_id: str) -> RemoteBatch:
        """Ask for a batch to be cancelled; finished lines stay."""

    def delete_file(self, file_id: str) -> None:
        """Delete a file; one that is gone already is no error."""

    def own_files(self) -> Iterator[RemoteFile]:
        """Files there whose names say that they belong to a job."""

    def read_hint(self, body: bytes, headers: Mapping[str, str], secret: str) -> Hint:
        """Check and read a message that the provider sent by itself; raises HintRefused. Nothing is called."""
