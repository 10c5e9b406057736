"""The words that students are shown before their work may be sent: versions and languages, kept as files (P4).

A folder for each version holds one file for each language, named by its language code. A file begins with a header of
`name: value` lines, then an empty line, then paragraphs with an empty line between them. Changed words are a new
version; `new-yes-needed` says whether those who agreed to the version before it must be asked again.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Final

from privacy.errors import PrivacyError

FALLBACK: Final = "en"
_ROOM: Final = Path(__file__).parent
_FIELDS: Final = frozenset({"language", "new-yes-needed", "title", "agree", "decline", "withdraw"})


class ConsentTextsBroken(PrivacyError):
    """The files of the consent texts can't be used."""

    code = "consent_texts_broken"


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The words of one version in one language, and the labels of the buttons under them."""

    version: str
    language: str
    language_name: str
    title: str
    agree: str
    decline: str
    withdraw: str
    paragraphs: tuple[str, ...]

    @property
    def hash(self) -> str:
        """SHA-256 over the paragraphs, so that what was shown can be proved later."""
        return hashlib.sha256("\n\n".join(self.paragraphs).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class TextVersion:
    """One version in all its languages."""

    name: str
    new_yes_needed: bool
    languages: tuple[ConsentText, ...]


@dataclass(frozen=True, slots=True)
class ConsentTexts:
    """All versions, oldest first."""

    versions: tuple[TextVersion, ...]

    @property
    def current(self) -> TextVersion:
        """The version that is shown now."""
        return self.versions[-1]

    @property
    def accepted_versions(self) -> tuple[str, ...]:
        """Versions to which a yes still counts: the current one, and those before it that need no new yes."""
        newest_first = self.versions[::-1]
        unchanged = len(tuple(takewhile(lambda version: not version.new_yes_needed, newest_first)))
        return tuple(version.name for version in newest_first[: unchanged + 1])

    def in_language(self, *wanted: str) -> ConsentText:
        """The current words in the first wanted language that there is; in English if there is none of them."""
        offered = {text.language: text for text in self.current.languages}
        for tag in wanted:
            code = tag.replace("_", "-").lower()
            found = offered.get(code) or offered.get(code.partition("-")[0])
            if found is not None:
                return found
        return offered[FALLBACK]

    def shown(self, version: str, language: str) -> ConsentText | None:
        """The words that a page has shown; None when the current words are others by now."""
        for text in self.current.languages:
            if (text.version, text.language) == (version, language):
                return text
        return None


@cache
def consent_texts() -> ConsentTexts:
    """What students are asked to agree to."""
    return load_texts(_ROOM / "consent_texts")


@cache
def notice_texts() -> ConsentTexts:
    """What students are told where no yes is needed and they may opt out."""
    return load_texts(_ROOM / "notice_texts")


def load_texts(folder: Path) -> ConsentTexts:
    """Read all versions of a folder; their names sort by age.

    Raises:
        ConsentTextsBroken: a file can't be read, or the files of a version do not fit each other.
    """
    versions = [_version(path) for path in sorted(folder.iterdir()) if path.is_dir()]
    if not versions:
        raise ConsentTextsBroken(f"There are no consent texts in {folder}.")
    return ConsentTexts(tuple(versions))


def _version(folder: Path) -> TextVersion:
    read = [_read(path) for path in sorted(folder.glob("*.txt"))]
    if FALLBACK not in {text.language for text, _ in read}:
        raise ConsentTextsBroken(f"The version {folder.name} of the consent texts has no English words.")
    asked_anew = {needed for _, needed in read}
    if len(asked_anew) != 1:
        raise ConsentTextsBroken(f"The languages of {folder.name} differ on whether a new yes is needed.")
    return TextVersion(folder.name, asked_anew.pop(), _ordered(text for text, _ in read))


def _ordered(texts: Iterable[ConsentText]) -> tuple[ConsentText, ...]:
    return tuple(sorted(texts, key=lambda text: text.language_name.casefold()))


def _read(path: Path) -> tuple[ConsentText, bool]:
    head, _, body = path.read_text(encoding="utf-8").strip().partition("\n\n")
    header = _header(path, head.splitlines())
    paragraphs = tuple(" ".join(part.split()) for part in body.split("\n\n") if part.strip())
    if header["new-yes-needed"] not in ("yes", "no") or not paragraphs:
        raise ConsentTextsBroken(f"{path} needs paragraphs, and `new-yes-needed` must be yes or no.")
    text = ConsentText(
        version=path.parent.name,
        language=path.stem,
        language_name=header["language"],
        title=header["title"],
        agree=header["agree"],
        decline=header["decline"],
        withdraw=header["withdraw"],
        paragraphs=paragraphs,
    )
    return text, header["new-yes-needed"] == "yes"


def _header(path: Path, lines: Sequence[str]) -> dict[str, str]:
    header = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if set(header) != _FIELDS or not all(header.values()):
        raise ConsentTextsBroken(f"The header of {path} must have exactly: {', '.join(sorted(_FIELDS))}.")
    return header
