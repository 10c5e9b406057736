"""Zip archives (docx, odt) opened with the suspicion that an upload deserves."""

from __future__ import annotations

import io
import zipfile
import zlib

from grading.extraction.errors import Corrupt, Encrypted, TooComplex
from grading.extraction.limits import Limits

_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_NESTED = (".zip", ".7z", ".rar", ".tar", ".gz", ".bz2", ".xz", ".jar")
_ENCRYPTED_FLAG = 0x1
_RATIO_MATTERS_FROM = 1024 * 1024
_DAMAGED = (
    "This document is damaged or was cut short on its way. "
    "Open it, save it again and upload the copy, or paste your text instead."
)


class Archive:
    """A zip archive whose declared sizes were checked, and whose reads are counted because they may lie."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Raises Corrupt, Encrypted, or TooComplex for what looks like a bomb."""
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as broken:
            raise Corrupt(_DAMAGED) from broken
        entries = self._zip.infolist()
        self._names = {entry.filename: entry for entry in entries}
        self._left = limits.unzipped_bytes
        _check_entries(entries, len(data), limits)

    @property
    def names(self) -> list[str]:
        """The entries' names in the order of the archive."""
        return list(self._names)

    def read(self, name: str) -> bytes | None:
        """One entry unpacked; None if there is none. Raises Corrupt, or TooComplex past the budget."""
        entry = self._names.get(name)
        if entry is None:
            return None
        try:
            with self._zip.open(entry) as stream:
                content = stream.read(self._left + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as broken:
            raise Corrupt(_DAMAGED) from broken
        self._left -= len(content)
        if self._left < 0:
            raise _bomb()
        return content


def _check_entries(entries: list[zipfile.ZipInfo], packed: int, limits: Limits) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > limits.zip_entries or unpacked > limits.unzipped_bytes:
        raise _bomb()
    if unpacked > _RATIO_MATTERS_FROM and unpacked > packed * limits.zip_ratio:
        raise _bomb()
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED_FLAG:
            raise Encrypted(
                "This document is protected with a password, so it can't be read. "
                "Remove the password and upload it again, or paste your text instead."
            )
        if entry.compress_type not in _METHODS:
            # Other methods are legal in a zip but not in these formats, and can't be unpacked piece by piece.
            raise Corrupt(_DAMAGED)
        if entry.filename.lower().endswith(_NESTED):
            raise TooComplex(
                "This document has an archive packed inside it, so it was not opened. "
                "Remove the archive and upload it again, or paste your text instead."
            )


def _bomb() -> TooComplex:
    return TooComplex(
        "This document unpacks to far more than one file may hold. "
        "Save a simpler copy (without pictures), or paste your text instead."
    )
