"""Subscribing to an LMS's notices: once it offers them, once, and again when it moved or did not take it (L8)."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from grading.models import Deployment
from lti_tool.lti import claims as names
from lti_tool.lti.services.subscriptions import SUBSCRIBE
from tests.lti_tool.conftest import BASE_URL, Tool
from tests.lti_tool.lms import Answer
from tests.lti_tool.lti.test_services import ok


def launch(tool: Tool, path: str = "/handlers", kinds: object = ("LtiContextCopyNotice", "LtiOther")) -> None:
    service = {"platform_notification_service_url": f"{tool.platform.url}{path}", "notice_types_supported": kinds}
    tool.browser().launch(**{names.PLATFORM_NOTIFICATION_SERVICE: service})


def work(tool: Tool) -> None:
    """Run the subscriptions that are due."""
    chore = tool.application.work.all_chores()[SUBSCRIBE]
    with tool.parts.database.transaction() as session:
        due = chore.due(session, tool.parts.clock())
    for deployment_id in due:
        chore.run(deployment_id)


def taking(tool: Tool, answer: Answer, path: str = "/handlers") -> list[dict[str, Any]]:
    """Let the LMS answer subscriptions so; gives what they said."""
    bodies: list[dict[str, Any]] = []

    def route(_query: str, _headers: dict[str, str], body: bytes) -> Answer:
        bodies.append(json.loads(body))
        return answer

    tool.platform.routes[("PUT", path)] = route
    return bodies


def deployment(tool: Tool) -> Deployment:
    with tool.parts.database.transaction() as session:
        return session.execute(select(Deployment)).scalar_one()


@pytest.mark.both_databases
def test_what_an_lms_offers_is_subscribed_to_once(tool: Tool) -> None:
    bodies = taking(tool, ok({}))
    launch(tool)
    work(tool)
    launch(tool)
    work(tool)
    assert bodies == [
        {"notice_type": "LtiContextCopyNotice", "handler": f"{BASE_URL}/lti/notices", "max_batch_size": 50}
    ]
    assert deployment(tool).subscribed_at is not None


@pytest.mark.parametrize("kinds", [[], ["LtiOther"], None, "LtiContextCopyNotice", [7]])
def test_an_lms_that_offers_nothing_of_use_is_not_asked(tool: Tool, kinds: object) -> None:
    bodies = taking(tool, ok({}))
    launch(tool, kinds=kinds)
    work(tool)
    assert bodies == []


def test_a_refusal_is_repeated_hours_later_and_not_before(tool: Tool) -> None:
    bodies = taking(tool, (403, {}, b"{}"))
    launch(tool)
    work(tool)
    work(tool)
    assert len(bodies) == 1
    assert deployment(tool).subscribed_at is None
    with tool.parts.database.transaction() as session:
        session.execute(update(Deployment).values(subscription_tried_at=tool.parts.clock() - timedelta(hours=7)))
    bodies = taking(tool, ok({}))
    work(tool)
    assert len(bodies) == 1
    assert deployment(tool).subscribed_at is not None


def test_an_lms_that_moved_its_service_is_asked_there(tool: Tool) -> None:
    taking(tool, ok({}))
    launch(tool)
    work(tool)
    bodies = taking(tool, ok({}), "/elsewhere")
    launch(tool, "/elsewhere")
    work(tool)
    assert len(bodies) == 1


def test_nothing_is_asked_for_a_deployment_that_nobody_let_in(tool: Tool) -> None:
    bodies = taking(tool, ok({}))
    browser = tool.browser()
    state, nonce = browser.login()
    service = {
        "platform_notification_service_url": f"{tool.platform.url}/handlers",
        "notice_types_supported": ["LtiContextCopyNotice"],
    }
    claims = tool.platform.claims(
        nonce,
        f"{BASE_URL}/lti/launch",
        **{names.DEPLOYMENT_ID: "new", names.PLATFORM_NOTIFICATION_SERVICE: service},
    )
    assert browser.send(state, tool.platform.sign(claims)).status_code == 403
    work(tool)
    assert bodies == []
    with tool.parts.database.transaction() as session:
        pending: UUID | None = session.execute(
            select(Deployment.id).where(Deployment.lms_deployment_id == "new")
        ).scalar_one_or_none()
    assert pending is not None
