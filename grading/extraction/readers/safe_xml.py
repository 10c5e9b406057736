"""XML from strangers: no document type, no entities, no network, no giants, and names without their namespace."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from grading.extraction.errors import Corrupt, TooComplex

Element = etree._Element

_REFUSED_DTD = (
    "This document has a part that no word processor writes (a document type definition), so it was not opened. "
    "Save it again from your word processor, or paste your text instead."
)


def parse(content: bytes) -> Element:
    """The root element. Raises Corrupt for what is not XML or has a DTD, TooComplex for what nests too deep."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Corrupt(_REFUSED_DTD)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as broken:
        if "depth" in str(broken) or "huge" in str(broken).lower():
            raise TooComplex(
                "This document nests its parts deeper than any real document does, so it was not read. "
                "Save it again from your word processor, or paste your text instead."
            ) from broken
        raise Corrupt(
            "This document is damaged: a part of it is not well-formed. "
            "Open it, save it again and upload the copy, or paste your text instead."
        ) from broken
    if root.getroottree().docinfo.internalDTD is not None:
        # Seen again here because a file in UTF-16 hides the words from the search above.
        raise Corrupt(_REFUSED_DTD)
    return root


def local(element: Element) -> str:
    """The element's name without its namespace (transitional and strict OOXML differ only there)."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: Element, name: str) -> str | None:
    """An attribute's value by its name without namespace."""
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def child(element: Element | None, name: str) -> Element | None:
    """The first child of that name."""
    if element is None:
        return None
    return next((each for each in element if local(each) == name), None)


def descendants(element: Element, *names: str) -> Iterator[Element]:
    """Every element of one of these names, in document order."""
    return (each for each in element.iter() if local(each) in names)


def all_text(element: Element) -> str:
    """All character data inside, ends trimmed."""
    return "".join(str(part) for part in element.itertext()).strip()
