"""Whether a piece of an OpenDocument text can be seen: by its style, or because it says that it is hidden."""

from __future__ import annotations

import re

from grading.extraction.readers.safe_xml import Element, attribute, child, descendants, local

_HIDDEN_ELEMENTS = frozenset({"hidden-text", "hidden-paragraph"})
_WHITES = frozenset({"#ffffff", "#fefefe", "#fdfdfd"})
_NO_GROUND = _WHITES | {"transparent", "none"}
_SMALLEST_POINTS = 2.0
_POINTS = re.compile(r"(\d+(?:\.\d+)?)pt")
_DEEPEST_STYLE = 12


class HiddenStyles:
    """The names of the styles whose text can't be seen on the page."""

    def __init__(self, parts: list[Element]) -> None:
        self._styles = {attribute(style, "name") or "": style for part in parts for style in descendants(part, "style")}
        self._known: dict[tuple[str, bool], bool] = {}

    def hides(self, element: Element, *, painted: bool) -> bool:
        """Whether this element's text is hidden by its style or its own word; `painted` if the cell is not white."""
        if local(element) in _HIDDEN_ELEMENTS or attribute(element, "display") == "none":
            return True
        name = attribute(element, "style-name")
        if name is None:
            return False
        if (name, painted) not in self._known:
            self._known[name, painted] = _invisible(self._settings(name, 0), painted=painted)
        return self._known[name, painted]

    def paints(self, cell: Element) -> bool:
        """Whether a table cell or a frame has a ground on which white text can be seen."""
        settings = self._settings(attribute(cell, "style-name") or "", 0)
        return settings.get("background-color", settings.get("fill-color", "transparent")) not in _NO_GROUND

    def _settings(self, name: str, depth: int) -> dict[str, str]:
        """Text properties of a style over those of its parents."""
        style = self._styles.get(name)
        if style is None or depth > _DEEPEST_STYLE:
            return {}
        settings = self._settings(attribute(style, "parent-style-name") or "", depth + 1)
        for group in ("table-cell-properties", "graphic-properties", "paragraph-properties", "text-properties"):
            properties = child(style, group)
            if properties is not None:
                wanted = ("display", "color", "background-color", "fill-color", "font-size")
                found = {key: attribute(properties, key) for key in wanted}
                settings |= {key: value.lower() for key, value in found.items() if value}
        return settings


def _invisible(settings: dict[str, str], *, painted: bool) -> bool:
    if settings.get("display") == "none":
        return True
    size = _POINTS.fullmatch(settings.get("font-size", ""))
    if size and float(size.group(1)) <= _SMALLEST_POINTS:
        return True
    ground = settings.get("background-color", "transparent")
    return settings.get("color") in _WHITES and ground in _NO_GROUND and not painted
