"""One story of a Word document (body, header, footer, a note) told as paragraphs."""

from __future__ import annotations

from collections.abc import Iterator

from grading.extraction.readers.docx_looks import Look, Looks, look_of
from grading.extraction.readers.paragraphs import Paragraphs
from grading.extraction.readers.safe_xml import Element, all_text, attribute, child, descendants, local
from grading.extraction.result import Draft

# Deleted and moved-away text, field codes, properties, the second copy of a drawing, and ruby's reading aid.
_SKIPPED = frozenset(
    {
        "del", "moveFrom", "delText", "instrText", "delInstrText", "pPr", "rPr", "tblPr", "tblGrid", "trPr", "tcPr",
        "sectPr", "sdtPr", "sdtEndPr", "Fallback", "rt", "rubyPr", "smartTagPr", "customXmlPr", "ffData",
    }
)  # fmt: skip
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_SHAPES = frozenset({"wsp", "shape", "rect", "roundrect", "oval"})
_SEPARATORS = frozenset({"separator", "continuationSeparator", "continuationNotice"})


class Notes:
    """Foot- and endnotes, numbered together in the order in which they are cited."""

    def __init__(self, parts: dict[str, list[Element]]) -> None:
        self._notes = {
            (kind, attribute(note, "id") or ""): note
            for kind, roots in parts.items()
            for root in roots
            for note in descendants(root, kind)
            if attribute(note, "type") not in _SEPARATORS
        }
        self._cited: dict[tuple[str, str], int] = {}

    def cite(self, reference: Element) -> str:
        """The mark to put in the text for a reference; empty if the note does not exist."""
        key = (local(reference).removesuffix("Reference"), attribute(reference, "id") or "")
        if key not in self._notes:
            return ""
        return f"[note {self._cited.setdefault(key, len(self._cited) + 1)}]"

    def cited(self) -> list[tuple[int, Element]]:
        """The notes that were cited, by number."""
        return [(number, self._notes[key]) for key, number in self._cited.items()]


class Story:
    """Reads one element with block content. Text boxes follow the paragraph they are anchored in."""

    def __init__(self, draft: Draft, looks: Looks, notes: Notes, ground: bool | None = None) -> None:
        self._draft = draft
        self._looks = looks
        self._notes = notes
        self._ground = ground
        self._out = Paragraphs(draft)
        self._boxes: list[Element] = []

    def read(self, element: Element) -> str:
        """All its blocks as text."""
        return "\n\n".join(self._blocks_of(element))

    def _blocks_of(self, element: Element) -> list[str]:
        for block in element:
            self._block(block)
        return self._out.blocks

    def _block(self, element: Element) -> None:
        name = local(element)
        if name == "p":
            self._paragraph(element)
        elif name == "tbl":
            self._out.add_table([self._row(row) for row in _of_table(element, "tr")])
        elif name not in _SKIPPED:
            for inner in _chosen(element):
                self._block(inner)

    def _paragraph(self, element: Element) -> None:
        properties = child(element, "pPr")
        look = look_of(properties).over(self._looks.style(properties, "pStyle"))
        self._inline(element, look.over(Look(ground=self._ground)))
        self._out.end()
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            inner = Story(self._draft, self._looks, self._notes, self._ground or _has_fill(box))
            self._out.blocks.extend(inner._blocks_of(box))

    def _inline(self, element: Element, look: Look) -> None:
        for inner in _chosen(element):
            name = local(inner)
            if name in _SKIPPED:
                continue
            if name == "r":
                properties = child(inner, "rPr")
                own = look_of(properties).over(self._looks.style(properties, "rStyle"))
                self._inline(inner, own.over(look))
            elif name == "t":
                self._out.add(inner.text or "", hidden=look.hidden)
            elif name in _CHARACTERS:
                self._out.add(_CHARACTERS[name], hidden=look.hidden)
            elif name in ("footnoteReference", "endnoteReference"):
                self._out.add(self._notes.cite(inner))
            elif name == "txbxContent":
                self._boxes.append(inner)
            elif name in ("oMathPara", "oMath"):
                self._out.add("".join(all_text(text) for text in descendants(inner, "t")))
            else:
                self._inline(inner, look)

    def _row(self, row: Element) -> list[list[str]]:
        """A row's cells, each a list of paragraphs."""
        cells = []
        for cell in _of_table(row, "tc"):
            ground = look_of(child(cell, "tcPr")).ground
            inner = Story(self._draft, self._looks, self._notes, self._ground if ground is None else ground)
            cells.append(inner._blocks_of(cell))
        return cells


def _of_table(element: Element, name: str) -> Iterator[Element]:
    """Rows of a table or cells of a row, also those wrapped in content controls or insertions; none of inner tables."""
    for inner in _chosen(element):
        if local(inner) == name:
            yield inner
        elif local(inner) not in _SKIPPED and local(inner) not in ("tbl", "p", "tc"):
            yield from _of_table(inner, name)


def _chosen(element: Element) -> Iterator[Element]:
    """Children to read; of alternatives for the same content only the first that is meant for us."""
    choices = [inner for inner in element if local(inner) == "Choice"]
    if local(element) == "AlternateContent":
        yield from choices[:1] or [each for inner in element if local(inner) == "Fallback" for each in inner]
    else:
        yield from element


def _has_fill(box: Element) -> bool:
    """Whether the shape around a text box is painted, so that white text in it can be seen."""
    shape = next((each for each in box.iterancestors() if local(each) in _SHAPES), None)
    if shape is None:
        return False
    colour = attribute(shape, "fillcolor")
    if colour is not None:
        return colour.lower().split(" ")[0] not in ("white", "#fff", "#ffffff")
    properties = child(shape, "spPr")
    solid = child(properties, "solidFill")
    if solid is not None:
        return any(attribute(each, "val") not in ("FFFFFF", "bg1") for each in solid)
    return any(child(properties, name) is not None for name in ("gradFill", "pattFill", "blipFill"))
