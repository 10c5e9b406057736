"""The way back of deep linking: checks the tool's response and stores the assignment with its line item."""

import json
import math
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any, Final

from lti_tool.demo.platform.claims import DL, LTI
from lti_tool.demo.platform.errors import AssertionRefused, DeepLinkRefused
from lti_tool.demo.platform.keys import ToolKeys, read_tool_token
from lti_tool.demo.platform.model import Clock, Platform, origin_of
from lti_tool.demo.platform.own_assignment import OwnAssignment
from lti_tool.demo.platform.store import Store, use_once

PROCESSOR: Final = "processor"
"""What a response that attached a processor leads to, in place of a link."""
_LONGEST_TEXT: Final = 2000


@dataclass(frozen=True)
class _Item:
    title: str
    text: str
    url: str
    custom: dict[str, str]
    line_item: dict[str, Any] | None


class DeepLinking:
    """Takes deep linking responses."""

    def __init__(self, platform: Platform, store: Store, tool_keys: ToolKeys, own: OwnAssignment, clock: Clock) -> None:
        self._platform = platform
        self._store = store
        self._tool_keys = tool_keys
        self._own = own
        self._clock = clock

    def take(self, token: str) -> str | None:
        """Verify the response and store its item; give the new link's id, None for an empty list.

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
        with self._store.transaction() as connection:
            if not use_once(connection, "nonce", claims["nonce"], now=now, expires_at=claims["exp"] + 120):
                raise DeepLinkRefused("This response was used before.")
            self._use_data(connection, claims.get(DL + "data"), now)
            link_id = None if item is None else _store(connection, item)
        if processor is not None:
            self._own.attach(processor)
            return PROCESSOR
        return link_id

    @staticmethod
    def _use_data(connection: sqlite3.Connection, data: object, now: float) -> None:
        used = connection.execute(
            "UPDATE deep_links SET used = 1 WHERE data = ? AND used = 0 AND expires_at > ?",
            (data if isinstance(data, str) else "", now),
        )
        if used.rowcount != 1:
            raise DeepLinkRefused("The response does not bring back the data of an open request.")

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
        LTI + "deployment_id": platform.deployment_id,
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


def _store(connection: sqlite3.Connection, item: _Item) -> str:
    link_id = secrets.token_hex(8)
    connection.execute(
        "INSERT INTO links VALUES (?, (SELECT COUNT(*) + 1 FROM links), ?, ?, ?, ?)",
        (link_id, item.title, item.text, item.url, json.dumps(item.custom)),
    )
    if item.line_item is not None:
        connection.execute(
            "INSERT INTO line_items (label, maximum, resource_id, tag, link_id) "
            "VALUES (:label, :maximum, :resource_id, :tag, :link_id)",
            item.line_item | {"link_id": link_id},
        )
    return link_id
