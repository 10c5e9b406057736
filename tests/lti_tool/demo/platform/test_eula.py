"""The EULA service: what the demonstration LMS takes, and the tool's administrator and students at it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from lti_tool.demo.platform.claims import EULA_SCOPES
from lti_tool.lti.models import TermsOrder, TermsProgress
from tests.lti_tool.demo.platform.meeting import NAMES, Meeting
from tests.lti_tool.demo.platform.tiny_tool import ISSUER, NOON, ROSTER, TinyTool

USER, DEPLOYMENT = EULA_SCOPES
PLACE = f"{ISSUER}/lti/deployments/demo-1/eula"
JSON = "application/json"


def answer(**changes: Any) -> dict[str, Any]:
    moment = datetime.fromtimestamp(NOON, UTC).isoformat(timespec="milliseconds")
    return {"userId": "sub-student1", "accepted": True, "timestamp": moment} | changes


def test_answers_are_noted_and_forgotten_deployment_by_deployment(tool: TinyTool) -> None:
    service = tool.service(" ".join(EULA_SCOPES))
    for body in (answer(), answer(userId="sub-student2", accepted=False), answer(accepted=False)):
        assert service("POST", f"{PLACE}/user", body, Content_Type=JSON).status_code == 201
    assert [(one["user_id"], one["accepted"]) for one in tool.state()["eula"]["answers"]] == [
        ("sub-student1", False),
        ("sub-student2", False),
    ]
    assert service("DELETE", f"{PLACE}/user").status_code == 204
    assert tool.state()["eula"]["answers"] == []
    assert service("DELETE", f"{PLACE.replace('demo-1', 'other')}/user").status_code == 404


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (answer(), "text/plain", 415),
        (answer(userId="sub-nobody"), JSON, 404),
        (answer(userId=None), JSON, 404),
        (answer(accepted="yes"), JSON, 400),
        (answer(timestamp="yesterday"), JSON, 400),
        ([], JSON, 400),
    ],
)
def test_a_wrong_answer_is_refused(tool: TinyTool, body: object, media_type: str, status: int) -> None:
    service = tool.service(USER)
    assert service("POST", f"{PLACE}/user", body, Content_Type=media_type).status_code == status
    assert tool.state()["eula"]["answers"] == []


def test_each_of_the_two_scopes_opens_its_own_half(tool: TinyTool) -> None:
    users, deployments, others = tool.service(USER), tool.service(DEPLOYMENT), tool.service(ROSTER)
    required = {"eulaRequired": True}
    for service, statuses in ((users, [201, 204, 403]), (deployments, [403, 403, 200]), (others, [403] * 3)):
        assert [
            service("POST", f"{PLACE}/user", answer(), Content_Type=JSON).status_code,
            service("DELETE", f"{PLACE}/user").status_code,
            service("PUT", f"{PLACE}/deployment", required, Content_Type=JSON).status_code,
        ] == statuses
    for wrong in ({"eulaRequired": "no"}, {}):
        assert deployments("PUT", f"{PLACE}/deployment", wrong, Content_Type=JSON).status_code == 400
    assert tool.state()["eula"]["required"] == {"demo-1": True}


def test_the_administrator_has_the_lms_ask_everybody_again_and_ask_at_all(both: Meeting) -> None:
    student = both.guest(NAMES["student1"])
    page = student.get(student.get(f"{both.lms}/course/message/terms:yes").frame())
    student.submit(page, page.form("I agree"), button="I agree")
    assert [one["accepted"] for one in both.state()["eula"]["answers"]] == [True]
    administrator = both.administrator()
    terms = administrator.get(administrator.get(f"{both.tool}/admin/platforms").link("Terms")).expect(
        "decides by itself"
    )

    def press(button: str, *expected: str) -> dict[str, Any]:
        nonlocal terms
        form = next(one for one in terms.root.forms if button in one.text_content())
        terms = administrator.submit(terms, form, button=button).expect(*expected)
        return dict(both.state()["eula"])

    assert press("Ask everybody again", "has forgotten all answers")["answers"] == []
    assert press("Have people accept", "to have people accept", "accept the terms from now on")["required"] == {
        "demo-1": True
    }
    assert press("Do not ask", "not to ask", "does not ask about the terms any more")["required"] == {"demo-1": False}
    with both.parts.database.transaction() as session:
        orders = session.execute(select(TermsOrder)).scalars().all()
    assert [order.state for order in orders] == [TermsProgress.DONE] * 3
    audit = administrator.get(f"{both.tool}/admin/audit")
    audit.expect("An LMS is about to be told what to do about the terms", "An LMS was told what to do about the terms")
