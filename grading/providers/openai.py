"""OpenAI's Files and Batch API as a `Provider`.

The job's id is the uploaded file's name and stands in the batch's metadata, so that an upload or a create whose answer
was lost can be found again. Neither is ever repeated inside the client: the API has no idempotency key, and a repeat
would be a second file, or a second paid batch. Files are streamed both ways.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import IO, Any, Final, cast

import httpx2
import openai
from openai import OpenAI
from openai.types import Batch

from config.logging import fields, get_logger
from grading.providers.base import (
    Hint,
    HintRefused,
    JobInput,
    Limits,
    ProviderMisconfigured,
    ProviderRefused,
    ProviderUnavailable,
    RemoteBatch,
    RemoteFile,
    RemoteState,
    Request,
    ResultLine,
)
from grading.providers.openai_files import list_own
from grading.providers.openai_results import machine_code, parse_line
from grading.providers.streams import LineReader, lines_of

ENDPOINT: Final = "/v1/chat/completions"
FILE_LIFETIME_SECONDS: Final = 3 * 24 * 3600
TIMEOUT_SECONDS: Final = 60.0
LIMITS: Final = Limits(requests=50_000, bytes=200 * 1024 * 1024)
PAGE: Final = 100
# Clocks differ, and theirs counts whole seconds.
SLACK: Final = timedelta(hours=1)
_STATES: Final = {
    "validating": RemoteState.RUNNING,
    "in_progress": RemoteState.RUNNING,
    "finalizing": RemoteState.RUNNING,
    "cancelling": RemoteState.RUNNING,
    "completed": RemoteState.ENDED,
    "expired": RemoteState.ENDED,
    "cancelled": RemoteState.ENDED,
    "failed": RemoteState.REFUSED,
}
log = get_logger(__name__)


class OpenAIProvider:
    """A `grading.providers.base.Provider` on the OpenAI SDK."""

    name = "openai"
    limits = LIMITS

    def __init__(
        self,
        api_key: str,
        base_url: str,
        *,
        timeout_seconds: float = TIMEOUT_SECONDS,
        retries: int = 2,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """An account at OpenAI.

        Args:
            timeout_seconds: how long to wait for the next byte of an answer.
            retries: second tries inside the client, of calls that change nothing.
            monotonic: the clock that slow results are measured by.
        """
        self.endpoint = base_url
        self._api_key = api_key
        self._timeout_seconds = timeout_seconds
        self._retries = retries
        self._monotonic = monotonic

    @cached_property
    def _client(self) -> OpenAI:
        """Made when first needed: most processes never talk to the provider, and trust stores are slow to load."""
        return OpenAI(
            api_key=self._api_key,
            base_url=self.endpoint,
            timeout=self._timeout_seconds,
            max_retries=self._retries,
        )

    @property
    def _once(self) -> OpenAI:
        """The client for calls that may not be repeated unseen."""
        return self._client.with_options(max_retries=0)

    def line(self, custom_id: str, request: Request) -> bytes:
        """One JSONL line for the chat completions endpoint."""
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": role, "content": content} for role, content in request.messages],
            "max_completion_tokens": request.max_output_tokens,
            "store": False,
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": request.schema_name, "strict": True, "schema": request.schema},
            },
        }
        if request.temperature is not None:
            body["temperature"] = request.temperature
        line = {"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": body}
        return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()

    def upload(self, job: str, content: JobInput) -> str:
        """Upload the input file; it expires by itself after three days."""
        reader = LineReader(content)
        try:
            with _translated():
                uploaded = self._once.files.create(
                    file=(_file_name(job), cast("IO[bytes]", reader), "application/jsonl"),
                    purpose="batch",
                    expires_after={"anchor": "created_at", "seconds": FILE_LIFETIME_SECONDS},
                )
        except ProviderUnavailable:
            # What went wrong in reading our own lines is not the provider's doing.
            if reader.failure is not None:
                raise reader.failure from None
            raise
        return uploaded.id

    def uploads(self, job: str, since: datetime) -> list[RemoteFile]:
        """Look for input files by their name among the batch files, newest first, as far back as it can be."""
        found, earliest = [], (since - SLACK).timestamp()
        with _translated():
            for candidate in self._client.files.list(purpose="batch", order="desc", limit=PAGE):
                if candidate.created_at < earliest:
                    break
                if candidate.filename == _file_name(job):
                    found.append(
                        RemoteFile(candidate.id, candidate.bytes, datetime.fromtimestamp(candidate.created_at, UTC))
                    )
        return found

    def create(self, job: str, attempt: int, file_id: str) -> RemoteBatch:
        """Create the batch with exactly one request."""
        with _translated():
            batch = self._once.batches.create(
                input_file_id=file_id,
                endpoint=ENDPOINT,
                completion_window="24h",
                metadata={"job_id": job, "attempt": str(attempt)},
                output_expires_after={"anchor": "created_at", "seconds": FILE_LIFETIME_SECONDS},
            )
        return _remote(batch)

    def find(self, job: str, attempt: int, since: datetime) -> RemoteBatch | None:
        """Look for the batch by our id in its metadata, newest first, as far back as it can be."""
        wanted, earliest = {"job_id": job, "attempt": str(attempt)}, (since - SLACK).timestamp()
        with _translated():
            for candidate in self._client.batches.list(limit=PAGE):
                if candidate.created_at < earliest:
                    break
                if candidate.metadata == wanted:
                    return _remote(candidate)
        return None

    def poll(self, batch_id: str) -> RemoteBatch:
        """Ask how a batch stands."""
        with _translated():
            return _remote(self._client.batches.retrieve(batch_id))

    def results(self, batch: RemoteBatch) -> Iterator[ResultLine]:
        """Stream the output file, then the error file."""
        for file_id in (batch.output_file_id, batch.error_file_id):
            if file_id is None:
                continue
            with _translated(), self._client.files.with_streaming_response.content(file_id) as response:
                for line in lines_of(response.iter_bytes(), self._monotonic):
                    yield parse_line(line)

    def cancel(self, batch_id: str) -> RemoteBatch:
        """Ask for cancellation."""
        with _translated():
            return _remote(self._once.batches.cancel(batch_id))

    def delete_file(self, file_id: str) -> None:
        """Delete a file at the provider."""
        try:
            with _translated():
                self._client.files.delete(file_id)
        except ProviderRefused as refusal:
            if refusal.code != "gone":
                raise

    def own_files(self) -> Iterator[RemoteFile]:
        """Look through the account's files of batches."""
        with _translated():
            yield from list_own(self._client)

    def read_hint(self, body: bytes, headers: Mapping[str, str], secret: str) -> Hint:
        """Check the signature and read which batch is meant; other events than those of batches mean none."""
        try:
            event = self._client.webhooks.unwrap(body, headers, secret=secret)
            identifier = {name.lower(): value for name, value in headers.items()}["webhook-id"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise HintRefused("This message does not carry the signature of OpenAI, or it is too old.") from error
        about = getattr(getattr(event, "data", None), "id", None)
        named = isinstance(about, str) and str(event.type).startswith("batch.")
        return Hint(identifier[:255], about if named else None)


def _file_name(job: str) -> str:
    return f"{job}.jsonl"


def _refusal(line: int | None, param: str | None) -> str:
    """Where the provider found the first fault. Its own words are not kept: they may repeat what was sent."""
    where = [f"in line {line}"] if line else []
    if param:
        where.append(f"at {machine_code(param)}")
    return f"OpenAI found a fault {' '.join(where)}." if where else ""


def _remote(batch: Batch) -> RemoteBatch:
    state = _STATES.get(batch.status)
    if state is None:
        log.warning("provider.unknown_status", extra=fields(status=batch.status))
        state = RemoteState.RUNNING
    counts = batch.request_counts
    first = next(iter(batch.errors.data or ()), None) if batch.errors else None
    return RemoteBatch(
        id=batch.id,
        status=batch.status,
        state=state,
        total=counts.total if counts else 0,
        completed=counts.completed if counts else 0,
        failed=counts.failed if counts else 0,
        output_file_id=batch.output_file_id,
        error_file_id=batch.error_file_id,
        refusal_code=machine_code(first.code) if first else None,
        refusal_words=_refusal(first.line, first.param) if first else "",
    )


class _translated:  # noqa: N801 - reads as a statement: with _translated():
    """Turns the SDK's exceptions into ours. Bodies are not quoted: they may repeat what was sent."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, openai.OpenAIError):
            raise _translation(error) from error
        if isinstance(error, httpx2.HTTPError):
            raise ProviderUnavailable("The connection to OpenAI broke off in the middle.") from error


def _translation(error: openai.OpenAIError) -> Exception:
    if isinstance(error, openai.APIStatusError):
        status, code = error.status_code, machine_code(error.code)
        if code == "insufficient_quota":
            return ProviderMisconfigured(
                "OpenAI says that the account has used up its money (insufficient_quota). "
                "Raise its balance or its limit, then try again."
            )
        if status in (401, 403):
            return ProviderMisconfigured(
                f"OpenAI refuses the key (HTTP {status}{f', {code}' if code else ''}). "
                "Check OPENAI_API_KEY, its permissions and the account's balance."
            )
        if status in (408, 409, 429) or status >= 500:
            return ProviderUnavailable(
                f"OpenAI is busy or has a fault (HTTP {status}).", retry_after_seconds=_retry_after(error)
            )
        refused = ProviderRefused(f"OpenAI refuses this (HTTP {status}{f', {code}' if code else ''}).")
        if status == 404:
            refused.code = "gone"
        return refused
    if isinstance(error, openai.APIConnectionError):
        return ProviderUnavailable("OpenAI can't be reached, or did not answer in time.")
    return ProviderRefused("OpenAI's answer could not be understood.")


def _retry_after(error: openai.APIStatusError) -> float | None:
    try:
        return float(error.response.headers["retry-after"])
    except (KeyError, ValueError):
        return None
