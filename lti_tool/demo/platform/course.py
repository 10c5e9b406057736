"""The course's assignment links and its gradebook, read for pages, launches and the read-only state."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from lti_tool.demo.platform.store import Store


@dataclass(frozen=True)
class Link:
    """One assignment of the course that opens the tool."""

    id: str
    title: str
    text: str
    url: str
    custom: dict[str, str]


@dataclass(frozen=True)
class Column:
    """One column of the gradebook, which is one line item; `maximum` is in points."""

    number: int
    label: str
    maximum: float
    resource_id: str | None
    tag: str | None
    link_id: str | None
    extra: dict[str, Any]


@dataclass(frozen=True)
class Grade:
    """What the gradebook shows for one person in one column: points out of the column's maximum."""

    number: int
    user_id: str
    score: float | None
    maximum: float
    comment: str
    scored_by: str | None


class Course:
    """Reads the one course."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def links(self) -> list[Link]:
        with self._store.transaction() as connection:
            return [_link(row) for row in connection.execute("SELECT * FROM links ORDER BY position")]

    def link(self, link_id: str) -> Link | None:
        return next((link for link in self.links() if link.id == link_id), None)

    def columns(self) -> list[Column]:
        with self._store.transaction() as connection:
            return [column_of(row) for row in connection.execute("SELECT * FROM line_items ORDER BY number")]

    def only_column_of(self, link_id: str) -> Column | None:
        """Give the link's line item when it has exactly one (AGS 2.0, section 3.1)."""
        columns = [column for column in self.columns() if column.link_id == link_id]
        return columns[0] if len(columns) == 1 else None

    def grades(self) -> list[Grade]:
        """Give every grade on record, rescaled to the maximum its column has now."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT * FROM grades JOIN line_items USING (number) ORDER BY number, user_id")
            return [_grade(row) for row in rows]

    def received_scores(self) -> list[dict[str, Any]]:
        """Give the bodies of all accepted scores in the order they came."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT number, body FROM received_scores ORDER BY position")
            return [{"line_item": row["number"], "body": json.loads(row["body"])} for row in rows]


def column_of(row: sqlite3.Row) -> Column:
    """Read a line item's row."""
    return Column(
        row["number"],
        row["label"],
        row["maximum"],
        row["resource_id"],
        row["tag"],
        row["link_id"],
        json.loads(row["extra"]),
    )


def _link(row: sqlite3.Row) -> Link:
    return Link(row["id"], row["title"], row["text"], row["url"], json.loads(row["custom"]))


def _grade(row: sqlite3.Row) -> Grade:
    score = None if row["given"] is None else round(row["given"] * row["maximum"] / row["out_of"], 6)
    return Grade(row["number"], row["user_id"], score, row["maximum"], row["comment"], row["scored_by"])
