"""Search over sealed work: all words, one tenant, nothing in the clear, gone with the submission (P7)."""

from typing import Any

import pytest
from sqlalchemy import func, select, text

from config.database import Database
from grading import erasure, search
from grading.erasure import Target
from grading.models import SearchTerm, Submission
from grading.models.erasures import ErasureScope
from grading.search import SearchUnclear
from privacy.audit import Actor
from privacy.blind_index import BlindIndex
from privacy.keyring import LocalKeyRing
from privacy.sealing import Vault
from tests import factories
from tests.conftest import StillClock

ESSAYS = {
    "kant": "Kant holds that honesty is owed to everyone, even to the murderer at the door.",
    "mill": "Mill weighs the pleasure of honesty against the harm that it may do.",
}


@pytest.fixture
def blind(keyring: LocalKeyRing) -> BlindIndex:
    return BlindIndex(keyring)


class Library:
    """Two essays in one school, and one with the same words in another."""

    def __init__(self, database: Database, vault: Vault, blind: BlindIndex, clock: StillClock) -> None:
        self.database, self.vault, self.blind = database, vault, blind
        with database.transaction() as session:
            self.here, self.elsewhere = factories.course(session, vault), factories.course(session, vault)
            self.ids: dict[str, Any] = {}
            for course, names in ((self.here, ESSAYS), (self.elsewhere, {"other": ESSAYS["kant"]})):
                assignment = factories.assignment(session, course, clock)
                for name, essay in names.items():
                    person = factories.student(session, vault, course)
                    made = factories.submission(session, vault, assignment, person, clock, text=essay)
                    self.ids[name] = made.id

    def index(self) -> None:
        """Do what a worker does until nothing is left."""
        while True:
            with self.database.transaction() as session:
                found = search.due(session, StillClock()())
                for submission_id in found:
                    search.index_stored(session, self.vault, self.blind, submission_id)
            if not found:
                return

    def find(self, words: str, *courses: Any) -> set[str]:
        tenants = [course.deployment.id for course in courses or (self.here,)]
        with self.database.transaction() as session:
            found = session.execute(select(Submission.id).where(search.matching(self.blind, tenants, words))).scalars()
            by_id = {submission_id: name for name, submission_id in self.ids.items()}
            return {by_id[one] for one in found}


@pytest.fixture
def library(database: Database, vault: Vault, blind: BlindIndex, clock: StillClock) -> Library:
    made = Library(database, vault, blind, clock)
    made.index()
    return made


def test_work_is_found_by_all_of_the_words_inside_its_tenant(library: Library) -> None:
    assert library.find("Honesty") == {"kant", "mill"}
    assert library.find("honesty PLEASURE") == {"mill"}
    assert library.find("honesty unicorn") == set()
    assert library.find("murderer", library.here, library.elsewhere) == {"kant", "other"}


def test_without_a_tenant_nothing_is_found(library: Library) -> None:
    with library.database.transaction() as session:
        condition = search.matching(library.blind, [], "honesty")
        assert session.execute(select(Submission.id).where(condition)).all() == []


def test_words_that_stand_everywhere_are_said_to(library: Library) -> None:
    with pytest.raises(SearchUnclear, match="rarer"):
        library.find("the of and")


def test_indexing_again_changes_nothing(library: Library) -> None:
    def count() -> int:
        with library.database.transaction() as session:
            return session.execute(select(func.count()).select_from(SearchTerm)).scalar_one()

    before = count()
    with library.database.transaction() as session:
        search.index_stored(session, library.vault, library.blind, library.ids["kant"])
    assert count() == before > 0


def test_nothing_of_a_word_stands_in_the_index(library: Library) -> None:
    with library.database.transaction() as session:
        rows = session.execute(text("SELECT * FROM search_term")).all()
    assert rows
    assert not any("onesty" in str(value) for row in rows for value in row)


def test_an_erased_person_leaves_no_words(library: Library, clock: StillClock) -> None:
    with library.database.transaction() as session:
        person = session.execute(select(Submission.person_id).where(Submission.id == library.ids["kant"])).scalar_one()
        request = erasure.request(
            session,
            Target(library.here.deployment.id, ErasureScope.PERSON, person),
            actor=Actor.person(library.here.teacher.id),
            clock=clock,
        )
    assert erasure.carry_out(library.database, library.vault, request.id, clock)
    with library.database.transaction() as session:
        left = select(func.count()).select_from(SearchTerm).where(SearchTerm.submission_id == library.ids["kant"])
        assert session.execute(left).scalar_one() == 0
    assert library.find("murderer") == set()
