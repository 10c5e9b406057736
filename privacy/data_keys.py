"""Rows of data keys, as sealing adds them."""

import uuid
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from config.database import insert_ignoring_conflicts, insert_row
from privacy.errors import MasterKeyRetired
from privacy.models import RETIRED_WORDS, DataKey


def insert_keys(session: Session, rows: list[dict[str, Any]]) -> set[uuid.UUID]:
    """Insert keys; returns the ids of those that were.

    Two writers may meet for the same owner: the partial unique index lets one key win.

    Raises:
        MasterKeyRetired: the master key was retired between wrapping and this insert.
    """
    connection = session.connection()
    try:
        if len(rows) == 1:
            return {rows[0]["id"]} if insert_row(connection, DataKey, rows[0]) else set()
        statement = insert_ignoring_conflicts(session, DataKey).returning(DataKey.id)
        return set(connection.execute(statement, rows).scalars())
    except DBAPIError as error:
        if RETIRED_WORDS in str(error.orig):
            raise MasterKeyRetired(
                "The master key was changed at this moment. Nothing was stored: try again."
            ) from error
        raise
