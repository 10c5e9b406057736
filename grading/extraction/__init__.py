"""Files to text: the first step of a submission that came as a file.

`extract` looks at a file's first bytes (`formats`), hands it to a reader in a child process that is bounded and
cut off from everything (`parent`, `child`, `lockdown`, `readers/`), and returns the text with what was found
beside it (`result`, `text`). Whatever goes wrong is an `ExtractionError` with words for the student.
"""

from grading.extraction.errors import (
    Corrupt,
    Encrypted,
    ExtractionError,
    NoText,
    ReaderUnavailable,
    TooComplex,
    TooLarge,
    UnsupportedType,
    WrongType,
)
from grading.extraction.formats import SUPPORTED
from grading.extraction.limits import Limits
from grading.extraction.parent import extract
from grading.extraction.result import Extracted, Kind, Remark

__all__ = [
    "SUPPORTED",
    "Corrupt",
    "Encrypted",
    "Extracted",
    "ExtractionError",
    "Kind",
    "Limits",
    "NoText",
    "ReaderUnavailable",
    "Remark",
    "TooComplex",
    "TooLarge",
    "UnsupportedType",
    "WrongType",
    "extract",
]
