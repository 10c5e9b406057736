"""Subscribing to an LMS's notices (Platform Notification Service 1.0), and its EULA service."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from lti_tool.lti.claims import SCOPE_EULA_USER, SCOPE_NOTICES
from lti_tool.lti.services.columns import compact
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.errors import ServiceFailed

JSON: Final = "application/json"
MOST_AT_ONCE: Final = 50


def subscribe(
    connector: ServiceConnector, deployment_id: UUID, service: dict[str, Any], notice_type: str, handler: str
) -> None:
    """Have a kind of notice sent to us. The same subscription twice is one.

    Args:
        service: the platform notification service claim of a launch.

    Raises:
        ServiceFailed: the LMS offers no such notice, or did not take the subscription.
    """
    url = service.get("platform_notification_service_url")
    offered = service.get("notice_types_supported")
    if not isinstance(url, str) or not urlsplit(url).hostname:
        raise ServiceFailed("Your LMS does not tell Blindmark about work that is handed in (no notification service).")
    if isinstance(offered, list) and notice_type not in offered:
        raise ServiceFailed("Your LMS does not send notices about work that is handed in.")
    body = {"notice_type": notice_type, "handler": handler, "max_batch_size": MOST_AT_ONCE}
    answer = connector.request(
        deployment_id,
        "PUT",
        url,
        scopes=(SCOPE_NOTICES,),
        headers={"Content-Type": JSON, "Accept": JSON},
        body=compact(body),
    )
    if answer.status not in (200, 201, 202, 204):
        raise ServiceFailed(
            f"Your LMS did not agree to tell Blindmark about work that is handed in (HTTP {answer.status}).",
            status=answer.status,
        )


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
    answer = connector.request(
        deployment_id,
        "POST",
        f"{service_url.rstrip('/')}/user",
        scopes=(SCOPE_EULA_USER,),
        headers={"Content-Type": JSON, "Accept": JSON},
        body=compact(body),
    )
    if answer.status not in (200, 201, 204):
        raise ServiceFailed(f"Your LMS did not note your answer (HTTP {answer.status}).", status=answer.status)
