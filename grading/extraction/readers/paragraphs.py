"""Where the readers of word-processor and web documents put what they find, piece by piece.

Paragraphs are parted by a blank line; rows of a table and lines within a paragraph by a line end; the cells of a
row by a bar. Hidden pieces are kept apart, joined while they follow one another.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from grading.extraction.result import Draft

CELLS = " | "


@dataclass
class Paragraphs:
    """Gathers the visible blocks of one story (a body, a cell, a note), with its hidden pieces in the draft."""

    draft: Draft
    blocks: list[str] = field(default_factory=list)
    _current: list[str] = field(default_factory=list)
    _hidden: list[str] = field(default_factory=list)

    def add(self, piece: str, *, hidden: bool = False) -> None:
        """Add text to the current paragraph. Raises TooComplex when the document's budget is used up."""
        if not piece:
            return
        self.draft.spend(len(piece))
        if hidden:
            self._hidden.append(piece)
            return
        if piece.strip():
            self._flush_hidden()
        self._current.append(piece)

    def end(self) -> None:
        """End the current paragraph; an empty one leaves no trace."""
        self._flush_hidden()
        block = "".join(self._current).strip()
        self._current.clear()
        if block:
            self.blocks.append(block)

    def add_block(self, block: str) -> None:
        """Add a whole paragraph whose characters were counted before."""
        if block.strip():
            self.blocks.append(block.strip())

    def add_table(self, rows: list[list[list[str]]]) -> None:
        """Add a table, given as rows of cells of paragraphs.

        A table of data becomes one line a row. One that is there for layout (a single column, or a cell of several
        paragraphs) is read cell by cell, as its paragraphs.
        """
        lines: list[str] = []
        for row in rows:
            if len(row) == 1 or any(len(cell) > 1 for cell in row):
                self.add_block("\n".join(lines))
                lines = []
                for cell in row:
                    self.blocks.extend(cell)
            elif any(row):
                lines.append(CELLS.join("".join(cell).replace("\n", " ") for cell in row))
        self.add_block("\n".join(lines))

    def text(self) -> str:
        """All blocks so far."""
        self.end()
        return "\n\n".join(self.blocks)

    def _flush_hidden(self) -> None:
        hidden = "".join(self._hidden).strip()
        self._hidden.clear()
        if hidden:
            self.draft.hidden.append(hidden)
