"""Line items: the gradebook's columns as the tool lists, makes, changes and removes them (AGS 2.0, section 3.2)."""

import json
import sqlite3
from typing import Any, Final

from flask import Blueprint, Response, request

from lti_tool.demo.platform.claims import AGS_SCOPE
from lti_tool.demo.platform.course import Column, Course, column_of
from lti_tool.demo.platform.errors import ServiceRefused
from lti_tool.demo.platform.model import COURSE_ID, Platform
from lti_tool.demo.platform.service_parts import answer, number_in, page_of, read_body, require_accept, text_in
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

    def __init__(self, platform: Platform, store: Store, course: Course) -> None:
        self._platform = platform
        self._store = store
        self._course = course

    def find(self, number: int) -> Column:
        """Give the column of an address that came with its query part; raises ServiceRefused (404)."""
        column = next((column for column in self._course.columns() if column.number == number), None)
        if column is None or request.args.get("type_id") != "1":
            raise ServiceRefused("There is no such line item.", code="not_found", status=404)
        return column

    def shown(self, column: Column) -> dict[str, Any]:
        """Give a column as the services write it."""
        item: dict[str, Any] = column.extra | {
            "id": self._platform.line_item_url(column.number),
            "label": column.label,
            "scoreMaximum": column.maximum,
        }
        optional = {"resourceId": column.resource_id, "tag": column.tag, "resourceLinkId": column.link_id}
        return item | {name: value for name, value in optional.items() if value is not None}

    def filtered(self, wanted: dict[str, str | None]) -> list[dict[str, Any]]:
        """Give the columns that fit every filter that is not None."""
        return [
            self.shown(column)
            for column in self._course.columns()
            if wanted["resource_link_id"] in (None, column.link_id)
            and wanted["resource_id"] in (None, column.resource_id)
            and wanted["tag"] in (None, column.tag)
        ]

    def make(self, body: dict[str, Any]) -> Column:
        """Add a column; raises ServiceRefused."""
        values = self._values(body)
        with self._store.transaction() as connection:
            self._require_link(connection, values["link_id"])
            row = connection.execute(
                "INSERT INTO line_items (label, maximum, resource_id, tag, link_id, extra) "
                "VALUES (:label, :maximum, :resource_id, :tag, :link_id, :extra) RETURNING *",
                values,
            ).fetchone()
            return column_of(row)

    def replace(self, column: Column, body: dict[str, Any]) -> Column:
        """Replace a column by the body; its address and its link cannot change. Raises ServiceRefused."""
        values = self._values(body) | {"number": column.number}
        if body.get("id", self._platform.line_item_url(column.number)) != self._platform.line_item_url(column.number):
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
    def _require_link(connection: sqlite3.Connection, link_id: str | None) -> None:
        if link_id is not None and not connection.execute("SELECT 1 FROM links WHERE id = ?", (link_id,)).fetchone():
            raise ServiceRefused("The course has no such resource link.", code="not_found", status=404)


def create_line_item_routes(platform: Platform, line_items: LineItems, tokens: AccessTokens) -> Blueprint:
    """Give the routes of the container and of its items."""
    routes = Blueprint("line_items", __name__, url_prefix=f"/lti/courses/{COURSE_ID}/lineitems")

    @routes.get("")
    def container() -> Response:
        tokens.require(request, _READ, _WRITE)
        require_accept(request, CONTAINER_TYPE)
        found = line_items.filtered({name: request.args.get(name) for name in _FILTERS})
        page, headers = page_of(request, platform.line_items_url, found, filters=_FILTERS)
        response = answer(page, CONTAINER_TYPE)
        response.headers.update(headers)
        return response

    @routes.post("")
    def make() -> Response:
        tokens.require(request, _WRITE)
        return answer(line_items.shown(line_items.make(read_body(request, ITEM_TYPE))), ITEM_TYPE, 201)

    @routes.get("/<int:number>/lineitem")
    def show(number: int) -> Response:
        tokens.require(request, _READ, _WRITE)
        require_accept(request, ITEM_TYPE)
        return answer(line_items.shown(line_items.find(number)), ITEM_TYPE)

    @routes.put("/<int:number>/lineitem")
    def replace(number: int) -> Response:
        tokens.require(request, _WRITE)
        column = line_items.find(number)
        return answer(line_items.shown(line_items.replace(column, read_body(request, ITEM_TYPE))), ITEM_TYPE)

    @routes.delete("/<int:number>/lineitem")
    def remove(number: int) -> Response:
        tokens.require(request, _WRITE)
        line_items.remove(line_items.find(number))
        return Response(status=204)

    return routes
