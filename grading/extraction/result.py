"""What comes out of a file: the text to be graded, and beside it what must not be graded unseen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from grading.extraction.errors import TooComplex


class Kind(StrEnum):
    """The families of files that are read, one reader each (text and Markdown and code share one)."""

    TEXT = "text"
    MARKDOWN = "markdown"
    DOCX = "docx"
    ODT = "odt"
    PDF = "pdf"
    RTF = "rtf"
    HTML = "html"
    NOTEBOOK = "notebook"
    CODE = "code"


@dataclass(frozen=True)
class Remark:
    """Something a person should know about a file that was read, with a stable code."""

    code: str
    message: str


@dataclass(frozen=True)
class Extracted:
    """The text of one file and what was found beside it.

    `text` is NFC, with `\\n` line ends, no control or invisible characters, and paragraphs apart. `document_names`
    are the authors and editors named in the file's properties, revisions and comments: only for the anonymizer,
    never to be shown or kept. `hidden_text` and `comments` are not part of `text`.
    """

    text: str
    media_type: str
    kind: Kind
    page_count: int | None
    word_count: int
    warnings: tuple[Remark, ...] = ()
    document_names: tuple[str, ...] = ()
    hidden_text: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


@dataclass
class Draft:
    """What a reader gathers before it is cleaned; `spend` keeps it inside its budget of characters."""

    budget: int
    text: str = ""
    page_count: int | None = None
    warnings: list[Remark] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def spend(self, characters: int) -> None:
        """Take characters from the budget. Raises TooComplex when it is used up."""
        self.budget -= characters
        if self.budget < 0:
            raise TooComplex(
                "This file holds more text than one submission may have. "
                "Hand in only the part that is asked for, or paste your text instead."
            )

    def remark(self, code: str, message: str) -> None:
        """Note something about the file, once for each code."""
        if all(known.code != code for known in self.warnings):
            self.warnings.append(Remark(code, message))
