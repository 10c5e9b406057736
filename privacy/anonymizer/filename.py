"""File names: only words that say what kind of file it is may leave; everything else is dropped."""

from __future__ import annotations

import re
from collections.abc import Iterable

from privacy.anonymizer.folding import squeeze
from privacy.anonymizer.model import RosterMember
from privacy.anonymizer.words import word_set

_SAFE_WORDS = word_set("""
    essay final draft report lab homework hw assignment paper project reflection exercise task week part chapter
    unit code main solution answer answers analysis review summary notes journal portfolio presentation slides
    revised version copy submission worksheet problem set question questions exam quiz test article letter story
    poem thesis proposal outline bibliography appendix notebook program script source
    """)
_FALLBACKS = ("submission", "document", "paper", "text", "file", "work", "upload", "entry", "x")
_EXTENSION = re.compile(r"\.[a-z0-9]{1,8}(?:\.[a-z0-9]{1,3})?$", re.IGNORECASE)
_KNOWN_EXTENSIONS = word_set("""
    txt md docx doc pdf odt rtf html htm ipynb py java c h cpp hpp cs js ts jsx tsx go rs rb php swift kt scala r m
    jl sql sh tex csv json xml yaml yml toml zip tar gz png jpg jpeg pages pptx xlsx css lua pl hs ml asm
    """)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z0-9])")
_SEPARATOR = re.compile(r"[\s'’.-]")
_WORD = re.compile(r"[^\W\d_]+|(?<!\d)\d{1,2}(?!\d)")


def neutral_file_name(file_name: str, forbidden: frozenset[str]) -> str:
    """A file name of safe words and short numbers, with the extension, and none of the forbidden words in it."""
    base = file_name.replace("\\", "/").rpartition("/")[2]
    match = _EXTENSION.search(base)
    extension = match.group().lower() if match else ""
    if extension.rsplit(".", 1)[-1] not in _KNOWN_EXTENSIONS:
        extension = ""
    stem = base[: len(base) - len(extension)] if extension else base
    words = [word.lower() for word in _WORD.findall(_HUMP.sub(" ", stem))]
    safe = [word for word in words if (word in _SAFE_WORDS or word.isdigit()) and word not in forbidden]
    has_word = any(not word.isdigit() for word in safe)
    candidates = (["-".join(safe)] if has_word else []) + list(_FALLBACKS)
    for candidate in candidates:
        if not any(name in squeeze(candidate + extension) for name in forbidden):
            return candidate + extension
    return "x"


def words_of(author: RosterMember) -> frozenset[str]:
    """The words that tell of a member in a file name."""
    names = [author.name, author.given_name, author.family_name, author.middle_name, author.username]
    return parts_of([*names, author.sourcedid, author.user_id, author.email.partition("@")[0]])


def parts_of(names: Iterable[str]) -> frozenset[str]:
    """Names and their parts, as they stand in a file name."""
    parts = {squeeze(part) for name in names for part in (name, *_SEPARATOR.split(name))}
    return frozenset(part for part in parts if len(part) > 2)
