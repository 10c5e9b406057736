"""The platform's memory: one SQLite file that only its owner may read, opened anew for every transaction."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lti_tool.demo.platform.model import ACTIVITY_ID, ACTIVITY_TITLE, COURSE_ID, DEPLOYMENT_ID

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sessions (token_hash TEXT PRIMARY KEY, user_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS launches (
    message_hint TEXT PRIMARY KEY, login_hint TEXT NOT NULL, user_id TEXT NOT NULL, link_id TEXT,
    expires_at REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS deep_links (
    data TEXT PRIMARY KEY, user_id TEXT NOT NULL, expires_at REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS used_ids (
    kind TEXT NOT NULL, value TEXT NOT NULL, expires_at REAL NOT NULL, PRIMARY KEY (kind, value));
CREATE TABLE IF NOT EXISTS access_tokens (token_hash TEXT PRIMARY KEY, scopes TEXT NOT NULL, expires_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS links (
    id TEXT PRIMARY KEY, position INTEGER NOT NULL, title TEXT NOT NULL, text TEXT NOT NULL, url TEXT NOT NULL,
    custom TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS line_items (
    number INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT NOT NULL, maximum REAL NOT NULL, resource_id TEXT, tag TEXT,
    link_id TEXT REFERENCES links(id), extra TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS grades (
    number INTEGER NOT NULL REFERENCES line_items(number) ON DELETE CASCADE, user_id TEXT NOT NULL,
    moment INTEGER NOT NULL, given REAL, out_of REAL, comment TEXT NOT NULL, scored_by TEXT,
    PRIMARY KEY (number, user_id));
CREATE TABLE IF NOT EXISTS registration_tokens (
    token_hash TEXT PRIMARY KEY, expires_at REAL NOT NULL, used INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tools (
    client_id TEXT PRIMARY KEY, deployment_id TEXT NOT NULL, scopes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS platform_keys (kid TEXT PRIMARY KEY, made_at REAL NOT NULL, published_until REAL);
CREATE TABLE IF NOT EXISTS courses (
    id TEXT PRIMARY KEY, position INTEGER NOT NULL, label TEXT NOT NULL, title TEXT NOT NULL,
    history TEXT NOT NULL DEFAULT '[]', deployment_id TEXT);
CREATE TABLE IF NOT EXISTS activities (
    id TEXT PRIMARY KEY, course_id TEXT NOT NULL REFERENCES courses(id), title TEXT NOT NULL, processor TEXT);
CREATE TABLE IF NOT EXISTS notice_handlers (
    deployment_id TEXT NOT NULL, notice_type TEXT NOT NULL, handler TEXT NOT NULL,
    PRIMARY KEY (deployment_id, notice_type));
CREATE TABLE IF NOT EXISTS sent_notices (position INTEGER PRIMARY KEY AUTOINCREMENT, status INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS eula_answers (
    deployment_id TEXT NOT NULL, user_id TEXT NOT NULL, accepted INTEGER NOT NULL,
    PRIMARY KEY (deployment_id, user_id));
CREATE TABLE IF NOT EXISTS eula_required (deployment_id TEXT PRIMARY KEY, required INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS assets (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, submission_id TEXT NOT NULL,
    user_id TEXT NOT NULL, file_name TEXT, content_type TEXT NOT NULL, content BLOB NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS reports (
    asset_id TEXT NOT NULL, type TEXT NOT NULL, moment INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (asset_id, type));
CREATE TABLE IF NOT EXISTS received_scores (
    position INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, body TEXT NOT NULL);
"""
_ADDED: Final = (
    ("launches", "course_id", f"TEXT NOT NULL DEFAULT '{COURSE_ID}'"),
    ("deep_links", "course_id", f"TEXT NOT NULL DEFAULT '{COURSE_ID}'"),
    ("links", "course_id", f"TEXT NOT NULL DEFAULT '{COURSE_ID}'"),
    ("links", "history", "TEXT NOT NULL DEFAULT '[]'"),
    ("links", "more_time", "TEXT NOT NULL DEFAULT '{}'"),
    ("line_items", "course_id", f"TEXT NOT NULL DEFAULT '{COURSE_ID}'"),
    ("received_scores", "course_id", f"TEXT NOT NULL DEFAULT '{COURSE_ID}'"),
    ("assets", "activity_id", f"TEXT NOT NULL DEFAULT '{ACTIVITY_ID}'"),
    ("access_tokens", "client_id", "TEXT NOT NULL DEFAULT ''"),
    ("tools", "enabled", "INTEGER NOT NULL DEFAULT 1"),
    ("sent_notices", "notice_type", "TEXT NOT NULL DEFAULT ''"),
)
"""Columns that tables of older files lack: what such a file holds belongs to the course there was."""


class Store:
    """Gives transactions on the one database file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        connection = sqlite3.connect(path)
        try:
            connection.executescript(_SCHEMA)
            _upgrade(connection)
            connection.commit()
        finally:
            connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction that no other writer interleaves with; any exception rolls it back."""
        connection = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        finally:
            connection.close()


def use_once(connection: sqlite3.Connection, kind: str, value: str, *, now: float, expires_at: float) -> bool:
    """Note a nonce or token id as used until it expires; False when it was used before."""
    connection.execute("DELETE FROM used_ids WHERE expires_at < ?", (now,))
    cursor = connection.execute("INSERT OR IGNORE INTO used_ids VALUES (?, ?, ?)", (kind, value, expires_at))
    return cursor.rowcount == 1


def _upgrade(connection: sqlite3.Connection) -> None:
    """Bring an older file, which knew one course and one deployment, to the tables of today."""
    for table, column, definition in _ADDED:
        if column not in [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {definition}")
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "processor" in tables:
        connection.execute(
            "INSERT OR IGNORE INTO activities SELECT ?, ?, ?, item FROM processor",
            (ACTIVITY_ID, COURSE_ID, ACTIVITY_TITLE),
        )
        connection.execute("DROP TABLE processor")
    if "eula" in tables:
        connection.execute("INSERT OR IGNORE INTO eula_answers SELECT ?, user_id, accepted FROM eula", (DEPLOYMENT_ID,))
        connection.execute("DROP TABLE eula")
    if "handlers" in tables:
        registered = connection.execute("SELECT deployment_id FROM tools").fetchone()
        connection.execute(
            "INSERT OR IGNORE INTO notice_handlers SELECT ?, notice_type, handler FROM handlers",
            (registered[0] if registered else DEPLOYMENT_ID,),
        )
        connection.execute("DROP TABLE handlers")
