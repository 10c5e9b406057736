"""PDF, read with pdfium: text in reading order, what was typed into it, hidden text and margin notes apart.

The second reader, `pdf_plain`, is asked by the parent when pdfium finds the file damaged or dies of it.
"""

from __future__ import annotations

import ctypes

import pypdfium2
import pypdfium2.raw as pdfium

from grading.extraction.errors import Corrupt, Encrypted
from grading.extraction.limits import Limits
from grading.extraction.readers.pdf_checks import check_pages, check_text
from grading.extraction.readers.pdf_hidden import hidden_objects
from grading.extraction.readers.pdf_lines import HYPHEN, Line, join_lines
from grading.extraction.result import Draft

_NAMES = ("Author", "LastModifiedBy")
_TYPED = frozenset({pdfium.FPDF_ANNOT_FREETEXT, pdfium.FPDF_ANNOT_WIDGET})
_LONGEST_NOTE_BYTES = 200_000


def read(data: bytes, limits: Limits) -> Draft:
    """The text of all pages. Raises Encrypted, NoText (scanned pages), TooComplex (too many pages) or Corrupt."""
    document = _open(data)
    draft = Draft(budget=limits.characters)
    draft.page_count = len(document)
    check_pages(draft.page_count, limits)
    drawn = 0
    pages = []
    for number in range(draft.page_count):
        page = document[number]
        drawn += pdfium.FPDFPage_CountObjects(page.raw)
        pages.append(_page_text(page, draft))
    if not drawn and not any(pages):
        # Pages on which nothing at all was found may be pages whose content pdfium had no memory to unpack.
        raise _damaged()
    draft.names.extend(document.get_metadata_value(key) for key in _NAMES)
    check_text(pages, draft, limits)
    draft.text = "\n\n".join(page for page in pages if page)
    if draft.comments:
        draft.remark("comments_left_out", "The PDF has comments in its margin. They are not part of the text.")
    return draft


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as failure:
        if failure.err_code in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise Encrypted(
                "This PDF is protected with a password, so it can't be read. "
                "Save a copy without a password and upload that, or paste your text instead."
            ) from failure
        raise _damaged() from failure


def _damaged() -> Corrupt:
    return Corrupt(
        "This PDF is damaged or was cut short on its way. "
        "Save or export it again and upload the copy, or paste your text instead."
    )


def _page_text(page: pypdfium2.PdfPage, draft: Draft) -> str:
    """One page: its visible lines, then what was typed onto it or into its form fields."""
    textpage = page.get_textpage()
    hidden = hidden_objects(page.raw, draft)
    lines = _lines(textpage.raw, hidden, draft)
    typed = _annotations(page.raw, draft)
    textpage.close()
    page.close()
    return "\n\n".join(part for part in (join_lines(lines), *typed) if part)


def _lines(textpage: pdfium.FPDF_TEXTPAGE, hidden: frozenset[int], draft: Draft) -> list[Line]:
    """The page's characters as lines, each with the place where it begins; hidden ones go to the draft."""
    count = max(0, pdfium.FPDFText_CountChars(textpage))
    draft.spend(count)
    lines, unseen = [Line()], []
    for index in range(count):
        character = chr(pdfium.FPDFText_GetUnicode(textpage, index))
        if character == "\n":
            lines.append(Line())
            unseen.append("\n")
        elif hidden and _object_of(textpage, index) in hidden:
            unseen.append(character)
        else:
            if not lines[-1].characters and not character.isspace():
                lines[-1].left, lines[-1].base = _origin(textpage, index)
            lines[-1].characters.append(character)
            if character == HYPHEN:
                lines.append(Line())
    draft.hidden.extend(part.strip() for part in "".join(unseen).split("\n") if part.strip())
    return lines


def _object_of(textpage: pdfium.FPDF_TEXTPAGE, index: int) -> int | None:
    """The address of the page object that a character belongs to; None for spaces that pdfium made up."""
    return ctypes.cast(pdfium.FPDFText_GetTextObject(textpage, index), ctypes.c_void_p).value


def _origin(textpage: pdfium.FPDF_TEXTPAGE, index: int) -> tuple[float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(textpage, index, x, y)
    return x.value, y.value


def _annotations(page: pdfium.FPDF_PAGE, draft: Draft) -> list[str]:
    """Text typed onto the page and into form fields, which is part of the work; margin notes go to the draft."""
    typed = []
    for index in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, index)
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        text = _string(annotation, b"V" if kind == pdfium.FPDF_ANNOT_WIDGET else b"Contents")
        draft.spend(len(text))
        if text and kind in _TYPED:
            typed.append(text)
        elif text:
            draft.comments.append(text)
        if kind != pdfium.FPDF_ANNOT_WIDGET:
            draft.names.append(_string(annotation, b"T"))
        pdfium.FPDFPage_CloseAnnot(annotation)
    return typed


def _string(annotation: pdfium.FPDF_ANNOTATION, key: bytes) -> str:
    """A string of an annotation; empty if it has none of that name."""
    length = pdfium.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if not 2 < length <= _LONGEST_NOTE_BYTES:
        return ""
    buffer = ctypes.create_string_buffer(length)
    pointer = ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR))
    pdfium.FPDFAnnot_GetStringValue(annotation, key, pointer, length)
    return buffer.raw[: length - 2].decode("utf-16-le", "replace").strip()
