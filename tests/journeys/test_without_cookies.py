"""Browsers that block cookies: those of third parties, or every cookie of the tool, even partitioned ones.

The LMS and the tool are different sites. Where third-party cookies are blocked, the partitioned one carries the visit.
Older browsers keep none at all in a frame: what the login left with the LMS lets the student in; from then on the
visit's key travels in a header, and every page of the story works.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Page, Playwright, Route, expect

from lti_tool.demo.course import assignment_brief, people
from lti_tool.demo.run import Started
from tests.conftest import QUIET
from tests.journeys.conftest import WIDE, picture

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("journeys")]
Settings = dict[str, object]
BLOCK_THIRD_PARTY = 1
"""How Chromium's settings write it."""
TRY_COOKIES = """() => {
  document.cookie = "everywhere=1; Secure; SameSite=None; Path=/";
  document.cookie = "in-this-lms=1; Secure; SameSite=None; Path=/; Partitioned";
  return document.cookie;
}"""
NAMES = {person.key: person.name for person in people()}


@contextmanager
def chromium_with(
    playwright: Playwright, chromium_path: str, profile: Path, settings: Settings
) -> Iterator[BrowserContext]:
    """Chromium of somebody who has changed its settings."""
    (profile / "Default").mkdir(parents=True)
    (profile / "Default" / "Preferences").write_text(json.dumps({"profile": settings}))
    context = playwright.chromium.launch_persistent_context(
        profile,
        executable_path=chromium_path,
        args=["--no-sandbox", "--disable-gpu", *QUIET],
        viewport=WIDE,  # type: ignore[arg-type]
    )
    yield context
    context.close()


@pytest.fixture
def cookieless(
    playwright: Playwright, chromium_path: str, demonstration: Started, tmp_path: Path
) -> Iterator[BrowserContext]:
    """Chromium that refuses every cookie of the tool's site, as a person can tell it to."""
    exceptions = {f"{demonstration.addresses.tool},*": {"setting": 2}}
    settings = {"content_settings": {"exceptions": {"cookies": exceptions}}}
    with chromium_with(playwright, chromium_path, tmp_path / "profile", settings) as context:
        yield context


@pytest.fixture
def strict(playwright: Playwright, chromium_path: str, tmp_path: Path) -> Iterator[BrowserContext]:
    """Chromium set to block third-party cookies, of all sites."""
    settings = {"cookie_controls_mode": BLOCK_THIRD_PARTY, "block_third_party_cookies": True}
    with chromium_with(playwright, chromium_path, tmp_path / "profile", settings) as context:
        yield context


def sign_in(context: BrowserContext, started: Started, key: str) -> Page:
    page = context.new_page()
    page.goto(started.addresses.lms)
    page.get_by_role("button", name=NAMES[key], exact=True).click()
    return page


def add_assignment(page: Page, started: Started, title: str) -> None:
    page.goto(f"{started.addresses.lms}/course/add")
    frame = page.frame_locator("iframe")
    frame.get_by_label("Title").fill(title)
    frame.get_by_role("button", name="Save and add to the course").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()


def open_assignment(page: Page, started: Started, title: str) -> FrameLocator:
    page.goto(f"{started.addresses.lms}/course")
    page.get_by_role("link", name=title).click()
    return page.frame_locator("iframe")


def test_a_story_without_any_cookie(cookieless: BrowserContext, demonstration: Started) -> None:
    title = f"Without cookies: {assignment_brief().title}"
    teacher = sign_in(cookieless, demonstration, "ada-teachwell")
    add_assignment(teacher, demonstration, title)
    frame = open_assignment(teacher, demonstration, title)
    frame.get_by_role("link", name="Settings").click()
    expect(frame.get_by_label("Title")).to_have_value(title)
    frame.get_by_role("link", name="Gradebook").click()
    expect(frame.get_by_role("heading", name="Gradebook")).to_be_visible()
    assert not [one for one in cookieless.cookies() if one["name"].startswith("__Host-blindmark")]
    teacher.get_by_role("button", name="Sign out").click()

    student = sign_in(cookieless, demonstration, "mira-okafor")
    frame = open_assignment(student, demonstration, title)
    frame.get_by_label("Your text").fill("Honesty matters, and yet a doctor may stay silent for an hour.")
    frame.get_by_role("button", name="Hand in").click()
    expect(frame.get_by_text("Handed in: attempt")).to_be_visible()
    picture(student, "12-without-cookies")
    student.reload()
    expect(student.frame_locator("iframe").get_by_text("12 words, stored and sealed")).to_be_visible()


def test_a_story_with_third_party_cookies_blocked_by_the_browser_itself(
    strict: BrowserContext, demonstration: Started
) -> None:
    addresses = demonstration.addresses
    assert urlsplit(addresses.tool).hostname != urlsplit(addresses.lms).hostname
    title = f"Blocked cookies: {assignment_brief().title}"
    teacher = sign_in(strict, demonstration, "ada-teachwell")
    add_assignment(teacher, demonstration, title)
    frame = open_assignment(teacher, demonstration, title)
    expect(frame.get_by_role("link", name="Settings")).to_be_visible()
    (inside,) = [one for one in teacher.frames if one.url.startswith(addresses.tool)]
    assert inside.evaluate(TRY_COOKIES) == "in-this-lms=1"
    (visit,) = [one for one in strict.cookies() if one["name"].startswith("__Host-blindmark")]
    assert visit.get("partitionKey")
    # By itself, the tool is another place: neither the LMS's frame nor a page of another site shares its cookies.
    alone = strict.new_page()
    alone.goto(inside.url)
    expect(alone.get_by_text("Your visit has ended")).to_be_visible()
    teacher.reload()
    expect(teacher.frame_locator("iframe").get_by_role("link", name="Settings")).to_be_visible()


def test_without_storage_either_a_new_window_is_offered(cookieless: BrowserContext, demonstration: Started) -> None:
    def silent(route: Route) -> None:
        route.fulfill(body="", content_type="text/javascript")

    cookieless.route("**/frame.js", silent)
    page = sign_in(cookieless, demonstration, "ada-teachwell")
    page.goto(f"{demonstration.addresses.lms}/course/add")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Open this in a new window")).to_be_visible()
    picture(page, "13-new-window")
