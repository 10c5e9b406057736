"""The way through the anonymizer: read, find, unite, name, write, check."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from privacy.anonymizer.addresses import addresses
from privacy.anonymizer.candidate import Candidate, Reading, inside, read
from privacy.anonymizer.capitals import nearly_named
from privacy.anonymizer.check import remaining_leaks
from privacy.anonymizer.citations import Surroundings
from privacy.anonymizer.corrections import NO_CORRECTIONS, Corrections, hidden_by_hand, without_shown
from privacy.anonymizer.cues import Cue
from privacy.anonymizer.filename import neutral_file_name, parts_of
from privacy.anonymizer.links import emails, handles, links
from privacy.anonymizer.model import Anonymized, Certainty, Kept, RosterMember
from privacy.anonymizer.numbers import births, identifiers, identifiers_after_names, phones
from privacy.anonymizer.others import introduced_people, self_introductions
from privacy.anonymizer.people import initials, named_people, strong_forms
from privacy.anonymizer.pseudonyms import write
from privacy.anonymizer.resolve import settle_owners, unite
from privacy.anonymizer.roster import CompiledRoster, compile_roster
from privacy.anonymizer.verdict import Reason


def anonymize(
    text: str,
    *,
    author_id: str | None,
    roster: CompiledRoster,
    file_name: str | None = None,
    extra_author_names: Sequence[str] = (),
    corrections: Corrections = NO_CORRECTIONS,
) -> Anonymized:
    """Hide everyone of the roster, other private people and personal details in a text.

    `author_id` is the author's user id in the roster, or None; `extra_author_names` are other names of the
    author, such as those in a document's properties; `corrections` is what a person decided by hand. Hold the item for
    a person when `leaks` is not empty.
    """
    author = roster.numbers.get(author_id) if author_id is not None else None
    candidates, kept = _candidates(text, roster, author)
    if extra_author_names:
        extra = _extra_roster(roster, author, extra_author_names)
        more, more_kept = _named(text, extra, 0)
        owners = () if author is None else (author,)
        candidates += [item._replace(owners=owners) for item in more]
        kept += more_kept
    candidates += hidden_by_hand(text, corrections)
    settled = without_shown(text, settle_owners(text, unite(candidates), roster, author), corrections, roster)
    written = write(text, settled, roster.natural_names, file_name)
    leaks = remaining_leaks(written.text, roster, written.findings, kept)
    if extra_author_names:
        leaks += remaining_leaks(written.text, extra, written.findings, kept)
    outgoing_name = None
    if file_name is not None:
        of_author = roster.file_words(author) if author is not None else frozenset()
        outgoing_name = neutral_file_name(file_name, of_author | parts_of(extra_author_names))
    return Anonymized(
        text=written.text,
        file_name=outgoing_name,
        findings=written.findings,
        mapping=written.mapping,
        leaks=leaks,
        kept=tuple(sorted(set(kept))),
    )


def _candidates(text: str, roster: CompiledRoster, author: int | None) -> tuple[list[Candidate], list[Kept]]:
    reading = read(text, roster)
    around = _surroundings(reading)
    personal, public = links(reading)
    addressed = list(emails(reading))
    if addressed:
        # A name in an address is hidden with it and is no part of the name before it.
        stretches = [(item.start, item.end) for item in addressed]
        reading.names = [hit for hit in reading.names if not inside(hit.start, hit.end, stretches)]
    found, kept = named_people(reading, roster, around, author)
    found += strong_forms(reading, roster)
    found += initials(reading, roster, around, author)
    found += nearly_named(reading, roster, around)
    if public:
        found = [item for item in found if not _inside(item, public, text)]
        kept += [Kept(start, end, Reason.PUBLIC_LINK.value) for start, end in public]
    found += personal + addressed
    found += handles(reading, roster)
    for matcher in (births, addresses, introduced_people):
        found += matcher(reading)
    numbers = [*identifiers(reading), *phones(reading, roster.countries), *identifiers_after_names(text, found)]
    found += [item for item in numbers if not _inside(item, public, text)]
    found += self_introductions(reading, author)
    return _drop_doubts(found), kept


def _surroundings(reading: Reading) -> Surroundings:
    """What is worked out about the lines of a text that has been read."""
    return Surroundings(reading.text, [hit.start for hit in reading.of(Cue.REFERENCES)])


def _inside(item: Candidate, public: Iterable[tuple[int, int]], text: str) -> bool:
    """Whether a name stands in the path of a public link; in its host it may be a personal site."""
    for start, end in public:
        if start <= item.start and item.end <= end:
            return "/" in text[start : item.start].split("://")[-1]
    return False


def _drop_doubts(found: list[Candidate]) -> list[Candidate]:
    """Uncertain candidates only count where nothing surer overlaps them."""
    sure = [item for item in found if item.certainty is not Certainty.UNCERTAIN]
    doubts = [item for item in found if item.certainty is Certainty.UNCERTAIN]
    return sure + [item for item in doubts if not any(item.start < o.end and o.start < item.end for o in sure)]


def _named(text: str, roster: CompiledRoster, author: int) -> tuple[list[Candidate], list[Kept]]:
    reading = read(text, roster)
    found, kept = named_people(reading, roster, _surroundings(reading), author)
    return found + list(strong_forms(reading, roster)), kept


def _extra_roster(roster: CompiledRoster, author: int | None, names: Sequence[str]) -> CompiledRoster:
    """A roster of the author's other names, under the author's own key."""
    if author is None:
        members = [RosterMember(user_id="other:author", role="other", name=name) for name in names]
    else:
        known = roster.members[author]
        members = [RosterMember(user_id=known.user_id, role=known.role, name=name) for name in names]
    return compile_roster([member for member in members if member.name.strip()])
