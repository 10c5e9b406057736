"""Launches: login initiation, authorisation, and what the id_token says."""

import stat

import pytest

from tests.lti_tool.demo.platform.tiny_tool import AGS, DL, ISSUER, LTI, NOON, TinyTool

VOCABULARY = "http://purl.imsglobal.org/vocab/lis/v2/"


def test_a_launch_starts_at_the_tools_login_with_opaque_hints(tool: TinyTool) -> None:
    login = tool.start(tool.browser("student1"), tool.add_link())
    assert login["action"] == f"{tool.tool_url}/lti/login"
    assert (login["iss"], login["client_id"], login["lti_deployment_id"]) == (ISSUER, "blindmark-demo", "demo-1")
    assert login["target_link_uri"] == f"{tool.tool_url}/lti/launch"
    assert "student1" not in login["login_hint"] + login["lti_message_hint"]


def test_a_resource_link_launch_carries_every_claim(tool: TinyTool) -> None:
    link_id = tool.add_link()
    answer = tool.authorise(tool.start(tool.browser("student1"), link_id))
    claims = tool.read(answer["id_token"])
    assert (answer["action"], answer["state"]) == (f"{tool.tool_url}/lti/launch", "the state")
    assert (claims["iss"], claims["sub"], claims["nonce"]) == (ISSUER, "sub-student1", "the nonce")
    assert (claims["iat"], claims["exp"]) == (NOON, NOON + 60)
    assert (claims["given_name"], claims["email"]) == ("Student1", "student1@school.example")
    assert claims[LTI + "message_type"] == "LtiResourceLinkRequest"
    assert claims[LTI + "resource_link"] == {"id": link_id, "title": "Essay <1>"}
    assert claims[LTI + "custom"] == {"assignment": "17"}
    assert claims[LTI + "context"]["type"] == [VOCABULARY + "course#CourseOffering"]
    assert claims[LTI + "lis"]["person_sourcedid"] == "sis-student1"
    assert claims[LTI + "tool_platform"]["product_family_code"] == "blindmark-demonstration-lms"
    endpoint = claims["https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"]
    assert endpoint["lineitem"].endswith("/lineitem?type_id=1")
    assert AGS + "score" in endpoint["scope"]


@pytest.mark.parametrize(
    ("key", "roles"),
    [
        ("student1", ["membership#Learner", "institution/person#Student"]),
        ("teacher", ["membership#Instructor", "institution/person#Faculty"]),
        ("ta", ["membership#Instructor", "membership/Instructor#TeachingAssistant"]),
        ("admin", ["institution/person#Administrator", "system/person#Administrator"]),
    ],
)
def test_roles_are_sent_as_full_addresses(tool: TinyTool, key: str, roles: list[str]) -> None:
    assert tool.launch(key, tool.add_link())[LTI + "roles"] == [VOCABULARY + role for role in roles]


def test_deep_linking_offers_one_resource_link_with_a_line_item(tool: TinyTool) -> None:
    claims = tool.launch("teacher")
    settings = claims[DL + "deep_linking_settings"]
    assert claims[LTI + "message_type"] == "LtiDeepLinkingRequest"
    assert LTI + "resource_link" not in claims
    assert (settings["accept_types"], settings["accept_multiple"], settings["accept_lineitem"]) == (
        ["ltiResourceLink"],
        False,
        True,
    )


@pytest.mark.parametrize("key", ["student1", "ta", "admin"])
def test_only_the_teacher_may_add_assignments(tool: TinyTool, key: str) -> None:
    assert tool.get(tool.browser(key), "/launch/deep-linking").status_code == 403
    assert tool.get(tool.browser(key), "/course/add").status_code == 403


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "openid email"}, "invalid_scope"),
        ({"response_type": "code"}, "unsupported_response_type"),
        ({"response_mode": "query"}, "invalid_request"),
        ({"prompt": "login"}, "invalid_request"),
        ({"nonce": ""}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
        ({"login_hint": "other"}, "invalid_request"),
        ({"lti_message_hint": "other"}, "invalid_request"),
    ],
)
def test_a_bad_request_is_posted_back_as_an_error(tool: TinyTool, changes: dict[str, str], error: str) -> None:
    answer = tool.authorise(tool.start(tool.browser("teacher")), **changes)
    assert answer["error"] == error
    assert answer["action"] == f"{tool.tool_url}/lti/launch"
    assert "id_token" not in answer


@pytest.mark.parametrize("changes", [{"client_id": "other"}, {"redirect_uri": "http://elsewhere.example/"}])
def test_an_unknown_tool_or_address_gets_a_page_and_no_post(tool: TinyTool, changes: dict[str, str]) -> None:
    request = tool.auth_request(tool.start(tool.browser("teacher")), **changes)
    answer = tool.get(tool.browser(), "/lti/auth", **request)
    assert answer.status_code == 400
    assert "<form" not in answer.text


def test_a_repeated_parameter_is_refused(tool: TinyTool) -> None:
    request = tool.auth_request(tool.start(tool.browser("teacher")))
    answer = tool.browser().get("/lti/auth", base_url=ISSUER, query_string=[*request.items(), ("scope", "openid")])
    assert "invalid_request" in answer.text


def test_a_hint_works_once_and_not_after_five_minutes(tool: TinyTool) -> None:
    login = tool.start(tool.browser("teacher"))
    assert "id_token" in tool.authorise(login)
    assert tool.authorise(login)["error"] == "invalid_request"
    late = tool.start(tool.browser("teacher"))
    tool.now += 301
    assert tool.authorise(late)["error"] == "login_required"


def test_a_cookie_that_comes_along_must_be_the_same_persons(tool: TinyTool) -> None:
    teacher = tool.browser("teacher")
    request = tool.auth_request(tool.start(teacher))
    assert 'value="login_required"' in tool.post(tool.browser("student1"), "/lti/auth", **request).text
    assert 'name="id_token"' in tool.post(teacher, "/lti/auth", **request).text


def test_a_restart_keeps_key_session_and_links_in_files_only_the_owner_reads(tool: TinyTool) -> None:
    tool.platform_key.unlink()
    tool.restart()
    link_id, before = tool.add_link(), tool.get(tool.browser(), "/lti/jwks.json").get_json()
    cookie = tool.browser("student1").get_cookie("demonstration_lms", domain="localhost")
    assert cookie is not None
    tool.restart()
    again = tool.browser()
    again.set_cookie("demonstration_lms", cookie.value, domain="localhost")
    assert tool.get(again, f"/course/links/{link_id}").status_code == 200
    assert tool.get(again, "/lti/jwks.json").get_json() == before
    assert {stat.S_IMODE(path.stat().st_mode) for path in tool.data_dir.iterdir()} == {0o600}
