"""The way back of deep linking: checks the tool's response and stores the assignment with its line item."""

import json
import math
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any, Final

from lti_tool.demo.platform.claims import DL, LTI, deployment_of
from lti_tool.demo.platform.courses import Courses
from lti_tool.demo.platform.errors import AssertionRefused, DeepLinkRefused
from lti_tool.demo.platform.keys import ToolKeys, read_tool_token
from lti_tool.demo.platform.model import Clock, Platform, origin_of
from lti_tool.demo.platform.own_assignment import OwnAssignment
from lti_tool.demo.platform.store import Store, use_once

_LONGEST_TEXT: Final = 2000


@dataclass(frozen=True)
class Taken:
    """What a response led to, in which course: a link, an attached processor, or nothing."""

    course_id: str
    link_id: str | None = None
    attached: bool = False


@dataclass(frozen=True)
class _Item:
    title: str
    text: str
    url: str
    custom: dict[str, str]
    line_item: dict[str, Any] | None


class DeepLinking:
    """Takes deep linking responses."""

    def __init__(
        self,
        platform: Platform,
        store: Store,
        courses: Courses,
        tool_keys: ToolKeys,
        own: OwnAssignment,
        clock: Clock,
    ) -> None:
        self._platform = platform
        self._courses = courses
        self._store = store
        self._tool_keys = tool_keys
        self._own = own
        self._clock = clock

    def take(self, token: str) -> Taken:
        """Verify the response and store its item in the course whose request it answers.

        Raises DeepLinkRefused. (Deep Linking 2.0, section 4.5; Security Framework 1.0, section 5.2.)
        """
        now = self._clock()
        try:
            claims = read_tool_token(token, self._tool_keys, audience=self._platform.issuer, now=now)
        except AssertionRefused as refusal:
            raise DeepLinkRefused(str(refusal)) from refusal
        _check_message(self._platform, claims)
        processor = _processor_of(claims)
        item = None if processor is not None else self._read_items(claims)
        deployments = {course.id: deployment_of(self._platform, course) for course in self._courses.all()}
        with self._store.transaction() as connection:
            if not use_once(connection, "nonce", claims["nonce"], now=now, expires_at=claims["exp"] + 120):
                raise DeepLinkRefused("This response was used before.")
            course_id = self._use_data(connection, claims.get(DL + "data"), now)
            if claims.get(LTI + "deployment_id") != deployments[course_id]:
                raise DeepLinkRefused(f"The claim {LTI}deployment_id is missing or wrong.")
            link_id = None if item is None else _store(connection, item, course_id)
        if processor is not None:
            self._own.attach(course_id, processor)
        return Taken(course_id, link_id, processor is not None)

    @staticmethod
    def _use_data(connection: sqlite3.Connection, data: object, now: float) -> str:
        """Give the course whose request the data belongs to."""
        used = connection.execute(
            "UPDATE deep_links SET used = 1 WHERE data = ? AND used = 0 AND expires_at > ? RETURNING course_id",
            (data if isinstance(data, str) else "", now),
        ).fetchone()
        if used is None:
            raise DeepLinkRefused("The response does not bring back the data of an open request.")
        return str(used["course_id"])

    def _read_items(self, claims: dict[str, Any]) -> _Item | None:
        items = claims.get(DL + "content_items", [])
        if not isinstance(items, list) or len(items) > 1:
            raise DeepLinkRefused("The response must hold a list of at most one item.")
        if not items:
            return None
        item = items[0]
        if not isinstance(item, dict) or item.get("type") != "ltiResourceLink":
            raise DeepLinkRefused("Only items of the type ltiResourceLink are accepted.")
        url = item.get("url", self._platform.redirect_uri)
        if not isinstance(url, str) or origin_of(url) != origin_of(self._platform.tool_url):
            raise DeepLinkRefused("The item's address does not belong to the tool.")
        custom = item.get("custom", {})
        if not isinstance(custom, dict) or not all(isinstance(value, str) for value in custom.values()):
            raise DeepLinkRefused("Custom parameters must be texts.")
        title = _text(item, "title") or "Blindmark assignment"
        return _Item(title, _text(item, "text") or "", url, custom, _read_line_item(item, title))


def _processor_of(claims: dict[str, Any]) -> dict[str, Any] | None:
    """Give the one asset processor of a response, or None when it holds none."""
    items = claims.get(DL + "content_items", [])
    if not isinstance(items, list) or not any(
        isinstance(item, dict) and item.get("type") == "ltiAssetProcessor" for item in items
    ):
        return None
    if len(items) != 1 or not isinstance(items[0].get("report", {}), dict):
        raise DeepLinkRefused("A processor comes alone, with an object `report`.")
    custom = items[0].get("custom", {})
    if not isinstance(custom, dict) or not all(isinstance(value, str) for value in custom.values()):
        raise DeepLinkRefused("Custom parameters must be texts.")
    return dict(items[0])


def _check_message(platform: Platform, claims: dict[str, Any]) -> None:
    expected = {
        "iss": platform.client_id,
        LTI + "version": "1.3.0",
        LTI + "message_type": "LtiDeepLinkingResponse",
    }
    for name, value in expected.items():
        if claims.get(name) != value:
            raise DeepLinkRefused(f"The claim {name} is missing or wrong.")
    if not isinstance(claims.get("nonce"), str) or not claims["nonce"]:
        raise DeepLinkRefused("The claim nonce is missing.")


def _read_line_item(item: dict[str, Any], title: str) -> dict[str, Any] | None:
    given = item.get("lineItem")
    if given is None:
        return None
    if not isinstance(given, dict):
        raise DeepLinkRefused("The line item must be an object.")
    maximum = given.get("scoreMaximum")
    if isinstance(maximum, bool) or not isinstance(maximum, int | float) or not 0 < maximum < math.inf:
        raise DeepLinkRefused("The line item needs a scoreMaximum above zero.")
    return {
        "label": _text(given, "label") or title,
        "maximum": float(maximum),
        "resource_id": _text(given, "resourceId"),
        "tag": _text(given, "tag"),
    }


def _text(given: dict[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and (not isinstance(value, str) or len(value) > _LONGEST_TEXT):
        raise DeepLinkRefused(f"The field {name} must be a text of at most {_LONGEST_TEXT} characters.")
    return value


def _store(connection: sqlite3.Connection, item: _Item, course_id: str) -> str:
    link_id = secrets.token_hex(8)
    connection.execute(
        "INSERT INTO links (id, position, title, text, url, custom, course_id) "
        "VALUES (?, (SELECT COUNT(*) + 1 FROM links), ?, ?, ?, ?, ?)",
        (link_id, item.title, item.text, item.url, json.dumps(item.custom), course_id),
    )
    if item.line_item is not None:
        connection.execute(
            "INSERT INTO line_items (label, maximum, resource_id, tag, link_id, course_id) "
            "VALUES (:label, :maximum, :resource_id, :tag, :link_id, :course_id)",
            item.line_item | {"link_id": link_id, "course_id": course_id},
        )
    return link_id
