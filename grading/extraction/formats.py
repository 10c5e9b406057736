"""Which files are read, and what a file really is: by its first bytes, held against its name.

Only prefixes and plain substrings are looked at here, so it is safe to do in the web process; nothing is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath
from types import MappingProxyType

from grading.extraction.errors import Encrypted, UnsupportedType, WrongType
from grading.extraction.result import Kind


@dataclass(frozen=True)
class Format:
    """One kind of file: how it is read, its media type, and what people call it."""

    kind: Kind
    media_type: str
    label: str


class Content(StrEnum):
    """What a file's own bytes say it is, in words that fit after "inside it is"."""

    PDF = "a PDF"
    DOCX = "a Word document"
    ODT = "an OpenDocument text"
    RTF = "a rich text (RTF) file"
    SPREADSHEET = "a spreadsheet"
    SLIDES = "a slide presentation"
    ZIP = "a zip archive"
    OLE = "an old Microsoft Office file"
    OLE_ENCRYPTED = "a password-protected Office file"
    IMAGE = "a picture"
    PROGRAM = "a program"
    ARCHIVE = "a packed archive"


def _code(label: str) -> Format:
    return Format(Kind.CODE, "text/plain", label)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        ".txt": Format(Kind.TEXT, "text/plain", "Plain text"),
        ".text": Format(Kind.TEXT, "text/plain", "Plain text"),
        ".md": Format(Kind.MARKDOWN, "text/markdown", "Markdown"),
        ".markdown": Format(Kind.MARKDOWN, "text/markdown", "Markdown"),
        ".docx": Format(
            Kind.DOCX,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "Word document",
        ),
        ".pdf": Format(Kind.PDF, "application/pdf", "PDF"),
        ".odt": Format(Kind.ODT, "application/vnd.oasis.opendocument.text", "OpenDocument text"),
        ".rtf": Format(Kind.RTF, "application/rtf", "Rich text"),
        ".html": Format(Kind.HTML, "text/html", "Web page"),
        ".htm": Format(Kind.HTML, "text/html", "Web page"),
        ".ipynb": Format(Kind.NOTEBOOK, "application/x-ipynb+json", "Jupyter notebook"),
        ".tex": _code("LaTeX source"),
        ".csv": _code("Table (CSV)"),
        ".json": _code("JSON"),
        ".xml": _code("XML"),
        ".yaml": _code("YAML"),
        ".yml": _code("YAML"),
        ".toml": _code("TOML"),
        ".py": _code("Python source"),
        ".java": _code("Java source"),
        ".kt": _code("Kotlin source"),
        ".scala": _code("Scala source"),
        ".c": _code("C source"),
        ".h": _code("C header"),
        ".cpp": _code("C++ source"),
        ".cc": _code("C++ source"),
        ".cxx": _code("C++ source"),
        ".hpp": _code("C++ header"),
        ".cs": _code("C# source"),
        ".js": _code("JavaScript source"),
        ".jsx": _code("JavaScript source"),
        ".mjs": _code("JavaScript source"),
        ".ts": _code("TypeScript source"),
        ".tsx": _code("TypeScript source"),
        ".css": _code("Style sheet"),
        ".rb": _code("Ruby source"),
        ".go": _code("Go source"),
        ".rs": _code("Rust source"),
        ".php": _code("PHP source"),
        ".swift": _code("Swift source"),
        ".dart": _code("Dart source"),
        ".lua": _code("Lua source"),
        ".pl": _code("Perl source"),
        ".hs": _code("Haskell source"),
        ".ml": _code("OCaml source"),
        ".clj": _code("Clojure source"),
        ".jl": _code("Julia source"),
        ".r": _code("R source"),
        ".m": _code("MATLAB source"),
        ".sql": _code("SQL"),
        ".sh": _code("Shell script"),
        ".ps1": _code("PowerShell script"),
    }
)

SUPPORTED: Mapping[str, str] = MappingProxyType({suffix: entry.label for suffix, entry in FORMATS.items()})
"""Extension with its dot → what people call it: for a form's `accept` and its help text."""

_PICTURE = "A picture can't be read as text. Please type or paste your text instead."
_HINTS: Mapping[str, str] = MappingProxyType(
    {
        ".doc": "This is the old Word format (.doc), which can't be read. Open it in Word or LibreOffice, "
        "choose “Save as”, pick .docx or PDF and upload that, or paste your text instead.",
        ".pages": "A Pages file can't be read. In Pages choose File › Export to › Word or PDF and upload that, "
        "or paste your text instead.",
        ".docm": "A Word file with macros (.docm) can't be read. Save it as .docx and upload that, "
        "or paste your text instead.",
        ".zip": "A zip archive can't be read. Upload the file that is inside it, or paste your text instead.",
        ".gdoc": "This is only a link to an online document. Download the document as .docx or PDF and upload "
        "that, or paste your text instead.",
        ".pptx": "Slides can't be read. Export them as PDF and upload that, or paste your text instead.",
        ".xlsx": "A spreadsheet can't be read. Export it as CSV or PDF and upload that, or paste your text instead.",
    }
    | dict.fromkeys((".jpg", ".jpeg", ".png", ".gif", ".heic", ".webp", ".tif", ".tiff", ".bmp"), _PICTURE)
)

