"""Courses with their assignment links and gradebooks, read for pages, launches and the read-only state."""

import json
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from lti_tool.demo.platform.store import Store


@dataclass(frozen=True)
class Course:
    """One course; `history` holds the ids of the courses that it is a copy of, nearest first."""

    id: str
    label: str
    title: str
    history: tuple[str, ...] = ()
    deployment_id: str | None = None
    """The deployment that serves this course alone; None where that of the whole school does."""


@dataclass(frozen=True)
class Link:
    """One assignment of a course that opens the tool; `history` holds the ids that it was copied from."""

    id: str
    title: str
    text: str
    url: str
    custom: dict[str, str]
    course_id: str
    history: tuple[str, ...] = ()
    more_time: dict[str, str] = field(default_factory=dict)
    """Until when single students may hand in (ISO 8601, UTC), by their ids."""


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
    course_id: str


@dataclass(frozen=True)
class Grade:
    """What the gradebook shows for one person in one column: points out of the column's maximum."""

    number: int
    user_id: str
    score: float | None
    maximum: float
    comment: str
    scored_by: str | None


class Courses:
    """Reads the courses of a school; it has one from the start."""

    def __init__(self, store: Store, first: Course, *, caps_scores: bool = False) -> None:
        self._store = store
        self._caps_scores = caps_scores
        with store.transaction() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO courses (id, position, label, title) VALUES (?, 1, ?, ?)",
                (first.id, first.label, first.title),
            )

    def all(self) -> list[Course]:
        with self._store.transaction() as connection:
            return [_course(row) for row in connection.execute("SELECT * FROM courses ORDER BY position")]

    def course(self, course_id: str) -> Course | None:
        return next((course for course in self.all() if course.id == course_id), None)

    def deploy(self, course_id: str, deployment_id: str) -> None:
        """Let the tool serve a course under a deployment of its own."""
        with self._store.transaction() as connection:
            connection.execute("UPDATE courses SET deployment_id = ? WHERE id = ?", (deployment_id, course_id))

    def links(self, course_id: str | None = None) -> list[Link]:
        """Give the links of one course, or of all of them."""
        with self._store.transaction() as connection:
            found = [_link(row) for row in connection.execute("SELECT * FROM links ORDER BY position")]
        return [link for link in found if course_id in (None, link.course_id)]

    def link(self, link_id: str) -> Link | None:
        return next((link for link in self.links() if link.id == link_id), None)

    def give_more_time(self, link: Link, user_id: str, until: str) -> None:
        """Let one student hand in until then; an empty moment takes it back."""
        more = {user: moment for user, moment in (link.more_time | {user_id: until}).items() if moment}
        with self._store.transaction() as connection:
            connection.execute("UPDATE links SET more_time = ? WHERE id = ?", (json.dumps(more), link.id))

    def columns(self, course_id: str | None = None) -> list[Column]:
        """Give the line items of one course, or of all of them."""
        with self._store.transaction() as connection:
            found = [column_of(row) for row in connection.execute("SELECT * FROM line_items ORDER BY number")]
        return [column for column in found if course_id in (None, column.course_id)]

    def only_column_of(self, link_id: str) -> Column | None:
        """Give the link's line item when it has exactly one (AGS 2.0, section 3.1)."""
        columns = [column for column in self.columns() if column.link_id == link_id]
        return columns[0] if len(columns) == 1 else None

    def grades(self) -> list[Grade]:
        """Give every grade on record, rescaled to the maximum its column has now, and capped where that is the way."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT * FROM grades JOIN line_items USING (number) ORDER BY number, user_id")
            return [_grade(row, capped=self._caps_scores) for row in rows]

    def received_scores(self) -> list[dict[str, Any]]:
        """Give the bodies of all accepted scores in the order they came, with course and number of the line item."""
        with self._store.transaction() as connection:
            rows = connection.execute("SELECT course_id, number, body FROM received_scores ORDER BY position")
            return [
                {"course_id": row["course_id"], "line_item": row["number"], "body": json.loads(row["body"])}
                for row in rows
            ]


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
        row["course_id"],
    )


def _course(row: sqlite3.Row) -> Course:
    return Course(row["id"], row["label"], row["title"], tuple(json.loads(row["history"])), row["deployment_id"])


def _link(row: sqlite3.Row) -> Link:
    return Link(
        row["id"],
        row["title"],
        row["text"],
        row["url"],
        json.loads(row["custom"]),
        row["course_id"],
        tuple(json.loads(row["history"])),
        json.loads(row["more_time"]),
    )


def _grade(row: sqlite3.Row, *, capped: bool) -> Grade:
    score = None if row["given"] is None else round(row["given"] * row["maximum"] / row["out_of"], 6)
    if score is not None and capped:
        score = min(score, row["maximum"])
    return Grade(row["number"], row["user_id"], score, row["maximum"], row["comment"], row["scored_by"])
