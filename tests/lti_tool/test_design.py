"""The look keeps its promises: contrast, one place for colours, nothing inline, macros that say what they should."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from grading import states

ROOM = Path(__file__).resolve().parents[2] / "lti_tool"
STATIC = ROOM / "static"
TEMPLATES = sorted((ROOM / "templates").rglob("*.html"))
TOKENS = (STATIC / "tokens.css").read_text()

TEXT_PAIRS = [
    *((text, ground) for text in ("ink", "ink-soft", "accent", "accent-strong") for ground in ("desk", "paper")),
    *((text, "sunk") for text in ("ink", "ink-soft")),
    *((tone, f"{tone}-wash") for tone in ("wait", "you", "done", "fail", "quiet", "accent")),
    *((tone, ground) for tone in ("wait", "you", "done", "fail") for ground in ("paper", "desk", "sunk")),
    *((tone, "accent-wash") for tone in ("ink", "ink-soft", "wait", "you", "done", "fail")),
    *(("ink", f"{tone}-wash") for tone in ("wait", "you", "done", "fail")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("ink", "mark"),
    ("ink", "mark-lit"),
    ("ink", "accent-wash"),
    ("accent", "wait-wash"),
]
CONTROL_PAIRS = [
    *((edge, ground) for edge in ("line-strong", "focus", "accent") for ground in ("desk", "paper", "sunk")),
    ("accent", "paper"),
    ("fail", "paper"),
    ("fail", "desk"),
    ("you", "mark-lit"),
]
COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|color)\("
    r"|[:\s](?:white|black|red|green|blue|yellow|orange|purple|gr[ae]y|silver|navy|teal|maroon|pink|brown)(?=[\s;])",
    re.IGNORECASE,
)
# Written as the browser refuses them: style and handler attributes, script and style elements with content, evaluation.
INLINE = re.compile(
    r"<[^>]*\s(?:style|on[a-z]+|hx-on[:\w-]*|hx-vars)\s*=|<style\b|<script(?![^>]*\bsrc=)|javascript:|\bjs:", re.I
)


def _declarations(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", block))


def _block_after(opening: str) -> str:
    start = TOKENS.index(opening)
    return TOKENS[start : TOKENS.index("}", start)]


LIGHT = _declarations(_block_after(":root {"))
DARK_BY_SYSTEM = _declarations(_block_after(':root:not([data-theme="light"]) {'))
DARK_BY_CHOICE = _declarations(_block_after(':root[data-theme="dark"] {'))
SETS = {"light": LIGHT, "dark": LIGHT | DARK_BY_CHOICE}


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two #rrggbb colours (WCAG 2.2, relative luminance)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", SETS)
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read_on_its_ground(theme: str, text: str, ground: str) -> None:
    assert contrast(SETS[theme][text], SETS[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", SETS)
@pytest.mark.parametrize(("edge", "ground"), CONTROL_PAIRS)
def test_controls_stand_out_from_their_ground(theme: str, edge: str, ground: str) -> None:
    assert contrast(SETS[theme][edge], SETS[theme][ground]) >= 3


def test_contrast_is_computed_as_the_guideline_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_dark_set_is_the_same_by_system_and_by_choice() -> None:
    assert DARK_BY_SYSTEM == DARK_BY_CHOICE
    assert DARK_BY_CHOICE.keys() <= LIGHT.keys()


def test_every_colour_has_a_dark_counterpart() -> None:
    colours = {name for name, value in LIGHT.items() if value.startswith("#")}
    assert colours == {name for name, value in DARK_BY_CHOICE.items() if value.startswith("#")}


@pytest.mark.parametrize("name", ["blindmark.css", "blindmark.js", "fonts/source-serif-4.css"])
def test_colours_are_named_only_in_the_tokens(name: str) -> None:
    assert COLOUR.findall((STATIC / name).read_text()) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_name_no_colour(path: Path) -> None:
    markup = re.sub(r'href="#[^"]*"', "", path.read_text())
    assert COLOUR.findall(re.sub(r">[^<]*<", "><", markup)) == []


def test_the_style_sheet_uses_only_tokens_that_exist() -> None:
    used = set(re.findall(r"var\(--([\w-]+)", (STATIC / "blindmark.css").read_text()))
    assert used <= LIGHT.keys()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_nothing_that_the_content_security_policy_refuses(path: Path) -> None:
    assert INLINE.findall(path.read_text()) == []


@pytest.mark.parametrize(
    "markup",
    ['<p style="a">', '<a href="#" onclick="b">', "<script>c</script>", "<style>", '<b hx-on:click="d">'],
)
def test_the_search_for_inline_things_finds_them(markup: str) -> None:
    assert INLINE.search(markup)


def test_every_font_file_that_is_named_is_there_and_no_other() -> None:
    named = set(re.findall(r'url\("([^"]+)"\)', (STATIC / "fonts/source-serif-4.css").read_text()))
    assert named == {path.name for path in (STATIC / "fonts").glob("*.woff2")}


def test_what_we_took_from_others_carries_its_licence() -> None:
    assert "SIL OPEN FONT LICENSE" in (STATIC / "fonts/source-serif-4.LICENSE.txt").read_text()
    assert "Zero-Clause BSD" in (STATIC / "htmx.LICENSE.txt").read_text()


def test_the_enhancements_stay_small() -> None:
    assert len((STATIC / "blindmark.js").read_text().splitlines()) < 150


@pytest.fixture
def app() -> Iterator[Flask]:
    app = Flask("macros", root_path=str(ROOM), template_folder="templates")
    app.jinja_env.globals["csrf_token"] = lambda: "a-token"
    with app.test_request_context():
        yield app


def _render(call: str, **given: object) -> str:
    imports = (
        '{% import "macros/figures.html" as figures %}{% import "macros/forms.html" as forms %}'
        '{% import "macros/state.html" as state %}{% import "macros/assessment.html" as assessment %}'
        '{% import "macros/buttons.html" as buttons %}{% import "macros/tables.html" as tables %}'
    )
    return render_template_string(imports + call, **given).replace("\u00a0", " ").replace("&nbsp;", " ")


def _words(markup: str) -> str:
    hidden = re.sub(r'<span class="visually-hidden">.*?</span>', "", markup)
    return " ".join(re.sub(r"<[^>]+>", "", hidden).replace("&lt;", "<").split())


@pytest.mark.parametrize(
    ("micro_dollars", "words"),
    [
        (0, "0 ¢"),
        (4, "< 0.001 ¢"),
        (120, "0.012 ¢"),
        (12_300, "1.2 ¢"),
        (12_500, "1.3 ¢"),
        (1_234_567, "$1.23"),
        (999_999, "$1.00"),
        (12_345_678_901, "$12,345.68"),
        (-12_300, "−1.2 ¢"),
    ],
)
def test_money_reads_as_cents_or_dollars(app: Flask, micro_dollars: int, words: str) -> None:
    assert _words(_render("{{ figures.money(m) }}", m=micro_dollars)) == words


@pytest.mark.parametrize(
    ("micro_dollars", "words"), [(12_300, "$0.0123"), (12_350, "$0.0124"), (0, "$0.0000"), (30, "< $0.0001")]
)
def test_money_in_columns_is_always_dollars(app: Flask, micro_dollars: int, words: str) -> None:
    assert _words(_render('{{ figures.money(m, "dollars") }}', m=micro_dollars)) == words


@pytest.mark.parametrize(("hundredths", "words"), [(1450, "14.5 / 20"), (2000, "20 / 20"), (25, "0.25 / 20")])
def test_a_score_drops_zeros_it_does_not_need(app: Flask, hundredths: int, words: str) -> None:
    assert _words(_render("{{ figures.score(h, 2000) }}", h=hundredths)) == words


SHOWN_STATES = [*states.SubmissionState, *states.QueueState, *states.BatchState, *states.ReviewStatus]
DECIDED_STATES = [*states.AssessmentStatus, *states.DecisionKind, *states.PushState, *states.RequestState]


@pytest.mark.parametrize("state", [*SHOWN_STATES, *DECIDED_STATES], ids=repr)
def test_every_state_has_a_word_and_a_shape(app: Flask, state: object) -> None:
    badge = _render("{{ state.state_badge(s) }}", s=state)
    assert "<svg" in badge
    assert _words(badge) == _words(_render("{{ state.state_word(s) }}", s=state)) != ""
    assert _render("{{ s.value in state.STATES }}", s=state) == "True"


def test_no_two_neighbouring_states_of_the_queue_share_shape_and_tone(app: Flask) -> None:
    pairs = [_render("{{ state.STATES[s.value][1:] }}", s=code) for code in states.QueueState]
    assert len(set(pairs)) == len(pairs)


def test_a_field_ties_label_hint_and_error_to_its_control(app: Flask) -> None:
    field = _render('{{ forms.text_field("title", "Title", hint="Short.", error="Give it a title.") }}')
    assert 'for="field-title"' in field
    assert 'aria-describedby="field-title-hint field-title-error" aria-invalid="true"' in field


def test_the_error_summary_links_to_the_fields(app: Flask) -> None:
    summary = _render("{{ forms.error_summary(errors) }}", errors=[("title", "Give it a title."), (None, "Try again.")])
    assert '<a href="#field-title">Give it a title.</a>' in summary
    assert "<li>Try again.</li>" in summary


def test_a_field_keeps_what_was_typed_and_escapes_it(app: Flask) -> None:
    field = _render('{{ forms.textarea_field("t", "Text", value=v) }}', v="</textarea><b>")
    assert "&lt;/textarea&gt;&lt;b&gt;" in field


def test_a_button_that_posts_carries_the_token(app: Flask) -> None:
    form = _render('{{ buttons.post_button("Approve", "/approve", fields={"version": 3}) }}')
    assert 'name="csrf_token" value="a-token"' in form
    assert 'name="version" value="3"' in form


def test_a_quotation_that_was_not_found_says_so_and_links_nowhere(app: Flask) -> None:
    items = [{"quote": "here", "found": True, "mark": 2}, {"quote": "nowhere", "found": False, "mark": None}]
    shown = _render("{{ assessment.evidence(items) }}", items=items)
    assert 'href="#ev-2"' in shown
    assert shown.count("<a ") == 1
    assert "Not found word for word" in shown
