"""What the grader keeps: files and batches in one SQLite file that only its owner can read."""

import json
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (id TEXT PRIMARY KEY, number INTEGER UNIQUE, name TEXT NOT NULL, created REAL NOT NULL,
  expires REAL, purpose TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS batch (id TEXT PRIMARY KEY, number INTEGER UNIQUE, created REAL NOT NULL,
  body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS charge (batch TEXT NOT NULL, custom_id TEXT NOT NULL, model TEXT NOT NULL,
  input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS fault (number INTEGER PRIMARY KEY, happens_on TEXT NOT NULL, body TEXT NOT NULL,
  passes INTEGER NOT NULL, times INTEGER NOT NULL);
"""


class Store:
    """Opens a connection for each use, so that threads and restarts need no care."""

    def __init__(self, data_dir: Path) -> None:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = data_dir / "grader.db"
        if not self._path.exists():
            os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600))
        with self.open() as database:
            for statement in _SCHEMA.split(";"):
                database.execute(statement)

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """A transaction that commits at its end."""
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        finally:
            connection.close()


def add_file(
    database: sqlite3.Connection,
    name: str,
    content: bytes,
    now: float,
    lifetime: int | None,
    purpose: str = "batch",
) -> str:
    """Keep a file; returns its id."""
    identifier = f"file-{secrets.token_urlsafe(16)}"
    database.execute(
        "INSERT INTO file VALUES (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM file), ?, ?, ?, ?, ?)",
        (identifier, name, now, now + lifetime if lifetime else None, purpose, content),
    )
    return identifier


def find_file(database: sqlite3.Connection, identifier: str, now: float) -> sqlite3.Row | None:
    """A file that has not expired."""
    row: sqlite3.Row | None = database.execute(
        "SELECT * FROM file WHERE id = ? AND (expires IS NULL OR expires > ?)", (identifier, now)
    ).fetchone()
    return row


def save_batch(database: sqlite3.Connection, batch: dict[str, Any]) -> None:
    """Insert or replace a batch."""
    database.execute(
        "INSERT INTO batch VALUES (?, (SELECT COALESCE(MAX(number), 0) + 1 FROM batch), ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        (batch["id"], batch["created_at"], json.dumps(batch)),
    )


def load_batch(database: sqlite3.Connection, identifier: str) -> dict[str, Any] | None:
    """A batch as it was saved."""
    row = database.execute("SELECT body FROM batch WHERE id = ?", (identifier,)).fetchone()
    found: dict[str, Any] | None = json.loads(row["body"]) if row else None
    return found


def charge(database: sqlite3.Connection, batch: str, custom_id: str, body: dict[str, Any]) -> None:
    """Put an executed request on the bill."""
    usage = body["usage"]
    database.execute(
        "INSERT INTO charge VALUES (?, ?, ?, ?, ?)",
        (batch, custom_id, body["model"], usage["prompt_tokens"], usage["completion_tokens"]),
    )
