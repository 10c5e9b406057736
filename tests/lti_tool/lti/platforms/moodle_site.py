"""The tool and Moodle's stand-in, each reachable for the other, with people who go back and forth between them."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from re import findall, search
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from lxml import html
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from lti_tool.demo.platform.keys import ToolKeys
from lti_tool.demo.platform.vendors.moodle import Activity, Moodle, registration
from lti_tool.demo.platform.vendors.moodle.deep_linking import save
from lti_tool.demo.platform.vendors.moodle.launches import COOKIE
from lti_tool.lti.registration import invitations
from tests.lti_tool.conftest import BASE_URL, Browser, Tool
from tests.lti_tool.demo.platform.vendors.running import running
from tests.lti_tool.lms import CLIENT_ID


@contextmanager
def site_for(tool: Tool) -> Iterator[Moodle]:
    """Run the stand-in, which fetches the tool's keys by itself."""
    server = make_server("127.0.0.1", 0, tool.flask, threaded=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    home = f"http://127.0.0.1:{server.server_port}"
    with running(f"{home}/lti/jwks.json", CLIENT_ID, time.time) as moodle:
        moodle.keys_of = lambda address: ToolKeys(address.replace(BASE_URL, home))
        yield moodle
    server.shutdown()


def register(
    tool: Tool, moodle: Moodle, browser: Browser, updates: str = "", meanwhile: Callable[[str], None] | None = None
) -> TestResponse:
    """Connect the two as administrators do: one address in Moodle, one press of a button in the tool's frame.

    Args:
        meanwhile: is given the registration token before the button is pressed.
    """
    with tool.parts.database.transaction() as session:
        invited = invitations.invite(session, "Moodle of the law school", None, tool.parts.clock)
    address = registration.start(moodle, f"{BASE_URL}/lti/register?invitation={invited}", updates)
    page = browser.get(address.removeprefix(BASE_URL))
    assert page.status_code == 200, page.get_data(as_text=True)
    form = html.document_fromstring(page.get_data(as_text=True)).forms[0]
    if meanwhile is not None:
        meanwhile(parse_qs(urlsplit(address).query)["registration_token"][0])
    return browser.post("/lti/register", data=dict(form.form_values()))


@dataclass
class Visitor:
    """Somebody who is signed in to Moodle, with a browser of their own."""

    tool: Tool
    moodle: Moodle
    user_id: str

    def __post_init__(self) -> None:
        self.browser = self.tool.browser()
        self.cookie = self.moodle.sign_in(self.user_id)

    def ask(self, address: str, method: str = "GET", **form: str) -> requests.Response:
        """Ask Moodle for a page."""
        return requests.request(
            method,
            address if address.startswith("http") else f"{self.moodle.url}{address}",
            data=form or None,
            cookies={COOKIE: self.cookie},
            allow_redirects=False,
            timeout=10,
        )

    def launch(self, address: str, **changes: str) -> TestResponse:
        """Open something of Moodle's that leads to the tool, and go the whole way there."""
        login = form_of(self.ask(address).text)
        started = self.browser.post(urlsplit(login.pop("action")).path, data=login)
        assert started.status_code == 302, started.get_data(as_text=True)
        target = started.headers["Location"]
        for name, value in changes.items():
            target = f"{target}&{name}={value}" if f"{name}=" not in target else replaced(target, name, value)
        back = form_of(self.ask(target).text)
        return self.browser.post(urlsplit(back.pop("action")).path, data=back)

    def open(self, activity: Activity, **query: str) -> TestResponse:
        """Open an activity of the course."""
        more = "".join(f"&{name}={value}" for name, value in query.items())
        return self.launch(f"/mod/lti/launch.php?id={activity.module}{more}")

    def add(self, number: str, values: dict[str, str], action: str = "/deep-link") -> Any:
        """Choose content of a tool, as a teacher does; returns the values of the form that Moodle shows then."""
        taken = self.launch(f"/mod/lti/contentitem.php?course=2&id={number}")
        page = self.browser.submit(taken.headers["Location"], action, values)
        answer = html.document_fromstring(page.get_data(as_text=True)).forms[0]
        shown = self.ask(str(answer.get("action")), "POST", **dict(answer.form_values()))
        assert shown.status_code == 200, shown.text
        return values_of(shown.text)

    def add_and_save(self, number: str, values: dict[str, str], action: str = "/deep-link") -> Activity:
        """Choose content, and save the form."""
        (made,) = save(self.moodle, self.moodle.tools[number], self.add(number, values, action))
        return made


def form_of(page: str) -> dict[str, str]:
    """The fields of a page that posts itself; its address is under `action`."""
    fields = {name: unescape(value) for name, value in findall(r'name="(\w+)" value="([^"]*)"', page)}
    return fields | {"action": unescape(findall(r'action="([^"]*)"', page)[0])}


def values_of(page: str) -> Any:
    """The values that a page of Moodle's hands to the dialog around it."""
    found = search(r"amd\.init\((.*)\);", page)
    assert found
    return json.loads(found.group(1))


def replaced(address: str, name: str, value: str) -> str:
    """The address with another value of a parameter."""
    parts = [part if not part.startswith(f"{name}=") else f"{name}={value}" for part in address.split("&")]
    return "&".join(parts)
