"""Lines of a PDF page back to paragraphs, by the space between them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

_GAP = 1.3
"""A distance of this many usual line distances begins a paragraph."""
_FAR_POINTS = 40.0
"""A distance that begins a paragraph whatever is usual: more than two lines of ordinary type."""
_INDENT_POINTS = 8.0
_ALIGNED_POINTS = 3.0
HYPHEN = "\x02"
"""What pdfium puts in place of a hyphen that breaks a word at a line's end."""
_BROKEN_WORD = re.compile(f"{HYPHEN}(\\S*) ?")


@dataclass
class Line:
    """A line's characters, and where it begins: points from the left and from the foot of the page."""

    characters: list[str] = field(default_factory=list)
    left: float = 0.0
    base: float = 0.0

    @property
    def text(self) -> str:
        """The characters, trimmed."""
        return "".join(self.characters).strip()


def join_lines(lines: list[Line]) -> str:
    """The lines as text: a line end between lines, a blank line between paragraphs, broken words mended."""
    lines = [line for line in lines if line.text]
    if not lines:
        return ""
    steps = [above.base - below.base for above, below in pairwise(lines)]
    downward = [step for step in steps if step > 0]
    usual = median(downward) if downward else 0.0
    margin = median(line.left for line in lines)
    parts = [lines[0].text]
    for (above, below), step in zip(pairwise(lines), steps, strict=True):
        indented = below.left - margin > _INDENT_POINTS and abs(above.left - margin) < _ALIGNED_POINTS
        if not above.text.endswith(HYPHEN):
            apart = step > min(usual * _GAP, _FAR_POINTS)
            parts.append("\n\n" if apart or indented else "\n")
        parts.append(below.text)
    return _BROKEN_WORD.sub(_mend, "".join(parts)).strip()


def _mend(match: re.Match[str]) -> str:
    """The second half of a broken word goes up to the first; a compound keeps its hyphen."""
    half = match.group(1)
    hyphen = "" if half[:1].islower() else "-"
    return f"{hyphen}{half}\n"
