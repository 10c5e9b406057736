"""Sends a copy of a person's data to the browser, opened piece by piece."""

from uuid import UUID

from flask import Response

from grading import exports
from lti_tool.parts import parts
from lti_tool.permissions import current_visit
from privacy.audit import Actor


def archive(export_id: UUID, person_id: UUID) -> Response:
    """A copy about one person of the visit's tenant, as a download that nothing keeps on its way."""
    visit = current_visit()
    found = exports.fetch(
        parts().database,
        parts().vault,
        export_id,
        tenant_id=visit.tenant_id,
        person_id=person_id,
        reader=Actor.person(visit.person_id),
        now=parts().clock(),
    )
    response = Response(found.pieces, mimetype="application/zip")
    response.headers["Content-Length"] = str(found.size)
    response.headers["Content-Disposition"] = "attachment; filename=personal-data.zip"
    response.headers["Cache-Control"] = "no-store"
    return response
