"""PDF, read with pypdf: slower and plainer than pdfium, but forgiving of damage and strict about bombs.

It can't tell hidden text from visible text, and says so.
"""

from __future__ import annotations

import io
import logging

import pypdf
from pypdf.errors import LimitReachedError, PyPdfError

from grading.extraction.errors import Corrupt, Encrypted, TooComplex
from grading.extraction.limits import Limits
from grading.extraction.readers.pdf_checks import check_pages, check_text
from grading.extraction.result import Draft

logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(data: bytes, limits: Limits) -> Draft:
    """The text of all pages. Raises Encrypted, NoText, TooComplex or Corrupt."""
    draft = Draft(budget=limits.characters)
    try:
        document = pypdf.PdfReader(io.BytesIO(data), strict=False)
        if document.is_encrypted:
            raise Encrypted(
                "This PDF is protected with a password, so it can't be read. "
                "Save a copy without a password and upload that, or paste your text instead."
            )
        draft.page_count = len(document.pages)
        check_pages(draft.page_count, limits)
        pages = []
        for page in document.pages:
            text = page.extract_text().strip()
            if not text and (contents := page.get_contents()) is not None:
                # A page may seem empty because its content is a bomb: unpacking it tells.
                contents.get_data()
            draft.spend(len(text))
            pages.append(text)
        author = document.metadata.author if document.metadata is not None else None
    except LimitReachedError as bomb:
        raise TooComplex(
            "This PDF unpacks to far more than one file may hold. "
            "Save a simpler copy (without pictures), or paste your text instead."
        ) from bomb
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError) as broken:
        raise Corrupt(
            "This PDF is damaged or was cut short on its way. "
            "Save or export it again and upload the copy, or paste your text instead."
        ) from broken
    draft.names.append(str(author or ""))
    check_text(pages, draft, limits)
    draft.text = "\n\n".join(page for page in pages if page)
    draft.remark(
        "pdf_repaired",
        "The PDF is not quite sound and was read in a simpler way: check that nothing is missing.",
    )
    return draft
