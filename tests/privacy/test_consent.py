"""Consent: given once, withdrawn, given again; each with its words and time."""

import uuid

from sqlalchemy import select

from config.database import Database
from privacy.consent import CURRENT_TEXT, give_consent, people_with_consent, standing_consent, withdraw_consent
from privacy.models import AuditEvent, Consent

WHO = {"tenant_id": uuid.uuid4(), "person_id": uuid.uuid4(), "context_id": uuid.uuid4()}


def test_a_yes_stands_until_it_is_taken_back(database: Database) -> None:
    with database.transaction() as session:
        assert standing_consent(session, WHO["person_id"], WHO["context_id"]) is None
        give_consent(session, **WHO)
        assert standing_consent(session, WHO["person_id"], WHO["context_id"]) is not None
        assert people_with_consent(session, [WHO["context_id"]]) == {(WHO["person_id"], WHO["context_id"])}
        assert withdraw_consent(session, **WHO)
        assert standing_consent(session, WHO["person_id"], WHO["context_id"]) is None
        assert not withdraw_consent(session, **WHO)


def test_a_second_yes_changes_nothing(database: Database) -> None:
    with database.transaction() as session:
        give_consent(session, **WHO)
        give_consent(session, **WHO)
    with database.transaction() as session:
        assert len(session.execute(select(Consent)).all()) == 1
        assert len(session.execute(select(AuditEvent)).all()) == 1


def test_the_words_that_were_shown_are_recorded(database: Database) -> None:
    with database.transaction() as session:
        give_consent(session, **WHO)
        consent = standing_consent(session, WHO["person_id"], WHO["context_id"])
        assert consent is not None
        assert (consent.text_version, consent.text_hash) == (CURRENT_TEXT.version, CURRENT_TEXT.hash)


def test_consent_in_one_course_says_nothing_about_another(database: Database) -> None:
    with database.transaction() as session:
        give_consent(session, **WHO)
        assert standing_consent(session, WHO["person_id"], uuid.uuid4()) is None
