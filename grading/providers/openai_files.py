"""Lists what stands in an OpenAI account that may be ours, by the names that files of batches have there."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from openai import OpenAI

from grading.providers.base import RemoteFile

PAGE: Final = 100
_INPUT: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl")
_RESULT: Final = re.compile(r"(batch_[A-Za-z0-9_-]+?)_(?:output|error|errors)\.jsonl")


def list_own(client: OpenAI) -> Iterator[RemoteFile]:
    """Input files under the name that we give them, and result files under the name that OpenAI gives them."""
    for purpose in ("batch", "batch_output"):
        for file in client.files.list(purpose=purpose, limit=PAGE):
            created = datetime.fromtimestamp(file.created_at, UTC)
            if match := _INPUT.fullmatch(file.filename):
                yield RemoteFile(file.id, file.bytes, created, job=match[1])
            elif match := _RESULT.fullmatch(file.filename):
                yield RemoteFile(file.id, file.bytes, created, remote_batch_id=match[1])
