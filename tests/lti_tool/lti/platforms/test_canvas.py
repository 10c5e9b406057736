"""Our services against Canvas's ways."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.serving import make_server

from grading.gradebook_port import ReceiptOutcome, ScoreMessage
from grading.models import Assignment, Context, Deployment, Registration
from lti_tool.demo.platform.keys import ToolKeys
from lti_tool.demo.platform.vendors.canvas import SUBMISSION, Canvas, Grade, create_app
from lti_tool.lti.platforms import find
from lti_tool.lti.services.ags import AgsGradebook
from tests.lti_tool.conftest import Tool
from tests.lti_tool.lms import CLIENT_ID
from tests.lti_tool.lti.test_services import connector
from tests.lti_tool.pages.test_main_job import set_up


@pytest.fixture
def canvas(tool: Tool) -> Iterator[Canvas]:
    """A course in Canvas, with two students."""
    set_up(tool)
    keys = make_server("127.0.0.1", 0, tool.flask, threaded=True)
    found = Canvas(
        "", CLIENT_ID, ToolKeys(f"http://127.0.0.1:{keys.server_port}/lti/jwks.json"), {"u1", "u2"}, time.time
    )
    services = make_server("127.0.0.1", 0, create_app(found), threaded=True)
    found.url = f"http://127.0.0.1:{services.server_port}"
    for server in (keys, services):
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    with tool.parts.database.transaction() as session:
        session.execute(
            update(Registration).values(token_url=f"{found.url}/login/oauth2/token", product_family="canvas")
        )
        session.execute(update(Context).values(lineitems_url=found.items_url))
    yield found
    services.shutdown()
    keys.shutdown()


def send(tool: Tool, moment: datetime | None = None, **changes: Any) -> ReceiptOutcome:
    with tool.parts.database.transaction() as session:
        tenant = session.execute(select(Deployment.id)).scalar_one()
        assignment = session.execute(select(Assignment.id)).scalar_one()
    values: dict[str, Any] = {
        "deployment_id": tenant,
        "assignment_id": assignment,
        "subject": "u1",
        "timestamp": moment or datetime.now(UTC),
        "activity_progress": "Completed",
        "grading_progress": "FullyGraded",
        "score_hundredths": 1500,
        "maximum_hundredths": 2000,
        "comment": "Well done.",
        "submitted_at": datetime.now(UTC),
    }
    book = AgsGradebook(tool.parts.database, connector(tool))
    return book.post_score(ScoreMessage(**(values | changes))).outcome


def test_a_score_names_no_new_submission_and_leaves_a_persons_grade_alone(tool: Tool, canvas: Canvas) -> None:
    assert send(tool) is ReceiptOutcome.DELIVERED
    assert canvas.submissions == [{"new_submission": False, "preserve_score": False, "prioritize_non_tool_grade": True}]
    canvas.grades[1, "u1"] = Grade(11, "", datetime.now(UTC) - timedelta(seconds=1), by_person=True)
    assert send(tool, score_hundredths=1900) is ReceiptOutcome.DELIVERED
    assert canvas.grades[1, "u1"].score == 11
    assert send(tool, score_hundredths=1900, overwrite=True) is ReceiptOutcome.DELIVERED
    assert canvas.grades[1, "u1"].score == 19


def test_handing_in_is_a_new_submission_and_clears_nothing(tool: Tool, canvas: Canvas) -> None:
    send(tool)
    done = send(
        tool, activity_progress="Submitted", grading_progress="PendingManual", score_hundredths=None, comment=None
    )
    assert done is ReceiptOutcome.DELIVERED
    assert canvas.submissions[-1]["new_submission"] is True
    assert canvas.grades[1, "u1"].score == 15


def test_who_is_no_student_is_refused(tool: Tool, canvas: Canvas) -> None:
    assert send(tool, subject="teacher") is ReceiptOutcome.REJECTED


def test_an_older_score_is_refused_with_400(tool: Tool, canvas: Canvas) -> None:
    send(tool)
    assert send(tool, datetime.now(UTC) - timedelta(hours=1)) is ReceiptOutcome.REJECTED


def test_too_many_requests_come_as_403_and_pass(tool: Tool, canvas: Canvas) -> None:
    send(tool)
    canvas.throttled = 2
    assert send(tool) is ReceiptOutcome.DELIVERED
    canvas.throttled = 9
    assert send(tool) is ReceiptOutcome.RETRY


def test_pages_are_followed_with_their_big_and_small_letters(tool: Tool, canvas: Canvas) -> None:
    send(tool)
    send(tool, subject="u2", score_hundredths=900)
    with tool.parts.database.transaction() as session:
        ids = session.execute(select(Deployment.id)).scalar_one(), session.execute(select(Assignment.id)).scalar_one()
    found = AgsGradebook(tool.parts.database, connector(tool)).read_results(*ids)
    assert [(one.subject, one.score) for one in found] == [("u1", 15), ("u2", 9)]


def test_the_extension_has_the_name_that_canvas_reads() -> None:

    assert set(find("canvas").score_members(handed_in=False, overwrite=False)) == {SUBMISSION}