_SIGNATURES: tuple[tuple[bytes, Content], ...] = (
    (b"{\\rtf", Content.RTF),
    (b"\x89PNG", Content.IMAGE),
    (b"\xff\xd8\xff", Content.IMAGE),
    (b"GIF8", Content.IMAGE),
    (b"\x7fELF", Content.PROGRAM),
    (b"MZ\x90\x00", Content.PROGRAM),
    (b"\x1f\x8b", Content.ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", Content.ARCHIVE),
    (b"Rar!\x1a\x07", Content.ARCHIVE),
)
_BY_CONTENT: Mapping[Content, str] = MappingProxyType(
    {Content.PDF: ".pdf", Content.DOCX: ".docx", Content.ODT: ".odt", Content.RTF: ".rtf"}
)
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODT_TYPE = b"application/vnd.oasis.opendocument.text"
_PDF_MAGIC_WITHIN = 1024


def recognise(data: bytes, file_name: str) -> Format:
    """The format of a file whose name and content agree.

    Raises UnsupportedType for a kind that is not read, WrongType where name and content disagree, and Encrypted for
    an Office file behind a password (which shows in its first bytes).
    """
    suffix = PurePath(file_name).suffix.lower()
    if suffix in _HINTS:
        raise UnsupportedType(_HINTS[suffix])
    found = sniff(data)
    entry = FORMATS.get(suffix)
    if entry is None:
        entry = _by_content_alone(suffix, found)
        suffix = ""
    if found is Content.OLE_ENCRYPTED and entry.kind in (Kind.DOCX, Kind.ODT):
        raise Encrypted(
            "This document is protected with a password, so it can't be read. "
            "Remove the password and upload it again, or paste your text instead."
        )
    own = next((content for content, known in _BY_CONTENT.items() if FORMATS[known].kind is entry.kind), None)
    truncated_zip = found is Content.ZIP and entry.kind in (Kind.DOCX, Kind.ODT)
    if found is not own and not truncated_zip:
        raise WrongType(_disagreement(suffix, entry, found))
    return entry


def sniff(data: bytes) -> Content | None:
    """What the bytes say the file is; None for text and for anything unknown."""
    if data.startswith(b"PK\x03\x04"):
        return _sniff_zip(data)
    if data.startswith(_OLE_MAGIC):
        encrypted = "EncryptedPackage".encode("utf-16-le") in data
        return Content.OLE_ENCRYPTED if encrypted else Content.OLE
    for magic, content in _SIGNATURES:
        if data.startswith(magic):
            return content
    if b"%PDF-" in data[:_PDF_MAGIC_WITHIN]:
        return Content.PDF
    return None


def _sniff_zip(data: bytes) -> Content:
    """Entry names stand uncompressed in a zip, so its kind shows without unpacking anything."""
    if data[30:38] == b"mimetype" and data[38 : 38 + len(_ODT_TYPE)] == _ODT_TYPE:
        return Content.ODT
    if b"[Content_Types].xml" in data:
        for folder, content in (
            (b"word/", Content.DOCX),
            (b"xl/", Content.SPREADSHEET),
            (b"ppt/", Content.SLIDES),
        ):
            if folder in data:
                return content
    if b"content.xml" in data and _ODT_TYPE in data:
        return Content.ODT
    return Content.ZIP


def _by_content_alone(suffix: str, found: Content | None) -> Format:
    if found is not None and found in _BY_CONTENT:
        return FORMATS[_BY_CONTENT[found]]
    if not suffix and found is None:
        return FORMATS[".txt"]
    raise UnsupportedType(
        "This kind of file can't be read. Upload a .docx, .pdf, .odt, .rtf, .txt or .md file, "
        "or paste your text instead."
    )


def _disagreement(suffix: str, entry: Format, found: Content | None) -> str:
    named = f"is named “{suffix}”" if suffix else "has no ending that tells its kind"
    if found is None:
        return (
            f"This file {named}, but its content is not that of a {entry.label} file. "
            "Save it again from the program that made it, or paste your text instead."
        )
    if found in _BY_CONTENT:
        advice = f"Give it the ending {_BY_CONTENT[found]} and upload it again"
    elif found is Content.OLE:
        advice = "Open it in Word or LibreOffice, save it as .docx and upload that"
    else:
        advice = "Upload the document you meant to hand in"
    return f"This file {named}, but inside it is {found.value}. {advice}, or paste your text instead."
