"""Web pages, read with the standard library's parser: what a browser would show, as paragraphs."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

from grading.extraction.errors import TooComplex
from grading.extraction.limits import Limits
from grading.extraction.readers.encoding import decode
from grading.extraction.readers.paragraphs import CELLS, Paragraphs
from grading.extraction.result import Draft

_DROPPED = frozenset({
    "script", "style", "template", "noscript", "head", "iframe", "object", "svg", "math", "audio", "video",
    "canvas", "select", "datalist",
})  # fmt: skip
_PARAGRAPHS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "details", "div", "dl", "fieldset",
    "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html",
    "main", "nav", "ol", "p", "pre", "section", "summary", "table", "ul",
})  # fmt: skip
_LINES = frozenset({"li", "dt", "dd", "tr"})
_CELLS = frozenset({"td", "th"})
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
})  # fmt: skip
_CLOSES_ITSELF = frozenset({"p", "li", "dt", "dd", "tr", "td", "th", "option"})
_DEEPEST = 1_000
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)
_ANY_SPACE = re.compile(r"\s+")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_INVISIBLE_STYLE = re.compile(
    r"display:none|visibility:hidden|opacity:0(?:\.0+)?(?:;|$)|font-size:(?:0(?:\.\d+)?|1(?:\.0+)?)(?:px|pt)?(?:;|!|$)"
)
_WHITE = re.compile(r"(?:^|;)color:(?:white|#fff|#ffffff|rgba?\(255,255,255(?:,1)?\))(?:;|!|$)")


def read(data: bytes, limits: Limits) -> Draft:
    """The visible text; hidden elements apart, scripts and styles dropped."""
    draft = Draft(budget=limits.characters)
    declared = _DECLARED.search(data[:4096])
    source = decode(data, draft, declared=declared.group(1).decode("ascii") if declared else None)
    page = _Page(draft)
    page.feed(source)
    page.close()
    draft.text = page.text()
    return draft


class _Page(HTMLParser):
    """Follows the open elements and knows whether what is inside is dropped, hidden or preformatted."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(convert_charrefs=True)
        self._draft = draft
        self._out = Paragraphs(draft)
        self._open: list[tuple[str, bool]] = []
        self._names: Counter[str] = Counter()
        self._dropped = 0
        self._hidden = 0
        self._line_start = True
        self._after_space = False
        self._cells_in_row = 0

    def text(self) -> str:
        """Everything that was read."""
        return self._out.text()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "meta" and (attributes.get("name") or "").lower() == "author":
            self._draft.names.append(attributes.get("content") or "")
        self._close_implied(tag)
        self._part(tag)
        if tag == "br":
            self._put("\n")
        if tag not in _VOID:
            self._push(tag, hidden=_is_hidden(attributes))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # In HTML a slash closes nothing: `<div/>` is still open.
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._names[tag]:
            self._pop(tag)
        if tag not in _CELLS:
            self._part(tag)

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        if self._names["pre"] or self._names["textarea"]:
            self._put(data)
            return
        text = _SPACES.sub(" ", data)
        if self._line_start or self._after_space:
            text = text.removeprefix(" ")
        self._put(text)

    def _put(self, text: str) -> None:
        if not text or self._dropped:
            return
        self._out.add(text, hidden=self._hidden > 0)
        if not self._hidden:
            self._line_start = text.endswith("\n")
            self._after_space = text.endswith(" ")

    def _part(self, tag: str) -> None:
        """Begin a new paragraph, line or cell, as the element asks. Inside items and cells only lines begin."""
        if tag in _CELLS:
            if self._cells_in_row:
                self._put(CELLS)
            self._cells_in_row += 1
        elif tag in _LINES or (tag in _PARAGRAPHS and self._inside_line()):
            if not self._line_start and not (self._cells_in_row and tag != "tr"):
                self._put("\n")
            if tag == "tr":
                self._cells_in_row = 0
        elif tag in _PARAGRAPHS:
            self._out.end()
            self._line_start, self._after_space, self._cells_in_row = True, False, 0

    def _inside_line(self) -> bool:
        return any(self._names[name] for name in ("li", "dd", "td", "th"))

    def _close_implied(self, tag: str) -> None:
        """A new item, row, cell or block ends an open one of its kind, as browsers do."""
        if tag in _PARAGRAPHS and self._names["head"]:
            self._pop("head")
        if not self._open:
            return
        innermost = self._open[-1][0]
        if (innermost == tag and tag in _CLOSES_ITSELF) or (innermost == "p" and tag in _PARAGRAPHS):
            self._pop(innermost)

    def _push(self, tag: str, *, hidden: bool) -> None:
        if len(self._open) >= _DEEPEST:
            raise TooComplex(
                "This web page nests its parts deeper than any real page does, so it was not read. "
                "Please paste your text instead."
            )
        self._open.append((tag, hidden))
        self._names[tag] += 1
        self._dropped += tag in _DROPPED
        self._hidden += hidden

    def _pop(self, tag: str) -> None:
        """Close the innermost element of that name and all that is still open inside it."""
        while self._open:
            name, hidden = self._open.pop()
            self._names[name] -= 1
            self._dropped -= name in _DROPPED
            self._hidden -= hidden
            if name == tag:
                return


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    """Whether a browser would show nothing, or nothing that can be seen on white."""
    if "hidden" in attributes:
        return True
    style = _ANY_SPACE.sub("", (attributes.get("style") or "").lower())
    return bool(_INVISIBLE_STYLE.search(style)) or (bool(_WHITE.search(style)) and "background" not in style)
