"""Entries of the audit log as CSV or as one JSON object a line, written while they are read."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final

from privacy.audit.entries import Actor, as_json, record
from privacy.audit.reading import AuditFilter, stream
from privacy.audit.verifying import Transaction
from privacy.models import AuditEvent
from privacy.safe_csv import csv_lines

FIELDS: Final = tuple(column.key for column in AuditEvent.__table__.columns)


def as_csv(rows: Iterable[AuditEvent]) -> Iterator[str]:
    """A header and a line each; details as JSON in one cell."""
    return csv_lines(FIELDS, ([_cell(getattr(row, name)) for name in FIELDS] for row in rows))


def as_json_lines(rows: Iterable[AuditEvent]) -> Iterator[str]:
    """One object a line, with everything that an entry's hash is made from."""
    for row in rows:
        yield json.dumps({name: getattr(row, name) for name in FIELDS}, ensure_ascii=False, default=as_json) + "\n"


FORMATS: Final[dict[str, tuple[str, Callable[[Iterable[AuditEvent]], Iterator[str]]]]] = {
    "csv": ("text/csv", as_csv),
    "jsonl": ("application/jsonl", as_json_lines),
}


def export(transaction: Transaction, actor: Actor, form: str, chosen: AuditFilter, now: datetime) -> Iterator[str]:
    """Everything that a filter shows, in one of the `FORMATS`. That it leaves the log is noted before this returns."""
    # What is written ends where it is noted that it was written.
    chosen = replace(chosen, until=min(chosen.until or now, now))
    with transaction() as session:
        record(
            session,
            event="audit.exported",
            actor=actor,
            tenant_id=None,
            object_type="audit_log",
            object_id=None,
            details={"format": form, **chosen.named()},
        )
    _, write = FORMATS[form]
    return write(stream(transaction, chosen))


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if isinstance(value, dict) else value
