"""Copying a course: the same links, columns and attached tools under new ids, and none of the students' work."""

import json
import secrets
import sqlite3
from collections.abc import Sequence

from lti_tool.demo.platform.claims import COPY_NOTICE, LTI, context, deployment_of
from lti_tool.demo.platform.courses import Course, Courses
from lti_tool.demo.platform.model import Platform
from lti_tool.demo.platform.notices import Notices
from lti_tool.demo.platform.store import Store


class Copying:
    """Copies courses and tells of it (the context copy notice of PNS 1.0)."""

    def __init__(self, platform: Platform, store: Store, courses: Courses, notices: Notices) -> None:
        self._platform = platform
        self._store = store
        self._courses = courses
        self._notices = notices

    def copy(self, source: Course) -> Course:
        """Copy a course and give the copy, which knows all that it was copied from."""
        course_id = copy_course(self._store, source)
        copy = self._courses.course(course_id)
        if copy is None:
            raise LookupError(course_id)
        claims = {
            LTI + "context": context(copy),
            LTI + "origin_contexts": [source.id],
        }
        self._notices.send(COPY_NOTICE, claims, deployment_of(self._platform, copy))
        return copy


def copy_course(store: Store, course: Course) -> str:
    """Copy the course and give the copy's id. The copy is served by the same deployment."""
    course_id = f"course-{secrets.token_hex(6)}"
    with store.transaction() as connection:
        position = 1 + connection.execute("SELECT MAX(position) FROM courses").fetchone()[0]
        connection.execute(
            "INSERT INTO courses (id, position, label, title, history, deployment_id) VALUES (?, ?, ?, ?, ?, ?)",
            (
                course_id,
                position,
                f"{course.label.partition(' copy ')[0]} copy {position - 1}",
                f"{course.title.partition(' (copy ')[0]} (copy {position - 1})",
                json.dumps([course.id, *course.history]),
                course.deployment_id,
            ),
        )
        _copy_columns(connection, course.id, course_id, _copy_links(connection, course.id, course_id))
        _copy_activities(connection, course.id, course_id)
    return course_id


def _copy_links(connection: sqlite3.Connection, source: str, target: str) -> dict[str, str]:
    """Give the new id of every link by its old one."""
    new_ids: dict[str, str] = {}
    for row in _rows(connection, "SELECT * FROM links WHERE course_id = ? ORDER BY position", (source,)):
        new_ids[row["id"]] = secrets.token_hex(8)
        history = json.dumps([row["id"], *json.loads(row["history"])])
        connection.execute(
            "INSERT INTO links (id, position, title, text, url, custom, course_id, history) "
            "VALUES (?, (SELECT COUNT(*) + 1 FROM links), ?, ?, ?, ?, ?, ?)",
            (new_ids[row["id"]], row["title"], row["text"], row["url"], row["custom"], target, history),
        )
    return new_ids


def _copy_columns(connection: sqlite3.Connection, source: str, target: str, new_links: dict[str, str]) -> None:
    for row in _rows(connection, "SELECT * FROM line_items WHERE course_id = ? ORDER BY number", (source,)):
        facts = (row["label"], row["maximum"], row["resource_id"], row["tag"])
        connection.execute(
            "INSERT INTO line_items (label, maximum, resource_id, tag, link_id, extra, course_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*facts, new_links.get(row["link_id"]), row["extra"], target),
        )


def _copy_activities(connection: sqlite3.Connection, source: str, target: str) -> None:
    for row in _rows(connection, "SELECT * FROM activities WHERE course_id = ?", (source,)):
        connection.execute(
            "INSERT INTO activities (id, course_id, title, processor) VALUES (?, ?, ?, ?)",
            (f"activity-{secrets.token_hex(6)}", target, row["title"], row["processor"]),
        )


def _rows(connection: sqlite3.Connection, statement: str, values: Sequence[str]) -> list[sqlite3.Row]:
    """Read everything before anything is written."""
    return connection.execute(statement, values).fetchall()
