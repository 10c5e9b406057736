"""The mock pages render, are well formed, and hold what page authors will lift from them."""

import pytest
from flask.testing import FlaskClient
from lxml import html

from tests.lti_tool.gallery import PAGES, make_gallery
from tests.lti_tool.test_design import INLINE


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return make_gallery().test_client()


def _page(client: FlaskClient, name: str) -> html.HtmlElement:
    response = client.get(f"/{name}?demo=1")
    assert response.status_code == 200
    return html.fromstring(response.get_data(as_text=True))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_one_heading_a_language_and_a_title(client: FlaskClient, name: str) -> None:
    page = _page(client, name)
    assert page.get("lang") == "en"
    assert len(page.xpath("//h1")) == 1
    assert page.xpath("normalize-space(//title)").endswith("· Blindmark")
    assert len(page.xpath("//main[@id='main']")) == 1


@pytest.mark.parametrize("name", PAGES)
def test_a_page_holds_nothing_inline_and_fetches_nothing_from_elsewhere(client: FlaskClient, name: str) -> None:
    markup = client.get(f"/{name}").get_data(as_text=True)
    assert INLINE.findall(markup) == []
    sources = html.fromstring(markup).xpath("//link/@href | //script/@src | //img/@src")
    assert all(source.startswith("/static/") for source in sources)


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_and_every_control_has_a_label(client: FlaskClient, name: str) -> None:
    page = _page(client, name)
    ids = page.xpath("//@id")
    assert len(set(ids)) == len(ids)
    labelled = set(page.xpath("//label/@for"))
    for control in page.xpath("//input[not(@type='hidden')] | //select | //textarea"):
        assert control.get("id") in labelled or control.xpath("ancestor::label")


@pytest.mark.parametrize("name", PAGES)
def test_references_inside_a_page_lead_somewhere(client: FlaskClient, name: str) -> None:
    page = _page(client, name)
    ids = set(page.xpath("//@id"))
    for described in page.xpath("//@aria-describedby | //@aria-labelledby"):
        assert set(described.split()) <= ids
    assert {link[1:] for link in page.xpath("//main//a/@href") if link.startswith(("#ev-", "#field-"))} <= ids


@pytest.mark.parametrize("name", PAGES)
def test_every_form_that_posts_carries_the_token(client: FlaskClient, name: str) -> None:
    for form in _page(client, name).xpath("//form[@method='post']"):
        assert form.xpath(".//input[@name='csrf_token']/@value") == ["a-token"]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_says_when_the_grader_is_a_demonstration(client: FlaskClient, name: str) -> None:
    assert "Demonstration grader" in _page(client, name).text_content()
    assert b"Demonstration grader" not in client.get(f"/{name}").data
