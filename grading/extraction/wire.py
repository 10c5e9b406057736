"""What parent and child say to each other.

The parent sends one JSON line (an `Order`) and then the file's bytes. The child answers `READY` once it has given
up its rights, and then one JSON object: the extracted text or an error's code and words.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from grading.extraction.errors import BY_CODE, Corrupt, ExtractionError
from grading.extraction.limits import MIB, Limits
from grading.extraction.result import Extracted, Kind, Remark

READY = b"ready\n"
_MESSAGE_CHARACTERS = 500


@dataclass(frozen=True)
class Order:
    """Which reader is to read the file that follows, and within which limits."""

    reader: str
    kind: Kind
    media_type: str
    limits: Limits

    def encode(self) -> bytes:
        """One line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> Order:
        """The order in a line made by `encode`."""
        fields = json.loads(line)
        return cls(
            reader=fields["reader"],
            kind=Kind(fields["kind"]),
            media_type=fields["media_type"],
            limits=Limits(**fields["limits"]),
        )


def answer_bytes(limits: Limits) -> int:
    """The longest answer an honest child can give: every character at its widest, plus room for the frame."""
    return 6 * limits.characters + MIB


def encode_result(extracted: Extracted) -> bytes:
    """A child's good answer."""
    return json.dumps({"result": asdict(extracted)}, ensure_ascii=False).encode("utf-8", "replace")


def encode_error(error: ExtractionError) -> bytes:
    """A child's refusal."""
    return json.dumps({"error": error.code, "message": error.message[:_MESSAGE_CHARACTERS]}).encode()


def decode_answer(answer: bytes) -> Extracted:
    """The child's result. Raises the error it reported, or Corrupt if the answer itself makes no sense.

    A child that read a hostile file is not trusted: nothing here depends on its answer being well-formed.
    """
    try:
        fields = json.loads(answer)
        outcome = _error(fields) if "error" in fields else _result(fields["result"])
    except (ValueError, KeyError, TypeError) as broken:
        raise Corrupt(
            "This file could not be read: reading it broke off. It may be damaged. "
            "Save it again and upload it, or paste your text instead."
        ) from broken
    if isinstance(outcome, ExtractionError):
        raise outcome
    return outcome


def _error(fields: dict[str, Any]) -> ExtractionError:
    return BY_CODE[fields["error"]](str(fields["message"])[:_MESSAGE_CHARACTERS])


def _result(fields: dict[str, Any]) -> Extracted:
    page_count = fields["page_count"]
    return Extracted(
        text=str(fields["text"]),
        media_type=str(fields["media_type"]),
        kind=Kind(fields["kind"]),
        page_count=None if page_count is None else int(page_count),
        word_count=int(fields["word_count"]),
        warnings=tuple(Remark(str(each["code"]), str(each["message"])) for each in fields["warnings"]),
        document_names=tuple(map(str, fields["document_names"])),
        hidden_text=tuple(map(str, fields["hidden_text"])),
        comments=tuple(map(str, fields["comments"])),
    )
