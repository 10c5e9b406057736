"""OpenDocument texts (odt): headers, body with notes and text boxes, footers.

Source: OASIS OpenDocument 1.3, part 3. Deleted text of tracked changes lives in a section of its own and is left
out; annotations and hidden text are kept apart.
"""

from __future__ import annotations

from grading.extraction.errors import Corrupt, Encrypted
from grading.extraction.limits import Limits
from grading.extraction.readers.archive import Archive
from grading.extraction.readers.odt_looks import HiddenStyles
from grading.extraction.readers.paragraphs import Paragraphs
from grading.extraction.readers.safe_xml import Element, all_text, attribute, child, descendants, local, parse
from grading.extraction.result import Draft

_SKIPPED = frozenset(
    {"tracked-changes", "ruby-text", "forms", "sequence-decls", "variable-decls", "user-field-decls", "note-citation",
     "annotation-end", "title", "desc", "event-listeners"}
)  # fmt: skip
_NAMES = ("initial-creator", "creator", "printed-by")
_MOST_SPACES = 100


def read(data: bytes, limits: Limits) -> Draft:
    """The text of the document. Raises Corrupt, Encrypted or TooComplex."""
    archive = Archive(data, limits)
    _refuse_encrypted(archive)
    draft = Draft(budget=limits.characters)
    content = archive.read("content.xml")
    root = None if content is None else parse(content)
    body = child(child(root, "body"), "text")
    if root is None or body is None:
        raise Corrupt(
            "This file is packed like an OpenDocument text but has no text in it. "
            "Open it in LibreOffice, save it again and upload that, or paste your text instead."
        )
    styles_part = archive.read("styles.xml")
    styles = None if styles_part is None else parse(styles_part)
    story = _Story(draft, HiddenStyles([part for part in (styles, root) if part is not None]))
    headers, footers = (story.margins(styles, name) for name in ("header", "footer"))
    middle = story.read(body)
    draft.text = "\n\n".join([*headers, middle, *story.notes, *footers])
    _gather_names(draft, archive, root)
    if draft.comments:
        draft.remark("comments_left_out", "The document has comments in its margin. They are not part of the text.")
    if next(descendants(root, "tracked-changes"), None) is not None:
        draft.remark(
            "tracked_changes",
            "The document has tracked changes: what was inserted is read, what was deleted is not.",
        )
    return draft


def _refuse_encrypted(archive: Archive) -> None:
    manifest = archive.read("META-INF/manifest.xml")
    if manifest is not None and b"encryption-data" in manifest:
        raise Encrypted(
            "This document is protected with a password, so it can't be read. "
            "Remove the password and upload it again, or paste your text instead."
        )


def _gather_names(draft: Draft, archive: Archive, root: Element) -> None:
    """Who wrote, changed and commented: for the anonymizer only."""
    meta = archive.read("meta.xml")
    for part in (None if meta is None else parse(meta), root):
        if part is not None:
            draft.names.extend(all_text(each) for each in descendants(part, *_NAMES))
    draft.names[:] = dict.fromkeys(draft.names)


class _Story:
    """Reads block content; notes are numbered and collected over all of it."""

    def __init__(self, draft: Draft, styles: HiddenStyles) -> None:
        self._draft = draft
        self._styles = styles
        self._cited = 0
        self._painted = False
        self.notes: list[str] = []

    def read(self, element: Element, *, hidden: bool = False) -> str:
        """All blocks of an element as text."""
        return "\n\n".join(self._blocks_of(element, hidden))

    def margins(self, styles: Element | None, name: str) -> list[str]:
        """The texts of all headers or footers, each once."""
        if styles is None:
            return []
        texts = [self.read(each) for each in descendants(styles, name, f"{name}-left", f"{name}-first")]
        return list(dict.fromkeys(text for text in texts if text))

    def _blocks_of(self, element: Element, hidden: bool) -> list[str]:
        out = Paragraphs(self._draft)
        for block in element:
            self._block(block, out, hidden)
        return out.blocks

    def _painted_blocks(self, element: Element, ground: Element | None, hidden: bool) -> list[str]:
        """Blocks of a cell or a text box, which may bring its own ground."""
        outer = self._painted
        self._painted = outer or (ground is not None and self._styles.paints(ground))
        blocks = self._blocks_of(element, hidden)
        self._painted = outer
        return blocks

    def _block(self, element: Element, out: Paragraphs, hidden: bool) -> None:
        name = local(element)
        hidden = hidden or self._styles.hides(element, painted=self._painted)
        if name in ("p", "h"):
            boxes: list[Element] = []
            self._inline(element, out, hidden, boxes)
            out.end()
            for box in boxes:
                out.blocks.extend(self._painted_blocks(box, box.getparent(), hidden))
        elif name == "table":
            rows = [
                [self._painted_blocks(cell, cell, hidden) for cell in row if local(cell) == "table-cell"]
                for row in _rows(element)
            ]
            out.add_table(rows)
        elif name not in _SKIPPED and name != "annotation":
            for inner in element:
                self._block(inner, out, hidden)

    def _inline(self, element: Element, out: Paragraphs, hidden: bool, boxes: list[Element]) -> None:
        """Character data of a paragraph: the element's own text, its children, and the text between them."""
        out.add(_collapsed(element.text), hidden=hidden)
        for inner in element:
            name = local(inner)
            if name == "s":
                out.add(" " * _count(inner), hidden=hidden)
            elif name == "tab":
                out.add("\t", hidden=hidden)
            elif name == "line-break":
                out.add("\n", hidden=hidden)
            elif name == "note":
                out.add(self._note(inner), hidden=hidden)
            elif name == "annotation":
                self._comment(inner)
            elif name == "text-box":
                boxes.append(inner)
            elif name not in _SKIPPED:
                self._inline(inner, out, hidden or self._styles.hides(inner, painted=self._painted), boxes)
            out.add(_collapsed(inner.tail), hidden=hidden)

    def _note(self, element: Element) -> str:
        body = child(element, "note-body")
        if body is None:
            return ""
        self._cited += 1
        number = self._cited
        self.notes.append(f"[note {number}] {self.read(body)}")
        return f"[note {number}]"

    def _comment(self, element: Element) -> None:
        text = "\n".join(all_text(line) for line in descendants(element, "p"))
        self._draft.spend(len(text))
        self._draft.comments.append(text)


def _rows(table: Element) -> list[Element]:
    """The table's own rows, also those grouped as header or body rows."""
    rows: list[Element] = []
    for inner in table:
        if local(inner) == "table-row":
            rows.append(inner)
        elif local(inner) in ("table-header-rows", "table-rows", "table-row-group"):
            rows.extend(_rows(inner))
    return rows


def _count(spaces: Element) -> int:
    """How many spaces are meant; a file that asks for millions gets a sensible number."""
    asked = attribute(spaces, "c") or "1"
    return min(int(asked), _MOST_SPACES) if asked.isdigit() else 1


def _collapsed(text: str | None) -> str:
    """White space between letters counts once (OpenDocument part 3, 6.1.2)."""
    if not text:
        return ""
    words = " ".join(text.split())
    before = " " if text[0].isspace() else ""
    after = " " if text[-1].isspace() and words else ""
    return f"{before}{words}{after}"
