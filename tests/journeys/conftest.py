"""A running demonstration and a headless Chromium, shared by all journeys of a run."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lti_tool.demo.run import Demonstration, Started

ARTIFACTS = Path(__file__).parents[2] / "artifacts" / "screenshots"
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 360, "height": 740}


# A busy machine is no reason for a story to fail.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """The LMS, the grader and the tool, each a process of its own."""
    demo = Demonstration(tmp_path_factory.mktemp("demonstration") / "data", io.StringIO(), first_port=None)
    started = demo.start(provider_seconds=2.0)
    yield started
    started.processes.stop()


def picture(page: Page, name: str) -> None:
    """Keep pictures of a whole page at 1280 and 360 pixels, light; and dark at 1280.

    Frames of other sites are drawn only as far as the window reaches, so the window is made as tall as the page.
    Pictures are for people to look at, and are taken when they are asked for (`make pictures`).
    """
    if "BLINDMARK_TEST_PICTURES" not in os.environ:
        return
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for suffix, size, scheme in (("1280", WIDE, "light"), ("360", NARROW, "light"), ("dark", WIDE, "dark")):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.wait_for_timeout(200)
        height = min(5000, page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
        page.wait_for_timeout(200)
        page.screenshot(path=ARTIFACTS / f"{name}-{suffix}.png")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
