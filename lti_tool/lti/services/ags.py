"""Assignment and Grade Services: columns found before they are made, scores sent once (AGS 2.0)."""

import json
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

from sqlalchemy import select

from config.database import Database
from grading.gradebook_port import ReceiptOutcome, ScoreMessage, ScoreReceipt
from grading.models import Assignment, Context
from lti_tool.lti.claims import SCOPE_LINEITEM, SCOPE_SCORE
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.errors import ServiceFailed

LINEITEM: Final = "application/vnd.ims.lis.v2.lineitem+json"
LINEITEMS: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE: Final = "application/vnd.ims.lis.v1.score+json"
_RETRY: Final = frozenset({408, 425, 429})
_WORDS: Final = {
    400: "Your LMS refused the score (HTTP 400): the student may not be gradable there.",
    401: "Your LMS refused our access (HTTP 401).",
    403: "Your LMS does not let Blindmark write to this column (HTTP 403).",
    404: "The gradebook column is gone (HTTP 404). Open the activity once to find it again.",
    409: "Your LMS has a newer score for this student already.",
    413: "Your LMS says the feedback is too long (HTTP 413).",
    422: "Your LMS says this person is not a student of the course (HTTP 422).",
}


class AgsGradebook:
    """A `grading.gradebook_port.Gradebook` over AGS."""

    def __init__(self, database: Database, connector: ServiceConnector) -> None:
        self._database = database
        self._connector = connector

    def post_score(self, message: ScoreMessage) -> ScoreReceipt:
        """Send one score; the receipt says what the LMS made of it."""
        try:
            url = message.lineitem_url or self._column(message)
            answer = self._connector.request(
                message.deployment_id,
                "POST",
                service_url(url, "scores"),
                scopes=(SCOPE_SCORE,),
                headers={"Content-Type": SCORE},
                body=json.dumps(score_body(message), ensure_ascii=False, separators=(",", ":")).encode(),
            )
        except ServiceFailed as failure:
            outcome = ReceiptOutcome.RETRY if failure.retry else ReceiptOutcome.REJECTED
            return ScoreReceipt(outcome, failure.status, failure.words)
        return read_receipt(answer.status, answer.body)

    def _column(self, message: ScoreMessage) -> str:
        """The assignment's column: known by now, found by its resource id, or made."""
        with self._database.transaction() as session:
            assignment, container = session.execute(
                select(Assignment, Context.lineitems_url)
                .join(Context, Context.id == Assignment.context_id)
                .where(Assignment.id == message.assignment_id)
            ).one()
        if assignment.lineitem_url:
            return str(assignment.lineitem_url)
        if not container:
            raise ServiceFailed("Your LMS has not offered a gradebook for this course. Open the activity once.")
        url = self._find(message.deployment_id, container, assignment.id) or self._make(
            message.deployment_id, container, assignment
        )
        with self._database.transaction() as session:
            session.get_one(Assignment, assignment.id).lineitem_url = url
        return url

    def _find(self, deployment_id: UUID, container: str, assignment_id: UUID) -> str | None:
        query = urlencode({"resource_id": str(assignment_id)})
        joint = "&" if urlsplit(container).query else "?"
        pages = self._connector.pages(
            deployment_id, f"{container}{joint}{query}", scopes=(SCOPE_LINEITEM,), accept=LINEITEMS
        )
        for page in pages:
            for item in page if isinstance(page, list) else []:
                if isinstance(item, dict) and item.get("resourceId") == str(assignment_id) and item.get("id"):
                    return str(item["id"])
        return None

    def _make(self, deployment_id: UUID, container: str, assignment: Assignment) -> str:
        body = {
            "label": assignment.title,
            "scoreMaximum": _number(assignment.points_hundredths),
            "resourceId": str(assignment.id),
            "tag": "grade",
        }
        answer = self._connector.request(
            deployment_id,
            "POST",
            container,
            scopes=(SCOPE_LINEITEM,),
            headers={"Content-Type": LINEITEM, "Accept": LINEITEM},
            body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(),
        )
        try:
            made = json.loads(answer.body)["id"] if answer.status in (200, 201) else None
        except (ValueError, KeyError, TypeError):
            made = None
        if not isinstance(made, str):
            raise ServiceFailed(
                f"Your LMS did not make a gradebook column (HTTP {answer.status}).",
                status=answer.status,
                retry=answer.status in _RETRY or answer.status >= 500,
            )
        return made


def service_url(lineitem_url: str, service: str) -> str:
    """Append to the path and keep the query: line item addresses may end in `?type_id=3`."""
    parts = urlsplit(lineitem_url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{service}"))


def score_body(message: ScoreMessage) -> dict[str, Any]:
    """The score as JSON (AGS 2.0, 3.4.4). Without a score the LMS clears what it had from us."""
    body: dict[str, Any] = {
        "userId": message.subject,
        "timestamp": _moment(message.timestamp),
        "activityProgress": message.activity_progress,
        "gradingProgress": message.grading_progress,
    }
    if message.score_hundredths is not None:
        body["scoreGiven"] = _number(message.score_hundredths)
        body["scoreMaximum"] = _number(message.maximum_hundredths)
    if message.comment:
        body["comment"] = message.comment
    if message.submitted_at is not None:
        body["submission"] = {
            "startedAt": _moment(message.submitted_at),
            "submittedAt": _moment(message.submitted_at),
        }
    return body


def read_receipt(status: int, body: bytes) -> ScoreReceipt:
    """What an answer means."""
    if status in (200, 201, 202, 204):
        # Moodle answers 200 with an empty list when it has refused (and lost its status line).
        if body.strip() == b"[]":
            return ScoreReceipt(ReceiptOutcome.REJECTED, status, _WORDS[400])
        return ScoreReceipt(ReceiptOutcome.DELIVERED, status, "")
    if status == 409:
        return ScoreReceipt(ReceiptOutcome.ALREADY_THERE, status, _WORDS[409])
    if status in _RETRY or status >= 500 or (status == 403 and b"Rate Limit Exceeded" in body):
        return ScoreReceipt(ReceiptOutcome.RETRY, status, f"Your LMS is busy (HTTP {status}).")
    return ScoreReceipt(
        ReceiptOutcome.REJECTED, status, _WORDS.get(status, f"Your LMS refused the score (HTTP {status}).")
    )


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _number(hundredths: int) -> int | float:
    return hundredths // 100 if hundredths % 100 == 0 else hundredths / 100
