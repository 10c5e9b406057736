"""The platform's memory: one SQLite file that only its owner may read, opened anew for every transaction."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

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
CREATE TABLE IF NOT EXISTS handlers (notice_type TEXT PRIMARY KEY, handler TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sent_notices (position INTEGER PRIMARY KEY AUTOINCREMENT, status INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS eula (user_id TEXT PRIMARY KEY, accepted INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS processor (item TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS assets (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, submission_id TEXT NOT NULL,
    user_id TEXT NOT NULL, file_name TEXT, content_type TEXT NOT NULL, content BLOB NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS reports (
    asset_id TEXT NOT NULL, type TEXT NOT NULL, moment INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (asset_id, type));
CREATE TABLE IF NOT EXISTS received_scores (
    position INTEGER PRIMARY KEY AUTOINCREMENT, number INTEGER NOT NULL, body TEXT NOT NULL);
"""


class Store:
    """Gives transactions on the one database file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        connection = sqlite3.connect(path)
        try:
            connection.executescript(_SCHEMA)
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
