"""The stand-in for Moodle on a loopback port, in the state in which the real one was captured."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from lti_tool.demo.platform.keys import ToolKeys
from lti_tool.demo.platform.model import Clock
from lti_tool.demo.platform.vendors.moodle import FIRST_TOOL, Activity, Item, Moodle, Tool, create_app

FOLDER = Path(__file__).parents[4] / "data" / "moodle"
CAPTURED = "https://moodle.example"


def captured(number: int) -> Any:
    """A file of the captures."""
    (path,) = FOLDER.glob(f"{number:02}-*.json")
    return json.loads(path.read_text())


def people() -> list[dict[str, Any]]:
    """Everybody of the captured course, as its list of people showed them."""
    found: list[dict[str, Any]] = next(
        one["response"]["body"]["members"] for one in captured(46) if one["name"].startswith("nrps accept */*")
    )
    return found


def administrators() -> list[dict[str, Any]]:
    """Who administers the site."""
    names = {"name": "Admin User", "given_name": "Admin", "family_name": "User"}
    return [{"user_id": "2", "email": "admin@moodle.example", "ext_user_username": "admin", **names}]


def items() -> dict[int, Item]:
    """The grade items of the captured course, the course total among them."""
    shown = next(one["response"]["body"] for one in captured(41) if one["name"] == "lineitems-GET")
    found = {1: Item(1, None, 410, None, link_id="1", tool=None)}
    for entry in shown:
        number = int(entry["id"].partition("/lineitems/")[2].partition("/")[0])
        found[number] = Item(
            number,
            entry["label"],
            entry["scoreMaximum"],
            entry.get("resourceId", ""),
            entry.get("tag", ""),
            entry.get("resourceLinkId"),
            entry.get("submissionReview"),
        )
    return found


def first_tool(keys: ToolKeys, client_id: str) -> Tool:
    """The tool whose registration was captured, under another client id."""
    asked = captured(2)["request"]["body"]
    own = asked["https://purl.imsglobal.org/spec/lti-tool-configuration"]
    return Tool(
        FIRST_TOOL,
        client_id,
        keys,
        name=asked["client_name"],
        description=own["description"],
        domain=own["domain"],
        logo_url=asked["logo_uri"],
        jwks_url=asked["jwks_uri"],
        login_url=asked["initiate_login_uri"],
        redirect_urls=asked["redirect_uris"],
        target_url=own["target_link_uri"],
        deep_linking_url="https://tool.example/dl",
        custom=own["custom_parameters"],
    )


def activities() -> dict[str, Activity]:
    """The activities of the captured course."""
    text, url = "A short description", "https://tool.example/launch?ex="
    found = {"2": Activity("2", 3, FIRST_TOOL, "Minimal", custom="exercise=ex-min")}
    for exercise, number in (("1", "1"), ("2", "4"), ("3", "5"), ("4", "6")):
        title, custom = f"Probe exercise {exercise}", f"exercise=ex-{exercise}"
        found[number] = Activity(number, int(number) + 1, FIRST_TOOL, title, text, url + exercise, custom)
    return found


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name is werkzeug's
        """Nothing is written to the terminal."""


@contextmanager
def running(tool_keys_url: str, client_id: str, clock: Clock) -> Iterator[Moodle]:
    """Serve it until the block ends."""
    tool = first_tool(ToolKeys(tool_keys_url), client_id)
    moodle = Moodle(
        "",
        {FIRST_TOOL: tool},
        people(),
        administrators(),
        items=items(),
        activities=activities(),
        non_editing_teachers={"4"},
        clock=clock,
    )
    server = make_server("127.0.0.1", 0, create_app(moodle), threaded=True, request_handler=_Quiet)
    moodle.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield moodle
    server.shutdown()
