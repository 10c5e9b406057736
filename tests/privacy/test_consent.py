"""Consent: given once, withdrawn, given again; each with its words and time."""

import uuid
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.database import Database
from privacy.consent import (
    CURRENT_TEXT,
    agrees,
    give_consent,
    last_word,
    refuse_consent,
    refuses,
    standing_consent,
    still_counts,
    withdraw_consent,
)
from privacy.consent_words import consent_texts
from privacy.models import AuditEvent, Consent

WHO = {"tenant_id": uuid.uuid4(), "person_id": uuid.uuid4(), "context_id": uuid.uuid4()}


def says_yes(session: Session) -> bool:
    return session.execute(select(agrees(WHO["person_id"], WHO["context_id"]))).scalar_one()


def says_no(session: Session) -> bool:
    return session.execute(select(refuses(WHO["person_id"], WHO["context_id"]))).scalar_one()


def test_a_yes_stands_until_it_is_taken_back(database: Database) -> None:
    with database.transaction() as session:
        assert standing_consent(session, WHO["person_id"], WHO["context_id"]) is None
        give_consent(session, **WHO)
        assert standing_consent(session, WHO["person_id"], WHO["context_id"]) is not None
        assert says_yes(session)
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


def test_a_no_without_a_yes_before_it_stands_by_itself(database: Database) -> None:
    with database.transaction() as session:
        assert not says_no(session)
        refuse_consent(session, **WHO)
        refuse_consent(session, **WHO)
        assert says_no(session)
        assert not says_yes(session)
        give_consent(session, **WHO)
        assert says_yes(session)
        assert not says_no(session)
    with database.transaction() as session:
        assert session.execute(select(AuditEvent.event).order_by(AuditEvent.sequence)).scalars().all() == [
            "consent.refused",
            "consent.given",
        ]


def test_taking_a_yes_back_is_a_no(database: Database) -> None:
    with database.transaction() as session:
        give_consent(session, **WHO)
        refuse_consent(session, **WHO)
        assert says_no(session)
        word = last_word(session, **WHO)
        assert word is not None
        assert word.given_at is not None
        assert word.withdrawn_at is not None


def test_a_yes_to_words_that_no_longer_count_is_asked_for_again(database: Database) -> None:
    old = replace(CURRENT_TEXT, version="2020-01")
    with database.transaction() as session:
        give_consent(session, **WHO, text=old)
        assert not says_yes(session)
        assert not says_no(session)
        assert not still_counts(last_word(session, **WHO))
        give_consent(session, **WHO)
        assert says_yes(session)
        assert len(session.execute(select(Consent)).all()) == 2


def test_the_language_in_which_the_words_were_shown_is_recorded(database: Database) -> None:
    text = consent_texts().in_language("de-AT")
    with database.transaction() as session:
        give_consent(session, **WHO, text=text)
        consent = standing_consent(session, WHO["person_id"], WHO["context_id"])
        assert consent is not None
        assert (consent.text_language, consent.text_hash) == ("de", text.hash)
