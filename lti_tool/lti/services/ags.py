"""Assignment and Grade Services: scores sent once, results read back (AGS 2.0, 3.3 and 3.4)."""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from config.clock import Clock, utc_now
from config.database import Database
from grading.gradebook_port import GradebookUnavailable, LmsResult, ReceiptOutcome, ScoreMessage, ScoreReceipt
from lti_tool.lti.claims import SCOPE_RESULT, SCOPE_SCORE
from lti_tool.lti.outside import Answer
from lti_tool.lti.platforms import Platform
from lti_tool.lti.services.columns import Columns, compact, number
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.errors import ServiceFailed

SCORE: Final = "application/vnd.ims.lis.v1.score+json"
RESULTS: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
NOT_OFFERED: Final = frozenset({400, 401, 403, 404, 405, 406, 501})
_WORDS: Final = {
    400: "Your LMS refused the score (HTTP 400): the student may not be gradable there.",
    401: "Your LMS refused our access (HTTP 401).",
    403: "Your LMS does not let Blindmark write to this column (HTTP 403).",
    404: "The gradebook column is gone (HTTP 404). Open the activity once to find it again.",
    409: "Your LMS has a newer score for this student already.",
    412: "Your LMS says this person is not a student of the course (HTTP 412).",
    413: "Your LMS says the feedback is too long (HTTP 413).",
    422: "Your LMS says this person is not a student of the course (HTTP 422).",
}


class AgsGradebook:
    """A `grading.gradebook_port.Gradebook` over AGS."""

    def __init__(self, database: Database, connector: ServiceConnector, clock: Clock = utc_now) -> None:
        self._connector = connector
        self._columns = Columns(database, connector, clock)

    def post_score(self, message: ScoreMessage) -> ScoreReceipt:
        """Send one score; the receipt says what the LMS made of it."""
        try:
            platform = self._connector.platform_of(message.deployment_id)
            url = self._columns.known(message.assignment_id) or self._column(message)
            answer = self._post(message, url, platform)
            if answer.status == 404:
                # The column was deleted in the LMS: there may be another one by now, or there has to be.
                self._columns.forget(message.assignment_id, url)
                answer = self._post(message, self._column(message), platform)
        except ServiceFailed as failure:
            outcome = ReceiptOutcome.RETRY if failure.retry else ReceiptOutcome.REJECTED
            return ScoreReceipt(outcome, failure.status, failure.words, failure.retry_after)
        return read_receipt(answer, platform)

    def read_results(self, deployment_id: UUID, assignment_id: UUID) -> list[LmsResult]:
        """What the column holds. Asked for without `limit`: Moodle fails on it."""
        url = self._columns.known(assignment_id)
        if not url:
            return []
        found: list[LmsResult] = []
        try:
            for page in self._connector.pages(
                deployment_id, service_url(url, "results"), scopes=(SCOPE_RESULT,), accept=RESULTS
            ):
                found += [result for entry in _entries(page) if (result := _result(entry)) is not None]
        except ServiceFailed as failure:
            raise GradebookUnavailable(failure.words, offered=failure.status not in NOT_OFFERED) from failure
        return found

    def update_column(self, deployment_id: UUID, assignment_id: UUID) -> None:
        """Give the column the assignment's present title and points."""
        try:
            self._columns.update(deployment_id, assignment_id)
        except ServiceFailed as failure:
            raise GradebookUnavailable(failure.words, offered=failure.status not in NOT_OFFERED) from failure

    def _column(self, message: ScoreMessage) -> str:
        return self._columns.find_or_make(message.deployment_id, message.assignment_id)

    def _post(self, message: ScoreMessage, url: str, platform: Platform) -> Answer:
        return self._connector.request(
            message.deployment_id,
            "POST",
            service_url(url, "scores"),
            scopes=(SCOPE_SCORE,),
            headers={"Content-Type": SCORE},
            body=compact(score_body(message, platform)),
        )


def service_url(lineitem_url: str, service: str) -> str:
    """Append to the path and keep the query: line item addresses may end in `?type_id=3`."""
    parts = urlsplit(lineitem_url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{service}"))


def score_body(message: ScoreMessage, platform: Platform) -> dict[str, Any]:
    """The score as JSON (AGS 2.0, 3.4.4). Without a score the LMS clears what it had from us."""
    body: dict[str, Any] = {
        "userId": message.subject,
        "timestamp": _moment(message.timestamp),
        "activityProgress": message.activity_progress,
        "gradingProgress": message.grading_progress,
    }
    if message.score_hundredths is not None:
        body["scoreGiven"] = number(message.score_hundredths)
        body["scoreMaximum"] = number(message.maximum_hundredths)
    if message.comment:
        body["comment"] = message.comment[: platform.comment_characters]
    if message.submitted_at is not None:
        moment = _moment(message.submitted_at)
        body["submission"] = {"startedAt": moment, "submittedAt": moment}
    return body | platform.score_members(
        handed_in=message.score_hundredths is None and message.activity_progress == "Submitted",
        overwrite=message.overwrite,
    )


def read_receipt(answer: Answer, platform: Platform) -> ScoreReceipt:
    """What an answer means. Its own words are not shown: platforms repeat in them what was sent."""
    if platform.took_score(answer):
        return ScoreReceipt(ReceiptOutcome.DELIVERED, answer.status, "")
    if 200 <= answer.status < 300:
        return ScoreReceipt(ReceiptOutcome.REJECTED, answer.status, _WORDS[400])
    if answer.status == 409:
        return ScoreReceipt(ReceiptOutcome.ALREADY_THERE, answer.status, _WORDS[409])
    words = _WORDS.get(answer.status, f"Your LMS refused the score (HTTP {answer.status}).")
    return ScoreReceipt(ReceiptOutcome.REJECTED, answer.status, words)


def _entries(page: object) -> list[dict[str, Any]]:
    return [entry for entry in page if isinstance(entry, dict)] if isinstance(page, list) else []


def _result(entry: dict[str, Any]) -> LmsResult | None:
    subject, score, maximum = entry.get("userId"), entry.get("resultScore"), entry.get("resultMaximum")
    if not isinstance(subject, str | int) or isinstance(subject, bool):
        return None
    return LmsResult(
        subject=str(subject),
        score=float(score) if isinstance(score, int | float) and not isinstance(score, bool) else None,
        maximum=float(maximum) if isinstance(maximum, int | float) and maximum > 0 else 1.0,
        has_comment=bool(entry.get("comment")),
    )


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
