"""Jupyter notebooks (nbformat 3 and 4): cells in order, with what they printed.

Code and output stand in fences, so that a reader can tell them from prose. Pictures and other rich output are left
out. Source: the nbformat description of notebook files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from grading.extraction.errors import Corrupt
from grading.extraction.limits import Limits
from grading.extraction.readers.encoding import decode
from grading.extraction.result import Draft

_TERMINAL_COLOURS = re.compile("\x1b\\[[0-9;]*[A-Za-z]")


def read(data: bytes, limits: Limits) -> Draft:
    """Cells and text outputs. Raises Corrupt when the JSON is broken or is not a notebook."""
    draft = Draft(budget=limits.characters)
    try:
        notebook = json.loads(decode(data, draft))
    except ValueError as broken:
        raise _not_a_notebook() from broken
    blocks: list[str] = []
    language = _language(notebook)
    for cell in _cells(notebook):
        for block in _cell_blocks(cell, language):
            draft.spend(len(block))
            blocks.append(block)
    draft.text = "\n\n".join(blocks)
    draft.names.extend(_authors(notebook))
    return draft


def _cells(notebook: object) -> list[dict[str, Any]]:
    """The cells of format 4, or of all worksheets of format 3."""
    if not isinstance(notebook, dict):
        raise _not_a_notebook()
    sheets = notebook.get("worksheets")
    holders = sheets if isinstance(sheets, list) else [notebook]
    cells: list[dict[str, Any]] = []
    for holder in holders:
        found = holder.get("cells") if isinstance(holder, dict) else None
        if not isinstance(found, list):
            raise _not_a_notebook()
        cells.extend(cell for cell in found if isinstance(cell, dict))
    return cells


def _cell_blocks(cell: dict[str, Any], language: str) -> Iterator[str]:
    source = _joined(cell.get("source", cell.get("input"))).strip("\n")
    if cell.get("cell_type") != "code":
        if source.strip():
            yield source
        return
    if source.strip():
        yield f"```{language}\n{source}\n```"
    outputs = cell.get("outputs")
    printed = "".join(_output(each) for each in outputs) if isinstance(outputs, list) else ""
    if printed.strip():
        yield "```output\n" + printed.strip("\n") + "\n```"


def _output(output: object) -> str:
    """What one output shows as text, ending in a line end."""
    if not isinstance(output, dict):
        return ""
    data = output.get("data")
    if output.get("output_type") in ("error", "pyerr"):
        shown = "\n".join(_lines(output.get("traceback"))) or f"{output.get('ename')}: {output.get('evalue')}"
    elif isinstance(data, dict):
        shown = _joined(data.get("text/plain"))
    else:
        shown = _joined(output.get("text"))
    shown = _TERMINAL_COLOURS.sub("", shown)
    return shown if not shown or shown.endswith("\n") else shown + "\n"


def _joined(value: object) -> str:
    """A multi-line string as the format writes it: a string, or a list of lines with their ends."""
    return "".join(_lines(value))


def _lines(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [line for line in value if isinstance(line, str)] if isinstance(value, list) else []


def _language(notebook: object) -> str:
    """The language's name for the fences, if it is a plain word."""
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    for key in ("language_info", "kernelspec"):
        info = metadata.get(key) if isinstance(metadata, dict) else None
        name = (
            (info.get("name") if key == "language_info" else info.get("language")) if isinstance(info, dict) else None
        )
        if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9+#]{1,20}", name):
            return name.lower()
    return ""


def _authors(notebook: object) -> list[str]:
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    authors = metadata.get("authors") if isinstance(metadata, dict) else None
    named = [each.get("name") for each in authors if isinstance(each, dict)] if isinstance(authors, list) else []
    return [name for name in named if isinstance(name, str)]


def _not_a_notebook() -> Corrupt:
    return Corrupt(
        "This file is named .ipynb but is not a complete notebook. "
        "Download it again from Jupyter, or paste your text instead."
    )
