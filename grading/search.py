"""Search over what students wrote, without anything of it standing in the clear (P7)."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, false, or_, select
from sqlalchemy.orm import Session

from config.database import insert_ignoring_conflicts
from grading.errors import GradingError
from grading.models import Assignment, Context, Deployment, SearchTerm, Submission
from grading.submissions import text_place
from privacy.blind_index import BlindIndex, words_of
from privacy.sealing import Vault

MOST_SEARCHED: Final = 8
AT_ONCE: Final = 50


class SearchUnclear(GradingError):
    """Words that can't be searched for."""

    code = "search_unclear"


def index(session: Session, blind: BlindIndex, tenant_id: uuid.UUID, submission: Submission, text: str) -> None:
    """Make a submission findable by its words; in one statement, and again without harm."""
    terms = set(blind.terms(tenant_id, words_of(text)).values())
    if terms:
        session.execute(
            insert_ignoring_conflicts(session, SearchTerm),
            [{"tenant_id": tenant_id, "term": term, "submission_id": submission.id} for term in terms],
        )
    submission.indexed = True


def everywhere(session: Session, blind: BlindIndex, words: str) -> ColumnElement[bool]:
    """The condition for all tenants, for an administrator; same errors as `matching`."""
    return matching(blind, list(session.execute(select(Deployment.id)).scalars()), words)


def matching(blind: BlindIndex, tenants: Sequence[uuid.UUID], words: str) -> ColumnElement[bool]:
    """The condition that a submission of one of these tenants holds all the words.

    Raises:
        SearchUnclear: no word is left to search for.
    """
    wanted = words_of(words)[:MOST_SEARCHED]
    if not wanted:
        raise SearchUnclear("These words stand in nearly every text. Search for a rarer one.")
    return or_(false(), *(_in_tenant(tenant, blind.terms(tenant, wanted).values()) for tenant in tenants))


def due(session: Session, now: datetime) -> list[uuid.UUID]:
    """Submissions that came in before there was an index, or whose indexing was cut off."""
    return list(session.execute(select(Submission.id).where(Submission.indexed.is_(False)).limit(AT_ONCE)).scalars())


def incomplete(session: Session) -> bool:
    """Whether some work can't be found by its words yet."""
    return session.execute(select(exists().where(Submission.indexed.is_(False)))).scalar_one()


def index_stored(session: Session, vault: Vault, blind: BlindIndex, submission_id: uuid.UUID) -> None:
    """Index a submission from its sealed text. One whose text is gone is left without."""
    row = session.execute(
        select(Submission, Context.tenant_id)
        .join(Assignment, Assignment.id == Submission.assignment_id)
        .join(Context, Context.id == Assignment.context_id)
        .where(Submission.id == submission_id)
    ).one_or_none()
    if row is None:
        return
    submission, tenant_id = row
    text = vault.open_text(session, text_place(submission.id), submission.sealed_text)
    index(session, blind, tenant_id, submission, text)


def _in_tenant(tenant_id: uuid.UUID, terms: Iterable[int]) -> ColumnElement[bool]:
    return and_(
        *(
            Submission.id.in_(
                select(SearchTerm.submission_id).where(SearchTerm.tenant_id == tenant_id, SearchTerm.term == term)
            )
            for term in terms
        )
    )
