"""blindmark.js in a real browser: keys, ticks, evidence, unsaved words and the height of the frame."""

import logging
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect
from werkzeug.serving import make_server

from tests.lti_tool.gallery import make_gallery

FRAME = """<!doctype html><title>LMS</title><iframe width="900" height="300"></iframe><p id="heights"></p>"""
SELECTION = """<!doctype html><title>Text</title><script src="/static/blindmark.js" defer></script>
<p id="inside" data-selection-into="#words">in the <b>blue</b>   house</p><p id="outside">elsewhere</p>
<input id="words" maxlength="20">"""
TABS = """<!doctype html><title>Tabs</title><link rel="stylesheet" href="/static/blindmark.css">
<script src="/static/blindmark.js" defer></script><nav class="tabs"><a href="#">One of several tabs</a>
<a href="#">Another of them</a><a href="#">And one more tab</a><a href="#" aria-current="page">Last</a></nav>"""
LISTEN = """() => addEventListener("message", (event) => {
  if (event.data.subject !== "lti.frameResize") return;
  document.querySelector("iframe").height = event.data.height;
  document.querySelector("#heights").textContent += event.data.height + " ";
})"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    app = make_gallery()
    app.add_url_rule("/lms", "lms", lambda: FRAME)
    app.add_url_rule("/selection", "selection", lambda: SELECTION)
    app.add_url_rule("/tabs", "tabs", lambda: TABS)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1280, "height": 700})
    yield page
    page.close()


def test_ticking_all_counts_and_wakes_the_buttons(page: Page, address: str) -> None:
    page.goto(f"{address}/admin_queue")
    expect(page.get_by_role("button", name="Skip")).to_be_disabled()
    page.get_by_label("Tick all").check()
    expect(page.get_by_text("12 selected")).to_be_visible()
    expect(page.get_by_role("button", name="Skip")).to_be_enabled()
    page.get_by_label("Select item 5101").uncheck()
    expect(page.get_by_text("11 selected")).to_be_visible()


def test_a_quotation_lights_its_passage_and_scrolls_only_its_pane(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 560})
    page.goto(f"{address}/review")
    page.locator('a[href="#ev-3"]').focus()
    expect(page.locator("#ev-3")).to_have_class("is-lit")
    expect(page.locator("#ev-3")).to_be_in_viewport()
    assert page.evaluate("scrollY") == 0
    page.locator('a[href="#ev-1"]').focus()
    expect(page.locator("#ev-3")).not_to_have_class("is-lit")


def test_a_key_presses_its_button_but_not_while_someone_types(page: Page, address: str) -> None:
    page.goto(f"{address}/review")
    page.keyboard.press("c")
    expect(page.get_by_label("Reason")).to_be_visible()
    page.get_by_label("Reason").press_sequentially("ccc")
    expect(page.get_by_label("Reason")).to_have_value("ccc")
    expect(page.get_by_label("Reason")).to_be_visible()


def test_keys_can_be_switched_off_and_stay_off(page: Page, address: str) -> None:
    page.goto(f"{address}/review")
    page.get_by_role("button", name="Turn shortcuts off").click()
    page.reload()
    expect(page.get_by_role("button", name="Turn shortcuts on")).to_be_visible()
    page.keyboard.press("c")
    expect(page.get_by_label("Reason")).to_be_hidden()


def test_leaving_with_unsaved_words_asks_first(page: Page, address: str) -> None:
    asked: list[str] = []

    def agree(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", agree)
    page.goto(f"{address}/student_hand_in")
    page.get_by_label("Write or paste your text").press_sequentially("Some words")
    page.goto(f"{address}/student_waiting")
    assert asked == ["beforeunload"]


@pytest.mark.parametrize(("name", "asks_once_for"), [("student_waiting", None), ("review", 900)])
def test_a_frame_is_told_its_height_and_settles(page: Page, address: str, name: str, asks_once_for: int | None) -> None:
    page.goto(f"{address}/lms")
    page.evaluate(LISTEN)
    page.evaluate("(name) => { document.querySelector('iframe').src = name }", name)
    frame = page.frame_locator("iframe")
    expect(frame.locator("h1")).to_be_visible()
    expect(page.locator("#heights")).not_to_be_empty()
    told = [int(height) for height in page.locator("#heights").inner_text().split()]
    if asks_once_for:
        assert told == [asks_once_for]
    assert len(told) <= 3
    inside = page.frames[1]
    assert inside.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_what_is_selected_in_a_text_is_put_into_its_field(page: Page, address: str) -> None:
    page.goto(f"{address}/selection")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#outside'))")
    expect(page.locator("#words")).to_have_value("")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#inside'))")
    expect(page.locator("#words")).to_have_value("in the blue house")


def test_the_current_tab_is_in_view_where_not_all_fit(page: Page, address: str) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(f"{address}/tabs")
    expect(page.get_by_role("link", name="Last")).to_be_in_viewport(ratio=0.9)
