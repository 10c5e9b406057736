"""Why a file could not be read, in words for the student who handed it in.

Every message says what happened, why, and what to do; none repeats the file's name or a word of its content.
"""

from __future__ import annotations

from grading.errors import GradingError


class ExtractionError(GradingError):
    """A file could not be turned into text. The student can still paste the text."""

    code = "extraction_failed"
    status = 422


class TooLarge(ExtractionError):
    """The file has more bytes than an upload may have."""

    code = "file_too_large"
    status = 413


class UnsupportedType(ExtractionError):
    """A kind of file that is not read at all."""

    code = "file_type_unsupported"
    status = 415


class WrongType(ExtractionError):
    """The name says one kind of file, the content another."""

    code = "file_type_mismatch"
    status = 415


class Encrypted(ExtractionError):
    """The file asks for a password."""

    code = "file_encrypted"


class NoText(ExtractionError):
    """The file is sound but holds no text: empty, or pictures of pages."""

    code = "file_without_text"


class Corrupt(ExtractionError):
    """The file is damaged, cut short, or not what its format demands."""

    code = "file_corrupt"


class TooComplex(ExtractionError):
    """Reading would cost more time, memory, pages or unpacked bytes than one file may."""

    code = "file_too_complex"


class ReaderUnavailable(ExtractionError):
    """The reader itself could not be started: our fault, not the file's; worth another try."""

    code = "file_reader_unavailable"
    status = 503


BY_CODE: dict[str, type[ExtractionError]] = {
    error.code: error
    for error in (
        TooLarge,
        UnsupportedType,
        WrongType,
        Encrypted,
        NoText,
        Corrupt,
        TooComplex,
        ReaderUnavailable,
    )
}
