"""The guides for connecting an LMS: what they say to paste is what the tool has, and every link leads somewhere."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import RequestRedirect

from lti_tool.lti.platforms import ALL
from lti_tool.lti.registration.tool import CUSTOM, NEEDED_SCOPES, WISHED_SCOPES
from tests.lti_tool.conftest import Tool

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "docs" / "connect"
PAGES = sorted(FOLDER.glob("*.md"))
EXAMPLE = "https://blindmark.example.org"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if urlsplit(target).scheme:
            continue
        name, _, anchor = target.partition("#")
        other = (page.parent / name).resolve() if name else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_address_to_paste_is_one_of_the_tool(page: Path, tool: Tool) -> None:
    routes = tool.flask.url_map.bind("blindmark.example.org")
    for path in set(re.findall(rf"{EXAMPLE}(/[\w./-]+)", page.read_text())):
        try:
            routes.match(path, method="GET")
        except (MethodNotAllowed, RequestRedirect):
            continue


def test_custom_parameters_and_scopes_are_those_that_registration_asks_for() -> None:
    words = (FOLDER / "README.md").read_text()
    blocks = [block.strip().splitlines() for block in re.findall(r"```\n(.+?)```", words, re.DOTALL)]
    assert [f"{name}={value}" for name, value in CUSTOM.items()] in blocks
    assert [*NEEDED_SCOPES, *WISHED_SCOPES] in blocks


def test_every_lms_has_its_page() -> None:
    pages = {page.stem for page in PAGES}
    assert {type(platform).__module__.rpartition(".")[2] for platform in ALL} <= pages


def test_every_code_in_the_table_is_one_that_a_refusal_can_have() -> None:
    rows = (FOLDER / "README.md").read_text().partition("## When a launch is refused")[2].splitlines()
    codes = {code for row in rows if row.startswith("| `") for code in re.findall(r"`(\w+)`", row.split("|")[1])}
    sources = "".join(path.read_text() for path in (ROOT / "lti_tool" / "lti").rglob("*.py"))
    assert codes
    assert not [code for code in codes if f'"{code}"' not in sources]
