"""Which text objects of a PDF page can't be seen: drawn invisibly, white on white, or too small to read.

Scans that were read by a machine carry their text invisibly under a picture of the page; where *all* the text of a
page is invisible and a picture is there, it is that, and counts as the page's text.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field

import pypdfium2.raw as pdfium

from grading.extraction.result import Draft

_SMALLEST_POINTS = 2.0
_WHITE = 250
_MOST_NESTED = 8
_INVISIBLE_MODES = frozenset({pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP})
_FILLED_MODES = frozenset({pdfium.FPDF_TEXTRENDERMODE_FILL, pdfium.FPDF_TEXTRENDERMODE_FILL_CLIP})

Matrix = tuple[float, float, float, float, float, float]
Box = tuple[float, float, float, float]
_UNCHANGED: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass
class _Found:
    """What stands on a page: text objects by the way they can't be seen, and what is painted under them."""

    visible: int = 0
    invisible: set[int] = field(default_factory=set)
    other_hidden: set[int] = field(default_factory=set)
    white: list[tuple[int, Box]] = field(default_factory=list)
    ground: list[Box] = field(default_factory=list)
    pictures: int = 0


def hidden_objects(page: pdfium.FPDF_PAGE, draft: Draft) -> frozenset[int]:
    """The addresses of the page's hidden text objects."""
    found = _Found()
    for item, matrix in _objects(page):
        _sort(item, matrix, found)
    hidden = set(found.other_hidden)
    for address, box in found.white:
        if any(_covers(ground, box) for ground in found.ground):
            found.visible += 1
        else:
            hidden.add(address)
    if found.invisible and not found.visible and found.pictures:
        draft.remark(
            "text_layer",
            "Some pages are pictures whose text was recognized by a machine: check what was read for mistakes.",
        )
        return frozenset(hidden)
    return frozenset(hidden | found.invisible)


def _sort(item: pdfium.FPDF_PAGEOBJECT, matrix: Matrix, found: _Found) -> None:
    kind = pdfium.FPDFPageObj_GetType(item)
    if kind == pdfium.FPDF_PAGEOBJ_TEXT:
        _sort_text(item, matrix, found)
    elif kind == pdfium.FPDF_PAGEOBJ_IMAGE:
        found.pictures += 1
        found.ground.append(_box(item, matrix))
    elif kind == pdfium.FPDF_PAGEOBJ_SHADING or (kind == pdfium.FPDF_PAGEOBJ_PATH and _paints(item)):
        found.ground.append(_box(item, matrix))


def _sort_text(item: pdfium.FPDF_PAGEOBJECT, matrix: Matrix, found: _Found) -> None:
    address = _address(item)
    mode = pdfium.FPDFTextObj_GetTextRenderMode(item)
    red, green, blue, opacity = _fill_colour(item)
    if mode in _INVISIBLE_MODES:
        found.invisible.add(address)
    elif _points(item, matrix) < _SMALLEST_POINTS or (mode in _FILLED_MODES and opacity == 0):
        found.other_hidden.add(address)
    elif mode in _FILLED_MODES and min(red, green, blue) >= _WHITE:
        found.white.append((address, _box(item, matrix)))
    else:
        found.visible += 1


def _objects(page: pdfium.FPDF_PAGE) -> Iterator[tuple[pdfium.FPDF_PAGEOBJECT, Matrix]]:
    """All objects, also those inside forms, each with the matrix from its own space to the page's."""
    for index in range(pdfium.FPDFPage_CountObjects(page)):
        yield from _opened(pdfium.FPDFPage_GetObject(page, index), _UNCHANGED, 0)


def _opened(
    item: pdfium.FPDF_PAGEOBJECT, matrix: Matrix, depth: int
) -> Iterator[tuple[pdfium.FPDF_PAGEOBJECT, Matrix]]:
    if pdfium.FPDFPageObj_GetType(item) != pdfium.FPDF_PAGEOBJ_FORM:
        yield item, matrix
    elif depth < _MOST_NESTED:
        inner = _times(_matrix(item), matrix)
        for index in range(pdfium.FPDFFormObj_CountObjects(item)):
            yield from _opened(pdfium.FPDFFormObj_GetObject(item, index), inner, depth + 1)


def _address(item: pdfium.FPDF_PAGEOBJECT) -> int:
    return ctypes.cast(item, ctypes.c_void_p).value or 0


def _points(item: pdfium.FPDF_PAGEOBJECT, matrix: Matrix) -> float:
    """The size in which the text stands on the page: its font's, scaled by every matrix on the way."""
    size = ctypes.c_float()
    pdfium.FPDFTextObj_GetFontSize(item, size)
    a, b, c, d, _, _ = _times(_matrix(item), matrix)
    return abs(size.value) * float(abs(a * d - b * c) ** 0.5)


def _fill_colour(item: pdfium.FPDF_PAGEOBJECT) -> tuple[int, int, int, int]:
    """Red, green, blue and opacity, each 0–255; black where the file says nothing."""
    parts = [ctypes.c_uint(0), ctypes.c_uint(0), ctypes.c_uint(0), ctypes.c_uint(255)]
    pdfium.FPDFPageObj_GetFillColor(item, *parts)
    red, green, blue, opacity = (part.value for part in parts)
    return red, green, blue, opacity


def _paints(path: pdfium.FPDF_PAGEOBJECT) -> bool:
    """Whether a path is filled with something that white letters would show on."""
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(path, mode, stroke)
    red, green, blue, opacity = _fill_colour(path)
    return mode.value != pdfium.FPDF_FILLMODE_NONE and opacity > 0 and min(red, green, blue) < _WHITE


def _matrix(item: pdfium.FPDF_PAGEOBJECT) -> Matrix:
    matrix = pdfium.FS_MATRIX()
    if not pdfium.FPDFPageObj_GetMatrix(item, matrix):
        return _UNCHANGED
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _times(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u


def _box(item: pdfium.FPDF_PAGEOBJECT, matrix: Matrix) -> Box:
    """Left, bottom, right and top on the page."""
    edges = [ctypes.c_float() for _ in range(4)]
    pdfium.FPDFPageObj_GetBounds(item, *edges)
    left, bottom, right, top = (edge.value for edge in edges)
    corners = [_times((1, 0, 0, 1, x, y), matrix)[4:] for x in (left, right) for y in (bottom, top)]
    across, upward = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(upward), max(across), max(upward)


def _covers(ground: Box, box: Box) -> bool:
    """Whether the middle of a box lies on the ground."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return ground[0] <= x <= ground[2] and ground[1] <= y <= ground[3]
