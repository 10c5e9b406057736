"""Takes other students' names out of what a student takes along: their own words, and what was written about them."""

import uuid
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from grading.models import Enrolment
from grading.people import compiled_roster, profile_place
from grading.review import Feedback
from privacy.anonymizer import CompiledRoster, Finding, FindingType, anonymize
from privacy.sealing import Vault

_NAMES = frozenset({FindingType.STUDENT})
_ADDRESSES = frozenset({FindingType.EMAIL, FindingType.HANDLE, FindingType.IDENTIFIER})


class Peers:
    """The other students of one course, as seen from one of them."""

    def __init__(self, roster: CompiledRoster, person_id: uuid.UUID, own: Collection[str]) -> None:
        self._roster = roster
        self._me = str(person_id)
        self._own = {value.casefold() for value in own if value}

    def hidden(self, text: str) -> str:
        """A text in which placeholders stand where other students were named."""
        pieces, place = [], 0
        for finding in anonymize(text, author_id=self._me, roster=self._roster).findings:
            if self._is_of_a_peer(finding, text):
                pieces += [text[place : finding.start], finding.replacement]
                place = finding.end
        return "".join([*pieces, text[place:]])

    def feedback(self, feedback: Feedback) -> Feedback:
        """The same for feedback."""
        criteria = tuple(
            one.model_copy(
                update={
                    "reasoning": self.hidden(one.reasoning),
                    "evidence": tuple(self.hidden(quote) for quote in one.evidence),
                }
            )
            for one in feedback.criteria
        )
        return feedback.model_copy(
            update={
                "comments": self.hidden(feedback.comments),
                "strengths": tuple(self.hidden(one) for one in feedback.strengths),
                "improvements": tuple(self.hidden(one) for one in feedback.improvements),
                "criteria": criteria,
            }
        )

    def _is_of_a_peer(self, finding: Finding, text: str) -> bool:
        if not finding.hidden:
            return False
        if finding.type in _NAMES:
            return finding.person_key != self._me
        surface = text[finding.start : finding.end].casefold()
        return finding.type in _ADDRESSES and surface not in self._own


def peers_of(session: Session, vault: Vault, context_id: uuid.UUID, person_id: uuid.UUID) -> Peers:
    """The other students of a course; two statements."""
    own: list[str] = []
    row = session.execute(
        select(Enrolment.id, Enrolment.sealed_profile).where(
            Enrolment.context_id == context_id,
            Enrolment.person_id == person_id,
            Enrolment.sealed_profile.is_not(None),
        )
    ).one_or_none()
    if row is not None and row.sealed_profile is not None:
        profile = vault.open_json(session, profile_place(row.id), row.sealed_profile)
        own = [str(value) for value in profile.values()]
    return Peers(compiled_roster(session, vault, context_id), person_id, own)
