"""What both PDF readers hold a document against: not too many pages, and text on them."""

from __future__ import annotations

from grading.extraction.errors import NoText, TooComplex
from grading.extraction.limits import Limits
from grading.extraction.result import Draft


def check_pages(count: int, limits: Limits) -> None:
    """Raises TooComplex for more pages than one submission may have."""
    if count > limits.pages:
        raise TooComplex(
            f"This PDF has {count:,} pages; at most {limits.pages:,} can be read. "
            "Upload only the pages that are asked for, or paste your text instead."
        )


def check_text(pages: list[str], draft: Draft, limits: Limits) -> None:
    """Raises NoText when the pages hold next to no text: pictures of pages, most likely.

    Single pages without any text are only noted.
    """
    letters = sum(len(page) for page in pages) + sum(map(len, draft.hidden))
    if letters < limits.characters_per_page * max(1, len(pages)):
        raise NoText(
            "This PDF holds pictures of pages (a scan or photos) or next to no text, so it can't be read. "
            "Export it as PDF from the program you wrote it in, or type or paste your text instead."
        )
    blank = sum(1 for page in pages if not page)
    if blank:
        draft.remark(
            "pages_without_text",
            f"{blank} of {len(pages)} pages hold no text that can be read (perhaps pictures).",
        )
