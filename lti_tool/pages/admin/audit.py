"""The audit log, newest first (P6)."""

from flask import render_template, request

from lti_tool.parts import parts
from privacy.audit import reading as log


def audit() -> str:
    """One page of the log."""
    with parts().database.transaction() as session:
        page = log.page(session, after=request.args.get("after") or None)
    return render_template("admin/audit.html", page=page)
