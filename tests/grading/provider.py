"""A provider that lives in memory and keeps the Protocol; it can lose answers and hold results back."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from grading.providers.base import (
    Hint,
    HintRefused,
    JobInput,
    Limits,
    Outcome,
    ProviderUnavailable,
    RemoteBatch,
    RemoteFile,
    RemoteState,
    Request,
    ResultLine,
    Usage,
)


def good_answer(criteria: int = 3, level: str = "level_3", quote: str = "a doctor may stay silent") -> str:
    """An answer that fits the default rubric."""
    return json.dumps(
        {
            "criteria": {
                f"criterion_{number}": {
                    "evidence": [quote],
                    "reasoning": f"You support point {number}.",
                    "level": level,
                }
                for number in range(1, criteria + 1)
            },
            "strengths": ["A clear position."],
            "improvements": ["Answer one objection."],
            "comments": "You take a position and support it with an example that fits.",
            "confidence_reasoning": "The work is clear.",
            "confidence": 80,
            "language": "en",
            "injection_suspected": False,
        }
    )


@dataclass
class MemoryProvider:
    """Honours `grading.providers.base.Provider`."""

    name: str = "openai"
    endpoint: str = "https://provider.example/v1"
    files: dict[str, list[bytes]] = field(default_factory=dict)
    batches: dict[str, RemoteBatch] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    answer: Callable[[str], ResultLine | None] = lambda custom_id: ResultLine(
        custom_id, Outcome.ANSWERED, text=good_answer(), model="gpt-6-luna-2026", usage=Usage(1000, 0, 300), raw=b"{}"
    )
    lose_upload: bool = False
    lose_create: bool = False
    created: datetime = datetime(2026, 11, 1, tzinfo=UTC)
    """When its files were made."""
    creates: int = 0
    uploaded: int = 0
    limits: Limits = field(default_factory=lambda: Limits(50_000, 200 * 1024 * 1024))

    def line(self, custom_id: str, request: Request) -> bytes:
        return json.dumps(
            {"custom_id": custom_id, "model": request.model, "messages": [list(one) for one in request.messages]}
        ).encode()

    def upload(self, job: str, content: JobInput) -> str:
        self.uploaded += 1
        self.files[f"file-{job}"] = list(content.lines())
        if self.lose_upload:
            self.lose_upload = False
            raise ProviderUnavailable("lost")
        return f"file-{job}"

    def uploads(self, job: str, since: datetime) -> list[RemoteFile]:
        lines = self.files.get(f"file-{job}")
        gone = lines is None or f"file-{job}" in self.deleted
        return [] if gone else [RemoteFile(f"file-{job}", _size(lines or []), self.created)]

    def create(self, job: str, attempt: int, file_id: str) -> RemoteBatch:
        self.creates += 1
        remote = RemoteBatch(f"batch-{job}", "in_progress", RemoteState.RUNNING, total=len(self.files[file_id]))
        self.batches[remote.id] = remote
        self.jobs[job] = remote.id
        if self.lose_create:
            self.lose_create = False
            raise ProviderUnavailable("lost")
        return remote

    def find(self, job: str, attempt: int, since: datetime) -> RemoteBatch | None:
        return self.batches.get(self.jobs.get(job, ""))

    def poll(self, batch_id: str) -> RemoteBatch:
        return self.batches[batch_id]

    def results(self, batch: RemoteBatch) -> Iterator[ResultLine]:
        job = batch.id.removeprefix("batch-")
        for line in reversed(self.files[f"file-{job}"]):
            answered = self.answer(json.loads(line)["custom_id"])
            if answered is not None:
                yield answered

    def cancel(self, batch_id: str) -> RemoteBatch:
        self.batches[batch_id] = replace(self.batches[batch_id], status="cancelling")
        return self.batches[batch_id]

    def delete_file(self, file_id: str) -> None:
        self.deleted.append(file_id)

    def own_files(self) -> Iterator[RemoteFile]:
        for file_id in self.files:
            if file_id not in self.deleted:
                yield RemoteFile(file_id, _size(self.files[file_id]), self.created, job=file_id.removeprefix("file-"))

    def read_hint(self, body: bytes, headers: Mapping[str, str], secret: str) -> Hint:
        raise HintRefused("This provider says nothing by itself.")

    def end(self, status: str = "completed", state: RemoteState = RemoteState.ENDED, **values: str) -> None:
        """Let every running batch end."""
        for batch_id in self.batches:
            self.end_one(batch_id, status, state, **values)

    def end_one(
        self, batch_id: str, status: str = "completed", state: RemoteState = RemoteState.ENDED, **values: str
    ) -> None:
        """Let one running batch end."""
        remote = self.batches[batch_id]
        self.batches[batch_id] = replace(
            remote, status=status, state=state, completed=remote.total, output_file_id=f"out-{batch_id}", **values
        )

    def sent(self) -> str:
        """Everything this provider was ever sent."""
        return "\n".join(line.decode() for lines in self.files.values() for line in lines)


def _size(lines: list[bytes]) -> int:
    return sum(len(line) + 1 for line in lines)
