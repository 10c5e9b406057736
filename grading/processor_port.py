"""What the domain needs of an LMS's own assignments: fetch what was handed in there, report what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from grading.gradebook_port import ReceiptOutcome


class AssetUnavailable(Exception):
    """A file could not be fetched. `code` is what the LMS is told (`DOWNLOAD_FAILED` …)."""

    def __init__(self, code: str, *, retry: bool) -> None:
        super().__init__(code)
        self.code = code
        self.retry = retry


class ReportProgress(StrEnum):
    """`processingProgress` of a report (LTI Asset Processor 1.0)."""

    PROCESSED = "Processed"
    PROCESSING = "Processing"
    PENDING_MANUAL = "PendingManual"
    FAILED = "Failed"
    NOT_PROCESSED = "NotProcessed"


@dataclass(frozen=True, slots=True)
class AssetReport:
    """One report about one file. A repeat is equal in every field."""

    deployment_id: UUID
    report_url: str
    asset_id: str
    timestamp: datetime
    progress: ReportProgress
    title: str
    comment: str = ""
    result: str = ""
    """At most 16 characters, only with `Processed`."""
    error_code: str = ""
    visible_to_owner: bool = False


@dataclass(frozen=True, slots=True)
class ReportReceipt:
    """The LMS's answer to a report."""

    outcome: ReceiptOutcome
    status: int | None
    retry_after: float | None = None


class AssetService(Protocol):
    """An LMS that hands out files and takes reports about them."""

    def fetch(self, deployment_id: UUID, url: str, *, most_bytes: int) -> bytes:
        """One file, whole; raises AssetUnavailable."""

    def report(self, report: AssetReport) -> ReportReceipt:
        """Send one report. Never raises for an answer of the LMS."""
