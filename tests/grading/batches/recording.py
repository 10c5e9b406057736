"""A provider in memory that keeps a record: what it was sent and when, what it accepted, and its bill."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from grading.providers.base import (
    TOO_MUCH_QUEUED,
    JobInput,
    Outcome,
    ProviderError,
    ProviderRefused,
    ProviderUnavailable,
    RemoteBatch,
    RemoteFile,
    RemoteState,
    ResultLine,
    Usage,
)
from grading.providers.catalogue import cost_microdollars
from tests.conftest import StillClock
from tests.grading.provider import MemoryProvider, good_answer

MODEL = "gpt-6-luna"
EXECUTED = Usage(1000, 0, 300)
KINDS = ("good", "refused", "truncated", "filtered", "schema", "expired", "cancelled", "busy", "rejected", "missing")
_OUTCOMES = {
    "refused": (Outcome.REFUSED, EXECUTED),
    "truncated": (Outcome.TRUNCATED, EXECUTED),
    "filtered": (Outcome.CONTENT_FILTER, EXECUTED),
    "expired": (Outcome.NOT_EXECUTED, Usage()),
    "cancelled": (Outcome.CANCELLED, Usage()),
    "busy": (Outcome.BUSY, Usage()),
    "rejected": (Outcome.REJECTED, Usage()),
}


@dataclass
class RecordingProvider(MemoryProvider):
    """Keeps the Protocol as long as batches live, over any number of attempts at a job, for many callers at once."""

    clock: StillClock = field(default_factory=StillClock)
    on_leaving: Callable[[Sequence[bytes]], None] = lambda _: None
    """Is shown everything that leaves or is about to be worked on, at that moment."""
    faults: dict[str, ProviderError] = field(default_factory=dict)
    """What goes wrong with the next call of a name: before it is carried out, or (`-after`) with its answer."""
    accepted: dict[tuple[str, int], str] = field(default_factory=dict)
    file_of: dict[str, str] = field(default_factory=dict)
    made_at: dict[str, datetime] = field(default_factory=dict)
    job_of: dict[str, str] = field(default_factory=dict)
    lines_of: dict[str, list[ResultLine]] = field(default_factory=dict)
    """Result lines of ended batches, by the batch's id."""
    bill: dict[str, Usage] = field(default_factory=dict)
    cut_results: bool = False
    """Whether the next reading of results breaks off in the middle."""
    lock: threading.RLock = field(default_factory=threading.RLock)

    def upload(self, job: str, content: JobInput) -> str:
        lines = list(content.lines())
        with self.lock:
            self._goes_wrong("upload")
            assert sum(len(line) + 1 for line in lines) == content.bytes
            assert len(lines) == content.items
            self.on_leaving(lines)
            self.uploaded += 1
            file_id = f"file-{self.uploaded}"
            self.files[file_id], self.job_of[file_id], self.made_at[file_id] = lines, job, self.clock()
            self._goes_wrong("upload-after")
            return file_id

    def uploads(self, job: str, since: datetime) -> list[RemoteFile]:
        with self.lock:
            return [file for file in self.own_files() if file.job == job]

    def create(self, job: str, attempt: int, file_id: str) -> RemoteBatch:
        with self.lock:
            self._goes_wrong("create")
            if file_id in self.deleted:
                raise ProviderRefused("There is no such file.", code="gone")
            assert (job, attempt) not in self.accepted, "an intent was accepted twice"
            earlier = [self.batches[remote] for (of, _), remote in self.accepted.items() if of == job]
            assert all(remote.state is RemoteState.REFUSED for remote in earlier), "a job runs twice"
            self.on_leaving(self.files[file_id])
            self.creates += 1
            remote = RemoteBatch(
                f"batch-{self.creates}", "in_progress", RemoteState.RUNNING, total=len(self.files[file_id])
            )
            self.batches[remote.id], self.file_of[remote.id] = remote, file_id
            self.accepted[job, attempt] = remote.id
            self._goes_wrong("create-after")
            return remote

    def find(self, job: str, attempt: int, since: datetime) -> RemoteBatch | None:
        with self.lock:
            self._goes_wrong("find")
            return self.batches.get(self.accepted.get((job, attempt), ""))

    def poll(self, batch_id: str) -> RemoteBatch:
        with self.lock:
            self._goes_wrong("poll")
            return self.batches[batch_id]

    def results(self, batch: RemoteBatch) -> Iterator[ResultLine]:
        with self.lock:
            self._goes_wrong("results")
            lines, breaks, self.cut_results = list(self.lines_of[batch.id]), self.cut_results, False
        for number, line in enumerate(lines):
            if breaks and number >= len(lines) // 2:
                raise ProviderUnavailable("The connection broke.")
            yield line

    def cancel(self, batch_id: str) -> RemoteBatch:
        with self.lock:
            self._goes_wrong("cancel")
            return super().cancel(batch_id)

    def delete_file(self, file_id: str) -> None:
        with self.lock:
            self._goes_wrong("delete")
            assert not self._read_by_a_running_batch(file_id), "a file went while a batch reads it"
            super().delete_file(file_id)

    def own_files(self) -> Iterator[RemoteFile]:
        with self.lock:
            for file_id, lines in self.files.items():
                if file_id not in self.deleted:
                    size = sum(len(line) + 1 for line in lines)
                    of_batch = file_id.removeprefix("out-") if file_id.startswith("out-") else ""
                    yield RemoteFile(file_id, size, self.made_at[file_id], self.job_of.get(file_id, ""), of_batch)

    def running(self) -> list[str]:
        """Batches that have not ended."""
        with self.lock:
            return [one.id for one in self.batches.values() if one.state is RemoteState.RUNNING]

    def finish(self, batch_id: str, status: str, kinds: Sequence[str]) -> None:
        """End a batch; what becomes of its lines goes round in `kinds`. Executed lines are on the bill from now on."""
        with self.lock:
            lines: list[ResultLine] = []
            for number, sent in enumerate(self.files[self.file_of[batch_id]]):
                custom_id = json.loads(sent)["custom_id"]
                answer = _result(custom_id, kinds[number % len(kinds)])
                if answer is None:
                    continue
                lines.append(answer)
                if answer.usage.input_tokens:
                    assert custom_id not in self.bill, "a line was executed twice"
                    self.bill[custom_id] = answer.usage
            answered = sum(1 for line in lines if line.outcome is Outcome.ANSWERED)
            stranger = ResultLine("r_nobody_knows", Outcome.ANSWERED, text=good_answer(), raw=b"{}")
            # In another order, the first one twice, and one that is nobody's.
            self.lines_of[batch_id] = [*reversed(lines), stranger, *lines[:1]]
            self.files[f"out-{batch_id}"], self.made_at[f"out-{batch_id}"] = [b"{}"], self.clock()
            self.batches[batch_id] = replace(
                self.batches[batch_id],
                status=status,
                state=RemoteState.ENDED,
                completed=answered,
                failed=len(lines) - answered,
                output_file_id=f"out-{batch_id}",
            )

    def refuse(self, batch_id: str, code: str = TOO_MUCH_QUEUED) -> None:
        """Let nothing of a batch run."""
        with self.lock:
            self.batches[batch_id] = replace(
                self.batches[batch_id], status="failed", state=RemoteState.REFUSED, refusal_code=code
            )

    def billed(self) -> int:
        """Micro-dollars of everything that was executed."""
        return sum(cost_microdollars(MODEL, usage, self.clock(), batch=True) for usage in self.bill.values())

    def _read_by_a_running_batch(self, file_id: str) -> bool:
        return any(self.file_of[remote] == file_id for remote in self.running())

    def _goes_wrong(self, call: str) -> None:
        error = self.faults.pop(call, None)
        if error is not None:
            raise error


def _result(custom_id: str, kind: str) -> ResultLine | None:
    if kind == "missing":
        return None
    if kind in ("good", "schema"):
        text = good_answer() if kind == "good" else '{"criteria": 1}'
        return ResultLine(custom_id, Outcome.ANSWERED, text=text, model=MODEL, usage=EXECUTED, raw=b"{}")
    outcome, usage = _OUTCOMES[kind]
    return ResultLine(custom_id, outcome, model=MODEL, usage=usage, raw=b"{}")
