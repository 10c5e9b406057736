"""Subscribing to an LMS's notices (Platform Notification Service 1.0)."""

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading.models import Deployment
from grading.models.tenancy import DeploymentState
from lti_tool.lti.claims import (
    CONTEXT_COPY_NOTICE,
    HELLO_WORLD_NOTICE,
    SCOPE_NOTICES,
    SUBMISSION_NOTICE,
)
from lti_tool.lti.services.columns import compact
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.errors import ServiceFailed

JSON: Final = "application/json"
SUBSCRIBE: Final = "blindmark.subscribe"
MOST_AT_ONCE: Final = 50
ASK_AGAIN_AFTER: Final = timedelta(hours=6)
WANTED: Final = frozenset({CONTEXT_COPY_NOTICE, HELLO_WORLD_NOTICE})
_WHAT: Final = {
    SUBMISSION_NOTICE: "work that is handed in",
    CONTEXT_COPY_NOTICE: "copied courses",
    HELLO_WORLD_NOTICE: "tests of the connection",
}
log = get_logger(__name__)


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
        raise ServiceFailed(f"Your LMS does not tell Blindmark about {_WHAT[notice_type]} (no notification service).")
    if isinstance(offered, list) and notice_type not in offered:
        raise ServiceFailed(f"Your LMS does not send notices about {_WHAT[notice_type]}.")
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
            f"Your LMS did not agree to tell Blindmark about {_WHAT[notice_type]} (HTTP {answer.status}).",
            status=answer.status,
        )


class Subscriptions:
    """Has LMSs tell us what concerns a school as a whole: copied courses, so that a copy is known before anybody opens
    it, and their administrator's test notices. One per process."""

    def __init__(self, database: Database, connector: ServiceConnector, handler: str, clock: Clock = utc_now) -> None:
        self._database = database
        self._connector = connector
        self._handler = handler
        self._clock = clock

    def due(self, session: Session, now: datetime) -> list[UUID]:
        """Deployments whose LMS offers such notices and has not taken our subscriptions yet."""
        rows = session.execute(
            select(Deployment.id, Deployment.notice_types)
            .where(
                Deployment.state == DeploymentState.APPROVED,
                Deployment.notices_url.is_not(None),
                Deployment.subscribed_at.is_(None),
                or_(
                    Deployment.subscription_tried_at.is_(None), Deployment.subscription_tried_at < now - ASK_AGAIN_AFTER
                ),
            )
            .limit(MOST_AT_ONCE)
        )
        return [row.id for row in rows if WANTED & set(row.notice_types)]

    def ask(self, deployment_id: UUID) -> None:
        """Subscribe for one deployment. What an LMS does not take now is tried again later."""
        with self._database.transaction() as session:
            deployment = session.get_one(Deployment, deployment_id)
            deployment.subscription_tried_at = self._clock()
            url, offered = deployment.notices_url, deployment.notice_types
        service = {"platform_notification_service_url": url, "notice_types_supported": offered}
        try:
            for kind in sorted(WANTED & set(offered)):
                subscribe(self._connector, deployment_id, service, kind, self._handler)
        except ServiceFailed as failure:
            log.warning("notices.not_subscribed", extra=fields(deployment=deployment_id, status=failure.status))
            return
        with self._database.transaction() as session:
            session.execute(
                update(Deployment)
                .where(Deployment.id == deployment_id, Deployment.notices_url == url)
                .values(subscribed_at=self._clock())
            )
