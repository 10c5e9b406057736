"""Deep linking: what the site makes of a tool's answer, and of the form that the teacher saves then.

An answer is taken by its signature, its end and its issuer; nothing else of its envelope is looked at.
"""

import base64
import json
from typing import Any, Final

import jwt
from flask import Response, request

from lti_tool.demo.platform.errors import AssertionRefused
from lti_tool.demo.platform.vendors.moodle.answers import HTML, error_page, go_to
from lti_tool.demo.platform.vendors.moodle.launches import session_of
from lti_tool.demo.platform.vendors.moodle.signing import ExpiredAssertion, verify
from lti_tool.demo.platform.vendors.moodle.state import COURSE, LARGEST_POINTS, Activity, Item, Moodle, Tool

DL: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/"
CHOSEN: Final = (
    '<i class="icon fa fa-check text-success fa-fw "  title="Yes" role="img" aria-label="Yes"></i>Content selected'
)
_PLAIN_TEXT: Final = "2"
_BY_TOOL: Final = 0


class ActivityRefused(Exception):
    """The teacher's form was not saved; `str` of it is what the form says."""


def take_answer(moodle: Moodle) -> Response:
    """Take the tool's answer: a page that hands the values of the teacher's form to the dialog around it."""
    session, tool = session_of(moodle), moodle.tools.get(request.args.get("id", ""))
    if session is None:
        return go_to(f"{moodle.url}/login/index.php")
    if tool is None or request.args.get("sesskey") != session.key:
        return error_page("Your session has most likely timed out. Please log in again.")
    token = request.form.get("JWT", "")
    claims = _unverified(token)
    if claims.get("iss"):
        # A token that names no issuer is not even checked: it is as if nothing had come.
        if claims["iss"] != tool.client_id:
            return error_page("Consumer key is incorrect")
        try:
            verify(token, tool.keys, moodle.clock())
        except ExpiredAssertion:
            return error_page("Exception - Expired token")
        except (AssertionRefused, jwt.PyJWTError):
            return error_page("Exception - Signature verification failed")
    values = None if claims.get(DL + "errormsg") else form_values(claims.get(DL + "content_items") or [], tool)
    text = json.dumps(values, ensure_ascii=False).replace("/", "\\/")
    page = f"<!DOCTYPE html><html><body><script>amd.init({text});</script></body></html>"
    return Response(page, content_type=HTML)


def form_values(items: list[dict[str, Any]], tool: Tool) -> dict[str, Any] | None:
    """Give the values of the teacher's form; several items become a list to confirm, none closes the dialog."""
    if not items:
        return None
    if len(items) > 1:
        return {"multiple": [_values(item, tool) for item in items], "selectcontentindicator": CHOSEN}
    return _values(items[0], tool) | {"selectcontentindicator": CHOSEN}


def save(moodle: Moodle, tool: Tool, values: dict[str, Any], course: str = COURSE) -> list[Activity]:
    """Save the teacher's form in a course, or confirm the list.

    Raises:
        ActivityRefused: one item with points that a column can't have. In a list they become 100 without a word.
    """
    several = values.get("multiple")
    made = []
    for each in several or [values]:
        points = each.get("grade_modgrade_point")
        if points is not None and (points != int(points) or not 1 <= points <= LARGEST_POINTS):
            if not several:
                raise ActivityRefused(f"The maximum grade must be an integer between 1 and {LARGEST_POINTS}.")
            points = LARGEST_POINTS
        made.append(_add(moodle, tool, each, points, course))
    return made


def _add(moodle: Moodle, tool: Tool, values: dict[str, Any], points: float | None, course: str) -> Activity:
    number = str(max(map(int, moodle.activities), default=0) + 1)
    activity = Activity(
        number,
        max((one.module for one in moodle.activities.values()), default=1) + 1,
        tool.number,
        values["name"],
        values["introeditor"]["text"],
        values.get("toolurl", ""),
        values.get("instructorcustomparameters", ""),
        course,
    )
    moodle.activities[number] = activity
    if points is not None:
        column = max(moodle.items, default=1) + 1
        review = {"url": values["lineitemsubreviewurl"], "custom": _pairs(values["lineitemsubreviewparams"])}
        moodle.items[column] = Item(
            column,
            # The column is called like the activity, whatever the tool called it.
            activity.title,
            points,
            values["lineitemresourceid"],
            values["lineitemtag"],
            number,
            {name: value for name, value in review.items() if value} or None,
            tool=tool.number,
            course=course,
        )
    return activity


def _values(item: dict[str, Any], tool: Tool) -> dict[str, Any]:
    """Give one item as Moodle's form has it. Links, files and pieces of HTML become activities too."""
    found: dict[str, Any] = {
        "name": item.get("title") or tool.name,
        "introeditor": {"text": item.get("html") or item.get("text") or "", "format": _PLAIN_TEXT},
    }
    if item.get("icon"):
        found["icon"] = item["icon"]["url"]
    found |= {"toolurl": item["url"], "typeid": _BY_TOOL} if item.get("url") else {"typeid": tool.number}
    column = item.get("lineItem")
    found["instructorchoiceacceptgrades"] = 1 if column else 0
    if column:
        review = column.get("submissionReview") or {}
        found |= {
            "grade_modgrade_point": column["scoreMaximum"],
            "lineitemresourceid": column.get("resourceId", ""),
            "lineitemtag": column.get("tag", ""),
            "lineitemsubreviewurl": review.get("url", ""),
            "lineitemsubreviewparams": _lines(review.get("custom", {})),
        }
    found |= {"instructorchoicesendname": 0, "instructorchoicesendemailaddr": 0, "launchcontainer": 1}
    if item.get("custom"):
        found["instructorcustomparameters"] = _lines(item["custom"])
    return found


def _lines(parameters: dict[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in parameters.items())


def _pairs(lines: str) -> dict[str, str]:
    return {name: value for name, mark, value in (line.partition("=") for line in lines.split("\n")) if mark}


def _unverified(token: str) -> dict[str, Any]:
    parts = token.split(".")
    try:
        content = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, IndexError):
        return {}
    return content if isinstance(content, dict) else {}
