"""Failed work and the provider's health as administrators see them, and what OpenAI announces by itself."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from pydantic import SecretStr
from sqlalchemy import event, select

from grading import hints, provider_health
from grading.batches import monitor
from grading.models import Administrator, Batch, ProviderEvent, QueueItem, Submission
from grading.providers.base import Outcome, ProviderMisconfigured, ResultLine
from grading.states import BatchStep, QueueState, SubmissionState
from lti_tool.parts import EXTENSION
from tests import factories
from tests.lti_tool.conftest import Browser, Tool, text_of
from tests.lti_tool.pages.test_main_job import Story, story

__all__ = ["story"]
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ....").decode()


def failed(story: Story, students: int = 2) -> Browser:
    """Work that the model refused, and the administrator."""
    for number in range(students):
        story.hand_in(subject=f"student-{number}")
    story.provider.answer = lambda custom_id: ResultLine(custom_id, Outcome.REFUSED, raw=b"{}", error_code="policy")
    story.run_batch()
    admin = story.tool.browser()
    admin.submit("/admin/sign-in", "/admin/sign-in", {"username": "root", "password": "a longer password"})
    return admin


def states(tool: Tool) -> set[tuple[QueueState, SubmissionState, str | None]]:
    with tool.parts.database.transaction() as session:
        query = select(QueueItem.state, Submission.state, Submission.by_hand_reason).join(Submission)
        return {tuple(row) for row in session.execute(query)}  # type: ignore[misc]


def test_failed_work_is_listed_with_its_reason_and_its_place(story: Story) -> None:
    admin = failed(story)
    statements: list[str] = []
    event.listen(
        story.tool.parts.database.engine, "before_cursor_execute", lambda *given: statements.append(str(given[2]))
    )
    words = text_of(admin.get("/admin/failures"))
    assert len([one for one in statements if one.startswith("SELECT")]) <= 6
    assert words.count("The model refused to answer.") == 3, "two rows and the filter"
    assert "Batch 1 line r_" in words
    assert "Mira" not in words


@pytest.mark.parametrize(
    ("remedy", "said", "expected"),
    [
        ("retry", "1 back in the queue", (QueueState.QUEUED, SubmissionState.WAITING, None)),
        ("skip", "1 set aside", (QueueState.SKIPPED, SubmissionState.WITH_INSTRUCTOR, "skipped")),
        ("by_hand", "instructors of 1", (QueueState.SKIPPED, SubmissionState.WITH_INSTRUCTOR, "grade_by_hand")),
    ],
)
def test_what_is_ticked_is_retried_set_aside_or_handed_over(
    story: Story, remedy: str, said: str, expected: tuple[QueueState, SubmissionState, str | None]
) -> None:
    admin = failed(story, 1)
    with story.tool.parts.database.transaction() as session:
        item = str(session.execute(select(QueueItem.id)).scalar_one())
    answer = admin.submit("/admin/failures", "/failures/mend", {"item": [item], "do": remedy}, follow_redirects=True)
    assert said in text_of(answer)
    assert states(story.tool) == {expected}
    with story.tool.parts.database.transaction() as session:
        again = session.execute(select(QueueItem)).scalar_one()
    if remedy == "retry":
        assert (again.attempts, again.failure_code) == (0, None)


def test_all_with_one_reason_are_meant_at_once(story: Story) -> None:
    admin = failed(story)
    answer = admin.submit(
        "/admin/failures?reason=refused",
        "/failures/mend",
        {"reason": "refused", "all": "yes", "do": "retry"},
        follow_redirects=True,
    )
    assert "2 back in the queue" in text_of(answer)
    assert states(story.tool) == {(QueueState.QUEUED, SubmissionState.WAITING, None)}


def test_troubles_are_told_on_every_page_until_they_are_over(story: Story) -> None:
    story.hand_in()
    admin = story.admin()
    parts = story.tool.parts
    with parts.database.transaction() as session:
        waiting = Batch(
            number=7,
            provider="openai",
            model="gpt-6-luna",
            created_by=session.execute(select(Administrator.id)).scalar_one(),
            step=BatchStep.CREATE,
            submitted_at=parts.clock(),
            moved_at=parts.clock() - timedelta(hours=7),
        )
        session.add(waiting)
        session.flush()
        provider_health.note_failure(
            session, waiting, ProviderMisconfigured("The account has no money."), parts.clock()
        )
        assert monitor.watch(session, parts.clock(), timedelta(hours=6)) == 1
        assert monitor.watch(session, parts.clock(), timedelta(hours=6)) == 0
    for path in ("/admin", "/admin/provider"):
        words = text_of(admin.get(path))
        assert "The account has no money." in words.partition("Nothing is sent to OpenAI")[2]
        assert "Batch 7 does not move" in words
    answer = admin.submit("/admin/provider", "/provider/resume", {}, follow_redirects=True)
    assert "The next batch tries it now" in text_of(answer)
    with parts.database.transaction() as session:
        session.execute(select(Batch)).scalar_one().alerted_at = None
        waiting.step = BatchStep.CREATE
        provider_health.admit(session, waiting, parts.clock())
        provider_health.note_success(session, waiting, parts.clock())
    words = text_of(admin.get("/admin/provider"))
    assert "Calls go through." in words
    assert "does not move" not in words


def test_a_batch_is_cancelled_with_a_reason(story: Story) -> None:
    story.hand_in()
    admin = story.admin()
    with story.tool.parts.database.transaction() as session:
        items = [str(one) for one in session.execute(select(QueueItem.id)).scalars()]
    page = admin.submit("/admin", "/batches/new", {"item": items})
    assert page.status_code == 200
    token = {"csrf_token": _token(page.get_data(as_text=True))}
    batch_path = admin.post("/admin/batches/create", data={**token, "item": items, "note": ""}).headers["Location"]
    silent = admin.submit(f"{batch_path}/cancel", "/cancel", {"reason": " "})
    assert "Say why, in a few words." in text_of(silent)
    done = admin.submit(f"{batch_path}/cancel", "/cancel", {"reason": "Wrong prompt."}, follow_redirects=True)
    assert "Wrong prompt." in text_of(done).partition("Cancelled because")[2]


def _token(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def message(batch: str, *, name: str = "msg_1", secret: str = SECRET, age: int = 0) -> tuple[bytes, dict[str, str]]:
    """A message as OpenAI signs it."""
    moment = str(int(time.time()) - age)
    body = json.dumps(
        {"id": "evt", "object": "event", "type": "batch.completed", "created_at": int(moment), "data": {"id": batch}}
    ).encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mark = base64.b64encode(hmac.new(key, f"{name}.{moment}.".encode() + body, hashlib.sha256).digest()).decode()
    return body, {"webhook-id": name, "webhook-timestamp": moment, "webhook-signature": f"v1,{mark}"}


class Announced:
    """A tool that OpenAI may call, with a batch that runs there and is looked at in an hour."""

    def __init__(self, tool: Tool, secret: str | None = SECRET) -> None:
        settings = tool.parts.settings.model_copy(
            update={"openai_webhook_secret": SecretStr(secret) if secret else None}
        )
        self.nudged: list[str] = []
        self.parts = replace(tool.parts, settings=settings, nudge=lambda _task, batch: self.nudged.append(str(batch)))
        tool.flask.extensions[EXTENSION] = self.parts
        self.client = tool.flask.test_client()
        with self.parts.database.transaction() as session:
            batch = Batch(
                number=1,
                provider="openai",
                model="gpt-6-luna",
                created_by=factories.administrator(session).id,
                step=BatchStep.POLL,
                provider_batch_id="batch_1",
                next_check_at=self.parts.clock() + timedelta(hours=1),
            )
            session.add(batch)
        self.batch_id = str(batch.id)

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        return self.client.post("/webhooks/openai", data=body, headers=headers).status_code

    def due(self) -> bool:
        with self.parts.database.transaction() as session:
            moment = session.execute(select(Batch.next_check_at)).scalar_one()
        return moment is not None and moment <= self.parts.clock()


def test_an_announcement_has_its_batch_looked_at_once(tool: Tool) -> None:
    announced = Announced(tool)
    body, headers = message("batch_1")
    assert announced.post(body, headers) == 204
    assert announced.due()
    assert announced.post(body, headers) == 204, "the same message again"
    assert announced.nudged == [announced.batch_id]
    assert announced.post(*message("batch_of_somebody_else", name="msg_2")) == 204
    assert announced.nudged == [announced.batch_id]
    with announced.parts.database.transaction() as session:
        assert len(session.execute(select(ProviderEvent)).all()) == 2
        hints.forget(session, announced.parts.clock() + timedelta(days=2))
        assert session.execute(select(ProviderEvent)).all() == []


OTHER = "whsec_" + base64.b64encode(b"another secret of thirty-two byt").decode()


@pytest.mark.parametrize(
    "made",
    [
        lambda: message("batch_1", secret=OTHER),
        lambda: message("batch_1", age=600),
        lambda: message("batch_1", age=-600),
        lambda: (message("batch_1")[0] + b" ", message("batch_1")[1]),
        lambda: (message("batch_1")[0], {}),
        lambda: (message("batch_1")[0], {**message("batch_1")[1], "webhook-id": "msg_9"}),
    ],
    ids=["forged", "replayed late", "from the future", "changed", "unsigned", "under another id"],
)
def test_what_openai_did_not_sign_is_refused(tool: Tool, made: Callable[[], tuple[bytes, dict[str, str]]]) -> None:
    body, headers = made()
    announced = Announced(tool)
    assert announced.post(body, headers) == 400
    assert not announced.due()
    assert announced.nudged == []
    with announced.parts.database.transaction() as session:
        assert session.execute(select(ProviderEvent)).first() is None, "what strangers send leaves nothing behind"


def test_without_a_secret_there_is_no_such_address(tool: Tool) -> None:
    assert Announced(tool, None).post(*message("batch_1")) == 404


def test_a_message_of_any_size_is_not_read(tool: Tool) -> None:
    announced = Announced(tool)
    assert announced.post(b"x" * 100_000, message("batch_1")[1]) == 413
    unmeasured = announced.client.post(
        "/webhooks/openai",
        input_stream=BytesIO(b"x" * 100_000),
        headers=message("batch_1")[1],
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert unmeasured.status_code == 413, "and one whose size is not told is not read either"
