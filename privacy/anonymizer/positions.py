"""Places that name people whatever the word is: running heads, labels, sign-offs, lists of who does what."""

from __future__ import annotations

import re

from privacy.anonymizer.citations import Surroundings
from privacy.anonymizer.folding import fold_form, is_small
from privacy.anonymizer.forms import GIVEN, WHOLE
from privacy.anonymizer.segment import Segment
from privacy.anonymizer.verdict import HIDE, LIKELY, Verdict
from privacy.anonymizer.words import TITLES, is_word_like, word_set

_RUNNING_HEAD = re.compile(r"[ \t]*\d{1,3}[ \t]*$")
_LABEL = re.compile(r"[ \t*#/>@\"-]*([^\W\d_][\w ’'.()-]{0,30}?)[ \t]*:[ \t]*")
_DASHED = re.compile(r"[ \t]*([^\W\d_][\w ’'.()]{0,20}?) [–—-] ")
_DASHES = ("-", "–", "—")
# "* Ann – slides": a list of who does what; a glossary would go on with an article.
_BULLET = re.compile(r"[ \t]*(?:[*•-]|\d{1,2}[.)])[ \t]+")
_SHARE = re.compile(r" ?[–—:-] (?!an? |the |[A-ZÀ-Þ])")
_TASK_OF = re.compile(r"(?:TODO|FIXME|XXX|HACK|NOTE|BUG)\($")
_LABELS_OF_PEOPLE = word_set("""
    name author authors by student students nom nombre nome vorname nachname instructor professor teacher lecturer
    tutor partners partner members member group team collaborators contributions contributors profesor profesora
    professora professeur dozent dozentin enseignant autor autora auteur verfasser lehrer lehrerin alumno alumna
    aluno aluna prenom prenoms apellido apellidos sobrenome cognome jmeno prijmeni imie nazwisko naam navn namn nimi
    nev ad soyad ime student(s) written submitted prepared supervisor advisor adviser ta signature signed comments
    reviewer editor reviewers editors attendees present absent apologies participants participant cast crew
    interviewer interviewee speaker speakers presenter presenters presented from to cc bcc proofread typed
    checked moderator host guest guests assignee assigned reporter owner maintainer helper helpers thanks
    acknowledgements tasks roles shares work photo photos photography photographer scribe secretary treasurer chair
    timekeeper director producer idea ideas
    """)


_NEAR = 60
_CLOSING_MARKS = tuple(",.! –—-")
_PLURAL = re.compile(r"\(e?[sn]\)")
_ITEM = re.compile(r"[ \t]*(?:[*•–-]|\(?\d{1,2}[.)])[ \t]+")


def _at_line_start(around: Surroundings, segment: Segment, first: int, last: int, *, is_author: bool) -> Verdict | None:
    """A name with a capital near the start of a line from `first` to `last`: a signature, a running head, a bullet."""
    text, start, end = around.text, segment.start, segment.end
    before = text[first:start]
    after = text[end:last] if last - end <= _NEAR else "…"
    closing = before[-1:] in _CLOSING_MARKS and _CLOSING_WORD.fullmatch(before) is not None
    bare_before = closing or not before.strip(" \t-–—*#/>~(")
    if bare_before and after.strip()[-1:].isdigit() and _RUNNING_HEAD.fullmatch(after):
        return HIDE if is_author or not is_word_like(segment.words) else None
    if before and segment.parts & (GIVEN | WHOLE):
        if segment.parts & GIVEN and _BULLET.fullmatch(before) and _SHARE.match(text, end):
            return LIKELY
        if _ITEM.fullmatch(before) and not after.strip(" \t,;"):
            return LIKELY
    if bare_before and not after.strip(" \t,.!)"):
        if is_author or closing or not is_word_like(segment.words) or _closes_letter(text, first):
            return HIDE
        return LIKELY if segment.parts & (GIVEN | WHOLE) and _ends_message(text, first, last) else None
    return None


def telling_position(around: Surroundings, segment: Segment, previous: str, *, is_author: bool) -> Verdict | None:
    """Places that name people whatever the word: running heads, labels, sign-offs, titles before a name."""
    text, start, end = around.text, segment.start, segment.end
    first, last = around.line(start, end)
    capital = text[start].isupper() or not is_small(text[start])
    if text[start - 1 : start] == "(" and _TASK_OF.search(text, max(0, start - 8), start):
        return HIDE
    # Lines can be very long: only what is near can be an indent, a dash, a page number.
    if start - first <= _NEAR and capital:
        verdict = _at_line_start(around, segment, first, last, is_author=is_author)
        if verdict is not None:
            return verdict
    label = _LABEL.match(text, first, start) if text.find(":", first, min(start, first + _NEAR)) >= 0 else None
    if label and _SENTENCE_END.search(text, label.end(), start):
        label = None
    if label is None and text[start - 2 : start - 1] in _DASHES:
        label = _DASHED.fullmatch(text, first, start)
    if label and capital and labels_people(label.group(1)):
        return HIDE
    if previous in TITLES and capital and text[start - 1 : start] in (" ", "\u00a0"):
        return HIDE
    return None


def labels_people(label: str) -> bool:
    """Whether what follows a label and a colon are people: "Lab partners", "Author(s)"."""
    return fold_form(_PLURAL.sub("", label)).split(" ")[-1] in _PEOPLE_AFTER


_PEOPLE_AFTER = _LABELS_OF_PEOPLE | TITLES
_SENTENCE_END = re.compile(r"(?<!\b[A-Z][a-z])(?<!\bProf)(?<!\bMrs)(?<=[^\W\d_A-Z])[.!?][ \u00a0]")
_END_OF_MESSAGE = re.compile(r"[.!?,][ \t]*\n[ \t>]*\Z")
_HEADING_BEFORE = re.compile(r"(?:\A|[^.!?\s\"”')\]])\s*\Z")
_MESSAGE_OVER = re.compile(r"[ \t]*(?:\n[ \t>]*(?:\n|\Z)|\Z)")


def _ends_message(text: str, first: int, last: int) -> bool:
    """Whether a line right under a finished sentence is followed by nothing: where somebody signs."""
    if not text[last:].strip():
        return not _HEADING_BEFORE.search(text, max(0, first - 80), first)
    return bool(_MESSAGE_OVER.match(text, last) and _END_OF_MESSAGE.search(text, max(0, first - 20), first))


_CLOSING_WORD = re.compile(
    r"[ \t]*(?:cheers|thanks|thank you|regards|best|love|yours|sincerely|xoxo|best regards|kind regards)[,.! –—-]+",
    re.IGNORECASE,
)
_CLOSINGS = re.compile(
    r"(?:regards|sincerely|wishes|thanks|cheers|yours|best|love|truly|faithfully|respectfully)[,.!]?\s*\Z",
    re.IGNORECASE,
)


def _closes_letter(text: str, first: int) -> bool:
    return _CLOSINGS.search(text, max(0, first - 30), first) is not None
