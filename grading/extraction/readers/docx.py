"""Word documents: everything a reader of the printed page sees, in document order.

Own reader, because the usual libraries drop headers, footers, tracked insertions and text boxes, and can be kept
busy for minutes by a bomb. Source: ECMA-376 part 1 (WordprocessingML); names are matched without their namespace,
so that transitional and strict files read alike.
"""

from __future__ import annotations

import posixpath

from grading.extraction.errors import Corrupt
from grading.extraction.limits import Limits
from grading.extraction.readers.archive import Archive
from grading.extraction.readers.docx_looks import Looks
from grading.extraction.readers.docx_story import Notes, Story
from grading.extraction.readers.safe_xml import Element, all_text, attribute, descendants, local, parse
from grading.extraction.result import Draft

_PROPERTIES = ("docProps/core.xml", "docProps/app.xml")
_PROPERTY_NAMES = ("creator", "lastModifiedBy", "Manager")


def read(data: bytes, limits: Limits) -> Draft:
    """Headers, body, notes and footers; comments, hidden text and names apart.

    Raises Corrupt, Encrypted or TooComplex.
    """
    archive = Archive(data, limits)
    draft = Draft(budget=limits.characters)
    main = _related(archive, "", "officeDocument")
    if not main or (body := _part(archive, main[0])) is None:
        raise Corrupt(
            "This file is packed like a Word document but has no text part. "
            "Open it in Word, save it again as .docx and upload that, or paste your text instead."
        )
    parts = {
        role: [part for name in _related(archive, main[0], role) if (part := _part(archive, name)) is not None]
        for role in ("header", "footer", "footnotes", "endnotes", "styles", "comments", "people")
    }
    looks = Looks(parts["styles"])
    notes = Notes({"footnote": parts["footnotes"], "endnote": parts["endnotes"]})

    def told(elements: list[Element]) -> list[str]:
        texts = [Story(draft, looks, notes).read(element) for element in elements]
        return list(dict.fromkeys(text for text in texts if text))

    headers, middle, footers = told(parts["header"]), told([body]), told(parts["footer"])
    noted = [f"[note {number}] {text}" for number, note in notes.cited() for text in told([note])]
    draft.text = "\n\n".join([*headers, *middle, *noted, *footers])
    _gather_comments(draft, parts["comments"])
    _gather_names(draft, archive, [body, *parts["people"], *parts["footnotes"], *parts["comments"]])
    _remark(draft, archive, body)
    return draft


def _part(archive: Archive, name: str) -> Element | None:
    content = archive.read(name)
    return None if content is None else parse(content)


def _related(archive: Archive, source: str, role: str) -> list[str]:
    """Names of the parts that `source` (the package itself if empty) relates to in this role, in order."""
    folder, name = posixpath.split(source)
    relations = _part(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
    if relations is None:
        return []
    found = []
    for relation in relations:
        target, kind = relation.get("Target"), relation.get("Type")
        if target and kind and kind.rpartition("/")[2] == role and relation.get("TargetMode") != "External":
            inside = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            found.append(posixpath.normpath(inside))
    return found


def _gather_comments(draft: Draft, parts: list[Element]) -> None:
    """Comments are beside the work, not part of it."""
    for part in parts:
        for comment in descendants(part, "comment"):
            lines = ("".join(all_text(text) for text in descendants(p, "t")) for p in descendants(comment, "p"))
            text = "\n".join(line for line in lines if line)
            draft.spend(len(text))
            draft.comments.append(text)


def _gather_names(draft: Draft, archive: Archive, parts: list[Element]) -> None:
    """Who wrote, changed and commented: for the anonymizer only."""
    for part in parts:
        for element in part.iter():
            if local(element) in ("ins", "del", "moveFrom", "moveTo", "comment", "rPrChange", "pPrChange", "person"):
                draft.names.append(attribute(element, "author") or "")
    for name in _PROPERTIES:
        properties = _part(archive, name)
        if properties is not None:
            draft.names.extend(all_text(each) for each in descendants(properties, *_PROPERTY_NAMES))
    draft.names[:] = dict.fromkeys(draft.names)


def _remark(draft: Draft, archive: Archive, body: Element) -> None:
    if any(local(element) in ("ins", "del", "moveFrom") for element in body.iter()):
        draft.remark(
            "tracked_changes",
            "The document has tracked changes: what was inserted is read, what was deleted is not.",
        )
    if draft.comments:
        draft.remark("comments_left_out", "The document has comments in its margin. They are not part of the text.")
    if any(name.startswith("word/embeddings/") for name in archive.names) or any(
        local(element) == "altChunk" for element in body.iter()
    ):
        draft.remark("embedded_files", "Files embedded in the document (such as spreadsheets) were not read.")
