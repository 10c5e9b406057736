"""Input that is made to break something: signs that databases don't take, nesting without end, numbers without end.

Both databases are tried: PostgreSQL refuses a NUL that SQLite stores.
"""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti_tool.lti import claims as names
from tests.lti_tool.conftest import BASE_URL, Tool
from tests.lti_tool.lms import CLIENT_ID
from tests.thorough import tried

TARGET = f"{BASE_URL}/lti/launch"
NUL, HALF = "a\x00b", "a\ud800b"
NESTED = "[" * 40_000


def segment(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def unsigned(issuer: str, audience: str = CLIENT_ID) -> str:
    """A token that names a platform and is signed by nobody."""
    header = json.dumps({"alg": "RS256", "kid": "k"})
    return f"{segment(header)}.{segment(json.dumps({'iss': issuer, 'aud': audience}))}.c2ln"


@pytest.mark.both_databases
def test_a_login_with_signs_that_no_database_takes_is_refused(tool: Tool) -> None:
    good = {"iss": tool.platform.url, "login_hint": "h", "client_id": CLIENT_ID}
    for name in ("iss", "client_id"):
        answer = tool.browser().post("/lti/login", data=good | {name: NUL})
        assert (answer.status_code, "Location" in answer.headers) == (400, False), name
    for name in ("login_hint", "lti_message_hint", "lti_storage_target", "target_link_uri"):
        assert tool.browser().post("/lti/login", data=good | {name: NUL}).status_code in (200, 302, 400), name
    assert tool.browser().post("/lti/launch", data={"state": NUL, "id_token": NUL}).status_code == 401
    assert tool.browser().get("/v/a%00b/").status_code == 404


@pytest.mark.both_databases
def test_tokens_and_deliveries_that_nest_without_end_are_refused(tool: Tool) -> None:
    browser = tool.browser()
    state, _ = browser.login()
    assert browser.send(state, f"{segment(NESTED)}.{segment('{}')}.c2ln").status_code == 401
    head = segment(json.dumps({"alg": "RS256", "kid": "platform-key"}))
    deep = f"{head}.{segment(NESTED)}.c2ln"
    assert browser.send(state, deep).status_code == 401
    bodies: list[tuple[bytes, int]] = [
        (NESTED.encode(), 400),
        (b'{"notices": ' + NESTED.encode(), 400),
        (json.dumps({"notices": [{"jwt": deep}]}).encode(), 401),
        *((json.dumps({"notices": [{"jwt": unsigned(issuer)}]}).encode(), 401) for issuer in (NUL, HALF)),
        (json.dumps({"notices": [{"jwt": unsigned(tool.platform.url, NUL)}]}).encode(), 401),
        (json.dumps({"notices": [{"jwt": HALF}, {"jwt": NUL}, {"jwt": "ä.ö.ü"}]}).encode(), 401),
    ]
    for body, status in bodies:
        assert browser.post("/lti/notices", data=body, content_type="application/json").status_code == status, body[:60]


ODD: dict[str, tuple[dict[str, Any], int]] = {
    "subject with a NUL": ({"sub": NUL}, 401),
    "deployment with a line break": ({names.DEPLOYMENT_ID: "a\nb"}, 401),
    "link with a NUL": ({names.RESOURCE_LINK: {"id": NUL}}, 401),
    "titles with signs that no database takes": (
        {names.CONTEXT: {"id": "c1", "title": NUL, "label": HALF}, names.RESOURCE_LINK: {"id": "l1", "title": HALF}},
        303,
    ),
    "context id with half a sign": ({names.CONTEXT: {"id": HALF}}, 401),
    "context id too long": ({names.CONTEXT: {"id": "x" * 256}}, 401),
    "names with half signs": ({"name": HALF, "email": NUL, "given_name": HALF}, 303),
    "services with half signs": (
        {
            names.AGS: {"lineitems": f"https://lms.example/{HALF}", "scope": [NUL, HALF, 1]},
            names.NRPS: {"context_memberships_url": f"https://lms.example/{NUL}"},
            names.PLATFORM_NOTIFICATION_SERVICE: {
                "platform_notification_service_url": f"https://lms.example/{HALF}",
                "notice_types_supported": [HALF, None],
            },
        },
        303,
    ),
    "custom and platform with half signs": (
        {names.CUSTOM: {"assignment_id": HALF, "context_id_history": HALF}, names.TOOL_PLATFORM: {"guid": 1}},
        303,
    ),
    "family with half a sign": ({names.TOOL_PLATFORM: {"product_family_code": HALF}}, 303),
    "deep linking settings that are a text": ({names.DEEP_LINKING: "x"}, 303),
    "deep linking types that are a number": ({names.DEEP_LINKING: {"accept_types": 5}}, 303),
    "expiry without end": ({"exp": 10**400}, 401),
    "expiry in the year 3000": ({"exp": 32503680000}, 303),
    "roles of every kind": ({names.ROLES: [None, 1, {}, [], NUL, HALF]}, 303),
    "locale of every kind": ({names.LAUNCH_PRESENTATION: {"locale": NUL}}, 303),
    "migration of every kind": ({names.LTI11: {"oauth_consumer_key": NUL, "oauth_consumer_key_sign": HALF}}, 303),
}


@pytest.mark.both_databases
def test_odd_claims_of_a_signed_launch_never_break_anything(tool: Tool) -> None:
    for case, (changes, status) in ODD.items():
        browser = tool.browser()
        state, nonce = browser.login()
        answer = browser.send(state, tool.platform.sign(tool.platform.claims(nonce, TARGET, **changes)))
        assert answer.status_code == status, case


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "title", "url", "scope", "lineitems", "locale", "user_id"]), inner)
    ),
    max_leaves=8,
)
CLAIMS = [
    "sub",
    "iat",
    "exp",
    "azp",
    "name",
    "locale",
    *(value for name, value in vars(names).items() if name.isupper() and str(value).startswith(names.LTI)),
    names.AGS,
    names.NRPS,
    names.DEEP_LINKING,
]


@tried(60)
@given(changes=st.dictionaries(st.sampled_from(CLAIMS), VALUES, min_size=1, max_size=4))
def test_no_signed_message_breaks_the_launch(tool: Tool, changes: dict[str, Any]) -> None:
    browser = tool.browser()
    state, nonce = browser.login()
    answer = browser.send(state, tool.platform.sign(tool.platform.claims(nonce, TARGET, **changes)))
    assert answer.status_code in (303, 401, 403), answer.status_code
    assert answer.headers.get("Location", "/v/").startswith("/v/")
