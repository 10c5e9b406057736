"""Grade items: the list under one exact media type, broken Link headers, replacement that clears what is left out."""

from typing import Any, Final

from flask import Response, request

from lti_tool.demo.platform.vendors.moodle.access import token_for
from lti_tool.demo.platform.vendors.moodle.answers import HTML, as_json, refuse
from lti_tool.demo.platform.vendors.moodle.state import LINE_ITEM_SCOPE, SCORE_SCOPES, Item, Moodle

ITEM: Final = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
READING: Final = (LINE_ITEM_SCOPE, SCORE_SCOPES[0])


def answer_container(moodle: Moodle, parts: list[str], accept: str) -> Response:
    """Answer a request to all items of a course."""
    kind = request.mimetype
    if request.method == "GET":
        if accept == "*/*":
            return refuse(400, "No context or unsupported content type")
        if accept not in ("", ITEMS):
            return refuse(400, f"No handler found for /{'/'.join(parts)} {accept} ")
    elif kind != ITEM:
        return refuse(400, f"No handler found for /{'/'.join(parts)}  {kind}")
    token = token_for(moodle, *READING)
    if token is None:
        return refuse(401, "Unauthorized")
    if parts[0] not in moodle.courses:
        return as_json([], ITEMS) if parts[0] == "1" else refuse(404, f"Not Found: Course {parts[0]} doesn't exist")
    return (_make if request.method == "POST" else _list)(moodle, parts[0], token.tool)


def answer_item(moodle: Moodle, parts: list[str]) -> Response:
    """Answer a request to one item. Reading is open to every tool, whoever owns the item."""
    if request.method == "PATCH":
        return refuse(405, "Method Not Allowed")
    token = token_for(moodle, *READING)
    if token is None:
        return refuse(401, "Unauthorized")
    item = moodle.items.get(int(parts[2]))
    if item is None:
        return refuse(404, f"Not Found: Grade item {parts[2]} doesn't exist")
    if request.method == "DELETE":
        del moodle.items[item.number]
        answer = Response(content_type=HTML)
        answer.status = "204 OK"
        return answer
    if request.method == "GET":
        return as_json(shown(moodle, item, token.tool), ITEM)
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict) or not body.get("label") or "scoreMaximum" not in body:
        return refuse(400, "Bad Request")
    # What is left out is cleared.
    item.label, item.maximum = body["label"], float(body["scoreMaximum"])
    item.resource_id, item.tag = body.get("resourceId", ""), body.get("tag", "")
    review = body.get("submissionReview")
    item.review = {name: review[name] for name in ("url", "custom") if name in review} if review else None
    return as_json(body | {"id": moodle.item_url(item.number, token.tool)}, ITEM)


def shown(moodle: Moodle, item: Item, tool: str) -> dict[str, Any]:
    """Give an item as it is read."""
    found: dict[str, Any] = {
        "id": moodle.item_url(item.number, tool),
        "label": item.label,
        "scoreMaximum": int(item.maximum) if item.maximum == int(item.maximum) else item.maximum,
        "tag": item.tag,
    }
    if item.resource_id is not None:
        found["resourceId"] = item.resource_id
    if item.link_id is not None:
        found |= {"resourceLinkId": item.link_id, "ltiLinkId": item.link_id}
    return found | ({"submissionReview": item.review} if item.review else {})


def _list(moodle: Moodle, course: str, tool: str) -> Response:
    wanted = request.args
    found = [
        shown(moodle, item, tool)
        for item in moodle.items.values()
        if (item.tool, item.course) == (tool, course)
        and wanted.get("resource_id", item.resource_id) == item.resource_id
        and wanted.get("resource_link_id", item.link_id) == item.link_id
        and wanted.get("tag", item.tag) == item.tag
    ]
    limit = int(wanted.get("limit", 0))
    if not limit:
        return as_json(found, ITEMS)
    start = int(wanted.get("from", 0))
    answer = as_json(found[start : start + limit], ITEMS)
    last = (len(found) - 1) // limit * limit
    links = [("first", 0), *([("prev", start - limit)] if start else []), ("canonical", start)]
    links += [*([("next", start + limit)] if start + limit < len(found) else []), ("last", last)]
    base = f"{moodle.items_url(course, tool)}&amp;limit={limit}&amp;from="
    # Escaped for HTML, with typographic quotation marks in UTF-8: headers of servers are Latin-1.
    text = ", ".join(f"<{base}{place}>; rel=“{name}”" for name, place in links)
    answer.headers["Link"] = text.encode().decode("latin-1")
    return answer


def _make(moodle: Moodle, course: str, tool: str) -> Response:
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict) or not body.get("label") or "scoreMaximum" not in body:
        return refuse(400, "No label or Score Maximum")
    link = body.get("resourceLinkId")
    if link is not None and not any(item.link_id == link for item in moodle.items.values()):
        return refuse(403, "Forbidden")
    number = max(moodle.items, default=1) + 1
    moodle.items[number] = Item(
        number,
        body["label"],
        float(body["scoreMaximum"]),
        body.get("resourceId", ""),
        body.get("tag", ""),
        link,
        tool=tool,
        course=course,
    )
    return as_json(body | {"id": moodle.item_url(number, tool)}, ITEM, 201)
