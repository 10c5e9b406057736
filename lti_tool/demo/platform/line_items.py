"""Line items: the gradebook's columns as the tool lists, makes, changes and removes them (AGS 2.0, section 3.2)."""

import json
import sqlite3
from typing import Any, Final

from flask import Blueprint, Response, request

from lti_tool.demo.platform.claims import AGS_SCOPE
from lti_tool.demo.platform.courses import Column, Courses, column_of
from lti_tool.demo.platform.errors import ServiceRefused
from lti_tool.demo.platform.model import Platform
from lti_tool.demo.platform.service_parts import (
    answer,
    course_of,
    number_in,
    page_of,
    read_body,
    require_accept,
    text_in,
)
from lti_tool.demo.platform.store import Store
from lti_tool.demo.platform.tokens import AccessTokens

ITEM_TYPE: Final = "application/vnd.ims.lis.v2.lineitem+json"
CONTAINER_TYPE: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
_WRITE: Final = AGS_SCOPE + "lineitem"
_READ: Final = AGS_SCOPE + "lineitem.readonly"
_FILTERS: Final = ("resource_link_id", "resource_id", "tag")
_KEPT: Final = ("startDateTime", "endDateTime", "gradesReleased", "submissionReview")


class LineItems:
    """Reads and writes line items."""

    def __init__(self, platform: Platform, store: Store, courses: Courses) -> None:
        self._platform = platform
        self._store = store
        self._courses = courses

    def find(self, course_id: str, number: int) -> Column:
        """Give the column of an address that came with its query part; raises ServiceRefused (404)."""
        column = next((column for column in self._courses.columns(course_id) if column.number == number), None)
        if column is None or request.args.get("type_id") != "1":
            raise ServiceRefused("There is no such line item.", code="not_found", status=404)
        return column

    def shown(self, column: Column) -> dict[str, Any]:
        """Give a column as the services write it."""
        item: dict[str, Any] = column.extra | {
            "id": self._platform.line_item_url(column.course_id, column.number),
            "label": column.label,
            "scoreMaximum": column.maximum,
        }
        optional = {"resourceId": column.resource_id, "tag": column.tag, "resourceLinkId": column.link_id}
        return item | {name: value for name, value in optional.items() if value is not None}

    def filtered(self, course_id: str, wanted: dict[str, str | None]) -> list[dict[str, Any]]:
        """Give the course's columns that fit every filter that is not None; raises ServiceRefused (404)."""
        course = course_of(self._courses, course_id)
        return [
            self.shown(column)
            for column in self._courses.columns(course.id)
            if wanted["resource_link_id"] in (None, column.link_id)
            and wanted["resource_id"] in (None, column.resource_id)
            and wanted["tag"] in (None, column.tag)
        ]

    def make(self, course_id: str, body: dict[str, Any]) -> Column:
        """Add a column to a course; raises ServiceRefused."""
        values = self._values(body) | {"course_id": course_of(self._courses, course_id).id}
        with self._store.transaction() as connection:
            self._require_link(connection, course_id, values["link_id"])
            row = connection.execute(
                "INSERT INTO line_items (label, maximum, resource_id, tag, link_id, extra, course_id) "
                "VALUES (:label, :maximum, :resource_id, :tag, :link_id, :extra, :course_id) RETURNING *",
                values,
            ).fetchone()
            return column_of(row)

    def replace(self, column: Column, body: dict[str, Any]) -> Column:
        """Replace a column by the body; its address and its link cannot change. Raises ServiceRefused."""
        values = self._values(body) | {"number": column.number}
        url = self._platform.line_item_url(column.course_id, column.number)
        if body.get("id", url) != url:
            raise ServiceRefused("The id of a line item cannot change.")
        if values["link_id"] not in (None, column.link_id):
            raise ServiceRefused("The resourceLinkId of a line item cannot change.")
        with self._store.transaction() as connection:
            row = connection.execute(
                "UPDATE line_items SET label = :label, maximum = :maximum, resource_id = :resource_id, tag = :tag, "
                "extra = :extra WHERE number = :number RETURNING *",
                values,
            ).fetchone()
        if row is None:
            raise ServiceRefused("There is no such line item.", code="not_found", status=404)
        return column_of(row)

    def remove(self, column: Column) -> None:
        """Remove a column with its grades."""
        with self._store.transaction() as connection:
            connection.execute("DELETE FROM line_items WHERE number = ?", (column.number,))

    @staticmethod
    def _values(body: dict[str, Any]) -> dict[str, Any]:
        label, maximum = text_in(body, "label"), number_in(body, "scoreMaximum")
        if not label or not label.strip():
            raise ServiceRefused("A line item needs a label.")
        if maximum is None or maximum <= 0:
            raise ServiceRefused("A line item needs a scoreMaximum above zero.")
        return {
            "label": label,
            "maximum": maximum,
            "resource_id": text_in(body, "resourceId"),
            "tag": text_in(body, "tag"),
            "link_id": text_in(body, "resourceLinkId"),
            "extra": json.dumps({name: value for name, value in body.items() if name in _KEPT or "://" in name}),
        }

    @staticmethod
    def _require_link(connection: sqlite3.Connection, course_id: str, link_id: str | None) -> None:
        found = connection.execute("SELECT 1 FROM links WHERE id = ? AND course_id = ?", (link_id, course_id))
        if link_id is not None and not found.fetchone():
            raise ServiceRefused("The course has no such resource link.", code="not_found", status=404)


def create_line_item_routes(platform: Platform, line_items: LineItems, tokens: AccessTokens) -> Blueprint:
    """Give the routes of the container and of its items."""
    routes = Blueprint("line_items", __name__, url_prefix="/lti/courses/<course_id>/lineitems")

    @routes.get("")
    def container(course_id: str) -> Response:
        tokens.require(request, _READ, _WRITE)
        require_accept(request, CONTAINER_TYPE)
        found = line_items.filtered(course_id, {name: request.args.get(name) for name in _FILTERS})
        page, headers = page_of(request, platform.line_items_url(course_id), found, filters=_FILTERS)
        response = answer(page, CONTAINER_TYPE)
        response.headers.update(headers)
        return response

    @routes.post("")
    def make(course_id: str) -> Response:
        tokens.require(request, _WRITE)
        return answer(line_items.shown(line_items.make(course_id, read_body(request, ITEM_TYPE))), ITEM_TYPE, 201)

    @routes.get("/<int:number>/lineitem")
    def show(course_id: str, number: int) -> Response:
        tokens.require(request, _READ, _WRITE)
        require_accept(request, ITEM_TYPE)
        return answer(line_items.shown(line_items.find(course_id, number)), ITEM_TYPE)

    @routes.put("/<int:number>/lineitem")
    def replace(course_id: str, number: int) -> Response:
        tokens.require(request, _WRITE)
        column = line_items.find(course_id, number)
        return answer(line_items.shown(line_items.replace(column, read_body(request, ITEM_TYPE))), ITEM_TYPE)

    @routes.delete("/<int:number>/lineitem")
    def remove(course_id: str, number: int) -> Response:
        tokens.require(request, _WRITE)
        line_items.remove(line_items.find(course_id, number))
        return Response(status=204)

    return routes
