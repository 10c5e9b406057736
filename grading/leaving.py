"""What leaves the building: a submission as it was handed in, and as it would be sent, side by side (P2, P4).

The same anonymizer with the same roster as on the way to a provider, shown to somebody entitled to read the work.
"""

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading import corrections
from grading.corrections import Correction
from grading.models import Context, Submission
from grading.outgoing import anonymized
from grading.people import compiled_roster
from grading.states import SubmissionState
from grading.submissions import Work, open_submission
from privacy.anonymizer import Anonymized, Finding, FindingType
from privacy.audit import Actor
from privacy.sealing import Vault

TYPE_WORDS = {
    FindingType.STUDENT: "Students",
    FindingType.TEACHER: "Teachers",
    FindingType.PERSON: "Other people",
    FindingType.EMAIL: "E-mail addresses",
    FindingType.PHONE: "Phone numbers",
    FindingType.IDENTIFIER: "Numbers that identify somebody",
    FindingType.ADDRESS: "Street addresses",
    FindingType.DATE_OF_BIRTH: "Dates of birth",
    FindingType.LINK: "Personal links",
    FindingType.HANDLE: "User names",
    FindingType.DETAIL: "Hidden by hand",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a text. One that was found has the number of its finding, and whether it was left standing."""

    text: str
    number: int | None = None
    uncertain: bool = False


Paragraphs = list[list[Stretch]]


@dataclass(frozen=True, slots=True)
class Count:
    """How often one type was found."""

    words: str
    hidden: int
    uncertain: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """Both sides of a submission."""

    work: Work
    original: Paragraphs
    outgoing: Paragraphs
    counts: Sequence[Count]
    replaced: Sequence[str]
    """What was found and replaced, each once; without what was hidden by hand."""
    corrections: Sequence[Correction]
    """What was decided by hand for the assignment."""
    held_back: bool
    """Whether a name may still stand in it, so that it would not be sent."""

    @property
    def hidden(self) -> int:
        """How many places are replaced."""
        return sum(count.hidden for count in self.counts)

    @property
    def uncertain(self) -> int:
        """How many places look like a person and stay."""
        return sum(count.uncertain for count in self.counts)


def look(session: Session, vault: Vault, submission: Submission, context: Context, reader: Actor) -> Leaving:
    """Both sides of a submission, as of now; the opening is in the audit log."""
    work = open_submission(session, vault, submission, tenant_id=context.tenant_id, reader=reader)
    by_hand = corrections.of_assignment(session, vault, submission.assignment_id)
    roster = compiled_roster(session, vault, context.id)
    result = anonymized(submission, work, roster, corrections.for_anonymizer(by_hand))
    original, outgoing = both_sides(work.text, result.findings)
    replaced = [
        work.text[finding.start : finding.end]
        for finding in result.findings
        if finding.hidden and finding.type is not FindingType.DETAIL
    ]
    return Leaving(
        work=work,
        original=original,
        outgoing=outgoing,
        counts=counted(result),
        replaced=list(dict.fromkeys(" ".join(words.split()) for words in replaced)),
        corrections=by_hand,
        held_back=bool(result.leaks),
    )


def order(session: Session, assignment_id: uuid.UUID) -> list[uuid.UUID]:
    """All submissions of an assignment that count and whose text is there, newest first."""
    return list(
        session.execute(
            select(Submission.id)
            .where(
                Submission.assignment_id == assignment_id,
                Submission.state != SubmissionState.REPLACED,
                Submission.text_deleted_at.is_(None),
            )
            .order_by(Submission.submitted_at.desc(), Submission.id)
        ).scalars()
    )


def both_sides(text: str, findings: Sequence[Finding]) -> tuple[Paragraphs, Paragraphs]:
    """Cut a text at its findings, once as it is and once as it leaves; the numbers lead from one to the other."""
    before, after, place = [], [], 0
    for number, finding in enumerate(findings, start=1):
        between = Stretch(text[place : finding.start])
        found = text[finding.start : finding.end]
        before += [between, Stretch(found, number, uncertain=not finding.hidden)]
        after += [between, Stretch(finding.replacement if finding.hidden else found, number, not finding.hidden)]
        place = finding.end
    rest = Stretch(text[place:])
    return _paragraphs([*before, rest]), _paragraphs([*after, rest])


def counted(result: Anonymized) -> list[Count]:
    """The findings of each type, the most frequent first."""
    hidden = Counter(finding.type for finding in result.findings if finding.hidden)
    uncertain = Counter(finding.type for finding in result.findings if not finding.hidden)
    types = sorted({*hidden, *uncertain}, key=lambda one: (-hidden[one] - uncertain[one], TYPE_WORDS[one]))
    return [Count(TYPE_WORDS[one], hidden[one], uncertain[one]) for one in types]


def _paragraphs(stretches: Sequence[Stretch]) -> Paragraphs:
    """Cut at line breaks. A finding that runs over a line break is cut with its text."""
    paragraphs: Paragraphs = [[]]
    for stretch in stretches:
        for place, piece in enumerate(stretch.text.split("\n")):
            if place:
                paragraphs.append([])
            if piece:
                paragraphs[-1].append(Stretch(piece, stretch.number, stretch.uncertain))
    return [paragraph for paragraph in paragraphs if paragraph]
