"""A provider whose every call is in the audit log before it is made: what leaves, what is asked, what is deleted.

The note is committed by itself first, so that a call of which no answer ever came is in the log as well.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from config.database import Database
from grading.batches.records import note_about
from grading.models import Batch
from grading.providers.base import (
    Hint,
    JobInput,
    Limits,
    Provider,
    ProviderError,
    RemoteBatch,
    RemoteFile,
    Request,
    ResultLine,
)
from privacy.audit import Detail


@dataclass(frozen=True, slots=True)
class AuditedProvider:
    """A `grading.providers.base.Provider` that stands in front of the one that does the work, for one batch."""

    inner: Provider
    database: Database
    batch: Batch

    @property
    def name(self) -> str:
        """What courses approve and rows record."""
        return self.inner.name

    @property
    def endpoint(self) -> str:
        """Where requests are sent."""
        return self.inner.endpoint

    @property
    def limits(self) -> Limits:
        """How large an input file may be."""
        return self.inner.limits

    def line(self, custom_id: str, request: Request) -> bytes:
        """One line of an input file: nothing is sent."""
        return self.inner.line(custom_id, request)

    def upload(self, job: str, content: JobInput) -> str:
        """Upload the input of a job. This is where work leaves."""
        self._note("provider.uploading", items=content.items, bytes=content.bytes, endpoint=self.endpoint)
        file_id = self.inner.upload(job, content)
        self._note("provider.uploaded", file=file_id)
        return file_id

    def uploads(self, job: str, since: datetime) -> list[RemoteFile]:
        """Look for the input files of a job."""
        self._note("provider.looking_up", what="file")
        return self.inner.uploads(job, since)

    def create(self, job: str, attempt: int, file_id: str) -> RemoteBatch:
        """Create the batch."""
        self._note("provider.creating", items=self.batch.items, file=file_id)
        return self.inner.create(job, attempt, file_id)

    def find(self, job: str, attempt: int, since: datetime) -> RemoteBatch | None:
        """Look for the batch of an attempt at a job."""
        self._note("provider.looking_up", what="batch")
        return self.inner.find(job, attempt, since)

    def poll(self, batch_id: str) -> RemoteBatch:
        """Ask how a batch stands."""
        self._note("provider.polling", remote=batch_id)
        return self.inner.poll(batch_id)

    def results(self, batch: RemoteBatch) -> Iterator[ResultLine]:
        """Read the results."""
        self._note("provider.reading_results", remote=batch.id)
        return self.inner.results(batch)

    def cancel(self, batch_id: str) -> RemoteBatch:
        """Ask for a batch to be cancelled."""
        self._note("provider.cancelling", remote=batch_id)
        return self.inner.cancel(batch_id)

    def delete_file(self, file_id: str) -> None:
        """Delete a file."""
        self._note("provider.deleting_file", file=file_id)
        self.inner.delete_file(file_id)

    def own_files(self) -> Iterator[RemoteFile]:
        """List files."""
        self._note("provider.looking_up", what="files")
        return self.inner.own_files()

    def read_hint(self, body: bytes, headers: Mapping[str, str], secret: str) -> Hint:
        """Check and read a message of the provider's own: nothing is called."""
        return self.inner.read_hint(body, headers, secret)

    def note_failure(self, error: ProviderError) -> None:
        """Note that a call did not do what was asked."""
        self._note("provider.call_failed", step=self.batch.step.value, code=error.code)

    def _note(self, event: str, **details: Detail) -> None:
        with self.database.transaction() as session:
            note_about(session, event, self.batch, **details)
