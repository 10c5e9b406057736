"""An LMS's EULA service (part of LTI Asset Processor 1.0): who accepted the terms, and whether people are asked at all.

What an LMS notes counts for a whole deployment and never keeps anybody from handing work in.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from lti_tool.lti.claims import SCOPE_EULA_DEPLOYMENT, SCOPE_EULA_USER
from lti_tool.lti.services.columns import compact
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.errors import ServiceFailed

JSON: Final = "application/json"
_TAKEN: Final = (200, 201, 202, 204)


def answer_eula(
    connector: ServiceConnector,
    deployment_id: UUID,
    service_url: str,
    subject: str,
    *,
    accepted: bool,
    moment: datetime,
) -> None:
    """Tell the LMS whether somebody accepted the terms.

    Raises:
        ServiceFailed: the LMS did not take it.
    """
    body = {
        "userId": subject,
        "accepted": accepted,
        "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    _send(connector, deployment_id, "POST", f"{_base(service_url)}/user", SCOPE_EULA_USER, body, "note your answer")


def forget_answers(connector: ServiceConnector, deployment_id: UUID, service_url: str) -> None:
    """Have the LMS forget everybody's answer, so that it asks all of them again.

    Raises:
        ServiceFailed: the LMS did not do it.
    """
    url = f"{_base(service_url)}/user"
    _send(connector, deployment_id, "DELETE", url, SCOPE_EULA_USER, None, "forget the answers that it has")


def require_eula(connector: ServiceConnector, deployment_id: UUID, service_url: str, *, required: bool) -> None:
    """Tell the LMS whether to have people accept the terms.

    Raises:
        ServiceFailed: the LMS did not take it.
    """
    url, body = f"{_base(service_url)}/deployment", {"eulaRequired": required}
    _send(connector, deployment_id, "PUT", url, SCOPE_EULA_DEPLOYMENT, body, "change whom it asks")


def _base(service_url: str) -> str:
    return service_url.rstrip("/")


def _send(
    connector: ServiceConnector,
    deployment_id: UUID,
    method: str,
    url: str,
    scope: str,
    body: Mapping[str, object] | None,
    what: str,
) -> None:
    headers = {"Accept": JSON} if body is None else {"Content-Type": JSON, "Accept": JSON}
    content = None if body is None else compact(body)
    answer = connector.request(deployment_id, method, url, scopes=(scope,), headers=headers, body=content)
    if answer.status not in _TAKEN:
        raise ServiceFailed(f"Your LMS did not {what} (HTTP {answer.status}).", status=answer.status)
