"""Gradebook columns (line items): found before they are made, made by one worker at a time (AGS 2.0, 3.2).

Whoever looks for a column claims the assignment first, so that two workers never make two. A creation whose outcome is
unknown is not repeated: the next look finds the column if the LMS has made it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select, update

from config.clock import Clock, utc_now
from config.database import Database
from grading.models import Assignment, Context, ResourceLink
from lti_tool.lti.claims import SCOPE_LINEITEM
from lti_tool.lti.outside import read_json, with_query
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.errors import ServiceFailed

LINEITEM: Final = "application/vnd.ims.lis.v2.lineitem+json"
LINEITEMS: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
TAG: Final = "grade"
CLAIM: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class _Wanted:
    assignment_id: UUID
    title: str
    points_hundredths: int
    container: str | None
    known_url: str | None
    lms_link_ids: tuple[str, ...]
    copied_from: frozenset[str] = frozenset()
    """Assignments that the links named before: a copied course brings their columns along, ids and all."""


class Columns:
    """Knows where the column of an assignment is."""

    def __init__(self, database: Database, connector: ServiceConnector, clock: Clock = utc_now) -> None:
        self._database = database
        self._connector = connector
        self._clock = clock

    def known(self, assignment_id: UUID) -> str | None:
        """The column's address, if it is known."""
        with self._database.transaction() as session:
            return session.execute(select(Assignment.lineitem_url).where(Assignment.id == assignment_id)).scalar_one()

    def find_or_make(self, deployment_id: UUID, assignment_id: UUID) -> str:
        """The column's address: known by now, found in the LMS, or made there.

        Raises:
            ServiceFailed: the LMS offers no gradebook, did not answer, or another worker is at it.
        """
        wanted = self._claim(assignment_id)
        if wanted.known_url:
            return wanted.known_url
        url: str | None = None
        try:
            if not wanted.container:
                raise ServiceFailed("Your LMS has not offered a gradebook for this course. Open the activity once.")
            url = self._find(deployment_id, wanted) or self._make(deployment_id, wanted)
        finally:
            self._release(assignment_id, url)
        return url

    def forget(self, assignment_id: UUID, url: str) -> None:
        """The LMS says that the column is gone."""
        with self._database.transaction() as session:
            session.execute(
                update(Assignment)
                .where(Assignment.id == assignment_id, Assignment.lineitem_url == url)
                .values(lineitem_url=None)
            )

    def update(self, deployment_id: UUID, assignment_id: UUID) -> None:
        """Give the column the assignment's title and points; what else it holds stays (PUT replaces everything).

        Raises:
            ServiceFailed: the LMS did not let us, or did not answer.
        """
        with self._database.transaction() as session:
            wanted = self._read(session.get_one(Assignment, assignment_id), None, ())
        if not wanted.known_url:
            return
        scopes = (SCOPE_LINEITEM,)
        answer = self._connector.request(
            deployment_id, "GET", wanted.known_url, scopes=scopes, headers={"Accept": LINEITEM}
        )
        item = _item(answer.body) if answer.status == 200 else None
        if item is None:
            raise ServiceFailed(f"The gradebook column could not be read (HTTP {answer.status}).", status=answer.status)
        changed = item | {"label": wanted.title, "scoreMaximum": number(wanted.points_hundredths)}
        if changed == item:
            return
        headers = {"Content-Type": LINEITEM, "Accept": LINEITEM}
        answer = self._connector.request(
            deployment_id, "PUT", wanted.known_url, scopes=scopes, headers=headers, body=compact(changed)
        )
        if answer.status not in (200, 201, 202, 204):
            raise ServiceFailed(f"The gradebook column was not changed (HTTP {answer.status}).", status=answer.status)

    def _claim(self, assignment_id: UUID) -> _Wanted:
        now = self._clock()
        with self._database.transaction() as session:
            claimed = session.execute(
                update(Assignment)
                .where(
                    Assignment.id == assignment_id,
                    Assignment.lineitem_url.is_(None),
                    or_(Assignment.column_claimed_until.is_(None), Assignment.column_claimed_until < now),
                )
                .values(column_claimed_until=now + CLAIM)
                .returning(Assignment.id)
            ).first()
            assignment, container = session.execute(
                select(Assignment, Context.lineitems_url)
                .join(Context, Context.id == Assignment.context_id)
                .where(Assignment.id == assignment_id)
                .execution_options(populate_existing=True)
            ).one()
            if claimed is None and not assignment.lineitem_url:
                raise ServiceFailed("The gradebook column is being looked for right now.", retry=True)
            links = session.execute(
                select(ResourceLink.lms_link_id, ResourceLink.named_assignment_id).where(
                    ResourceLink.assignment_id == assignment_id
                )
            ).all()
            wanted = self._read(assignment, container, tuple(link.lms_link_id for link in links))
            named = (link.named_assignment_id for link in links)
            return replace(wanted, copied_from=frozenset(str(one) for one in named if one is not None))

    @staticmethod
    def _read(assignment: Assignment, container: str | None, links: tuple[str, ...]) -> _Wanted:
        return _Wanted(
            assignment.id, assignment.title, assignment.points_hundredths, container, assignment.lineitem_url, links
        )

    def _release(self, assignment_id: UUID, url: str | None) -> None:
        with self._database.transaction() as session:
            values: dict[str, Any] = {"column_claimed_until": None} | ({"lineitem_url": url} if url else {})
            session.execute(update(Assignment).where(Assignment.id == assignment_id).values(**values))

    def _find(self, deployment_id: UUID, wanted: _Wanted) -> str | None:
        """By our own id first; else the only column that the LMS made, or copied, for one of the assignment's links."""
        for item in self._items(deployment_id, str(wanted.container), {"resource_id": str(wanted.assignment_id)}):
            if item.get("resourceId") == str(wanted.assignment_id):
                return str(item["id"])
        for link in wanted.lms_link_ids:
            found = [
                item
                for item in self._items(deployment_id, str(wanted.container), {"resource_link_id": link})
                if item.get("resourceLinkId") == link
                and (not item.get("resourceId") or item["resourceId"] in wanted.copied_from)
                and item.get("tag") in (None, "", TAG)
            ]
            if len(found) == 1:
                return str(found[0]["id"])
        return None

    def _items(self, deployment_id: UUID, container: str, filters: dict[str, str]) -> Iterator[dict[str, Any]]:
        pages = self._connector.pages(
            deployment_id, with_query(container, filters), scopes=(SCOPE_LINEITEM,), accept=LINEITEMS
        )
        for page in pages:
            for item in page if isinstance(page, list) else []:
                if isinstance(item, dict) and isinstance(item.get("id"), str) and item["id"].startswith("http"):
                    yield item

    def _make(self, deployment_id: UUID, wanted: _Wanted) -> str:
        body = {
            "label": wanted.title,
            "scoreMaximum": number(wanted.points_hundredths),
            "resourceId": str(wanted.assignment_id),
            "tag": TAG,
        }
        answer = self._connector.request(
            deployment_id,
            "POST",
            str(wanted.container),
            scopes=(SCOPE_LINEITEM,),
            headers={"Content-Type": LINEITEM, "Accept": LINEITEM},
            body=compact(body),
            repeatable=False,
        )
        item = _item(answer.body) if answer.status in (200, 201) else None
        made = item.get("id") if item else None
        if not isinstance(made, str) or not made.startswith("http"):
            raise ServiceFailed(
                f"Your LMS did not make a gradebook column (HTTP {answer.status}).", status=answer.status
            )
        return made


def number(hundredths: int) -> int | float:
    """Points as JSON: whole where they are whole."""
    return hundredths // 100 if hundredths % 100 == 0 else hundredths / 100


def compact(body: Mapping[str, Any]) -> bytes:
    """One line of JSON: a line break in a rejected body costs Moodle its status line."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _item(body: bytes) -> dict[str, Any] | None:
    try:
        content = read_json(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
