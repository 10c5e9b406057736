"""Files of an LMS's own assignments, and reports about them (LTI Asset Processor 1.0)."""

from datetime import UTC
from typing import Any, Final
from urllib.parse import urljoin
from uuid import UUID

import requests
from urllib3.exceptions import HTTPError

from config.settings import is_loopback
from grading.gradebook_port import ReceiptOutcome
from grading.processor_port import AssetReport, AssetUnavailable, ReportProgress, ReportReceipt
from lti_tool.lti.claims import SCOPE_ASSET, SCOPE_REPORT
from lti_tool.lti.outside import TIMEOUT_SECONDS, OutsideFailed, read_body
from lti_tool.lti.services.columns import compact
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.errors import ServiceFailed
from lti_tool.security_headers import origin

MOST_REDIRECTS: Final = 3
LONGEST_SECONDS: Final = 240.0
"""For one whole file; less than a worker may hold it (`grading.intake`)."""
REPORT_TYPE: Final = "blindmark"
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_GONE: Final = frozenset({400, 403, 404, 410, 422})


class LmsAssets:
    """A `grading.processor_port.AssetService` over HTTP."""

    def __init__(self, connector: ServiceConnector, http: requests.Session) -> None:
        self._connector = connector
        self._http = http

    def fetch(self, deployment_id: UUID, url: str, *, most_bytes: int) -> bytes:
        """One file, whole. The token goes to the LMS's own host only; where that sends us on, it is left out."""
        home, current = origin(url), url
        for _ in range(MOST_REDIRECTS + 1):
            if not current.startswith("https://") and not is_loopback(current):
                raise AssetUnavailable("DOWNLOAD_FAILED", retry=False)
            headers = {"Accept": "*/*"}
            try:
                if origin(current) == home:
                    headers["Authorization"] = f"Bearer {self._connector.token(deployment_id, (SCOPE_ASSET,))}"
                status, following, data = self._get(current, headers, most_bytes)
            except ServiceFailed as failure:
                raise AssetUnavailable("DOWNLOAD_FAILED", retry=failure.retry) from failure
            except OutsideFailed as failure:
                large = failure.reason == "too_large"
                raise AssetUnavailable("ASSET_TOO_LARGE" if large else "DOWNLOAD_FAILED", retry=not large) from failure
            except (requests.RequestException, HTTPError, OSError, ValueError) as error:
                raise AssetUnavailable("DOWNLOAD_FAILED", retry=True) from error
            if status in _REDIRECTS and following:
                current = urljoin(current, following)
                continue
            if status != 200:
                raise AssetUnavailable("DOWNLOAD_FAILED", retry=status not in _GONE)
            return data
        raise AssetUnavailable("DOWNLOAD_FAILED", retry=False)

    def report(self, report: AssetReport) -> ReportReceipt:
        """Send one report."""
        try:
            answer = self._connector.request(
                report.deployment_id,
                "POST",
                report.report_url,
                scopes=(SCOPE_REPORT,),
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                body=compact(report_body(report)),
            )
        except ServiceFailed as failure:
            outcome = ReceiptOutcome.RETRY if failure.retry else ReceiptOutcome.REJECTED
            return ReportReceipt(outcome, failure.status, failure.retry_after)
        if answer.status in (200, 201, 202, 204):
            return ReportReceipt(ReceiptOutcome.DELIVERED, answer.status)
        if answer.status == 409:
            return ReportReceipt(ReceiptOutcome.ALREADY_THERE, answer.status)
        return ReportReceipt(ReceiptOutcome.REJECTED, answer.status)

    def _get(self, url: str, headers: dict[str, str], most_bytes: int) -> tuple[int, str, bytes]:
        with self._http.get(
            url, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
        ) as response:
            data = read_body(response, most_bytes=most_bytes, seconds=LONGEST_SECONDS)
            return response.status_code, response.headers.get("Location", ""), data


def report_body(report: AssetReport) -> dict[str, Any]:
    """The report as JSON. `priority` stays 0: whether somebody should worry is the instructor's to say."""
    body: dict[str, Any] = {
        "assetId": report.asset_id,
        "type": REPORT_TYPE,
        "timestamp": report.timestamp.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "title": report.title,
        "processingProgress": report.progress.value,
        "priority": 0,
        "visibleToOwner": report.visible_to_owner,
    }
    if report.comment:
        body["comment"] = report.comment
    if report.result and report.progress is ReportProgress.PROCESSED:
        body["result"] = report.result
    if report.error_code and report.progress is ReportProgress.FAILED:
        body["errorCode"] = report.error_code
    return body
