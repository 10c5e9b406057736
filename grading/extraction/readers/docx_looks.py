"""Whether a piece of a Word document can be seen: hidden, white on white, or too small to read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from grading.extraction.readers.safe_xml import Element, attribute, child, descendants

_OFF = frozenset({"0", "false", "off", "none"})
_WHITES = frozenset({"FFFFFF", "FEFEFE", "FDFDFD"})
_WHITE_THEMES = frozenset({"background1", "light1"})
_NO_GROUND = frozenset({"FFFFFF", "AUTO", ""})
_SMALLEST_HALF_POINTS = 4
_DEEPEST_STYLE = 12


@dataclass(frozen=True)
class Look:
    """What decides whether text can be seen; None where nothing is said and an outer look decides."""

    vanish: bool | None = None
    white: bool | None = None
    tiny: bool | None = None
    ground: bool | None = None

    def over(self, outer: Look) -> Look:
        """This look, with what it leaves open taken from an outer one."""
        known = {name: value for name, value in vars(self).items() if value is not None}
        return replace(outer, **known)

    @property
    def hidden(self) -> bool:
        """Nothing to be seen on the page."""
        return bool(self.vanish or self.tiny or (self.white and not self.ground))


def look_of(properties: Element | None) -> Look:
    """The look that run, paragraph or cell properties give."""
    if properties is None:
        return Look()
    size = _value(child(properties, "sz"))
    shade = child(properties, "shd")
    ground = None if shade is None else (attribute(shade, "fill") or "").upper() not in _NO_GROUND
    if child(properties, "highlight") is not None:
        ground = _value(child(properties, "highlight")) not in ("white", "none")
    return Look(
        vanish=_switch(child(properties, "vanish")),
        white=_is_white(child(properties, "color")),
        tiny=int(size) <= _SMALLEST_HALF_POINTS if size and size.isdigit() else None,
        ground=ground,
    )


class Looks:
    """The document's styles, each with what it inherits."""

    def __init__(self, parts: list[Element]) -> None:
        self._styles = {
            attribute(style, "styleId") or "": style for part in parts for style in descendants(part, "style")
        }
        self._known: dict[str, Look] = {}

    def style(self, properties: Element | None, reference: str) -> Look:
        """The look of the style that properties refer to by `pStyle` or `rStyle`."""
        return self._style(_value(child(properties, reference)) or "", 0)

    def _style(self, identifier: str, depth: int) -> Look:
        style = self._styles.get(identifier)
        if style is None or depth > _DEEPEST_STYLE:
            return Look()
        if identifier not in self._known:
            inherited = self._style(_value(child(style, "basedOn")) or "", depth + 1)
            own = look_of(child(style, "rPr")).over(look_of(child(style, "pPr")))
            self._known[identifier] = own.over(inherited)
        return self._known[identifier]


def _value(element: Element | None) -> str | None:
    return None if element is None else attribute(element, "val")


def _switch(element: Element | None) -> bool | None:
    """An on-off property: there without a value means on."""
    return None if element is None else (_value(element) or "1").lower() not in _OFF


def _is_white(colour: Element | None) -> bool | None:
    if colour is None:
        return None
    theme = attribute(colour, "themeColor")
    if theme is not None and attribute(colour, "themeShade") is None:
        return theme in _WHITE_THEMES
    return (_value(colour) or "").upper() in _WHITES
