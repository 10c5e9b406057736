"""What administrators have an LMS do about the terms that it shows: ask everybody again, ask at all, or leave it.

The LMS does the asking. Each order is a row before the LMS is told and gets its outcome afterwards; there is nothing to
look up at the other side, so an order that was cut off is shown as such, and giving it again does no harm.
"""

import uuid
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.database import Database
from config.logging import fields, get_logger
from grading.errors import GradingError
from grading.models import Deployment
from grading.models.tenancy import DeploymentState, RegistrationState
from grading.tenancy import get_deployment
from lti_tool.lti.models import TermsAct, TermsOrder, TermsProgress
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.errors import ServiceFailed
from lti_tool.lti.services.eula import forget_answers, require_eula
from privacy.audit import Actor, record
from privacy.consent_words import consent_texts
from privacy.models import Consent

MOST_SHOWN: Final = 10
log = get_logger(__name__)


class TermsOutOfReach(GradingError):
    """The LMS has no such service, or is not let in at present."""

    code = "terms_out_of_reach"
    status = 409


@dataclass(frozen=True, slots=True)
class TermsStanding:
    """How a deployment stands with its terms."""

    deployment: Deployment
    platform_name: str
    version: str
    """Of the words that are shown now."""
    outdated: int
    """People whose agreement was to words that do not count any more."""
    asked_again: TermsOrder | None
    """The last time that the LMS forgot all answers."""
    required: bool | None
    """What the LMS was last told; None when it was told nothing yet."""
    orders: list[TermsOrder]
    """The newest first."""


def standing(session: Session, deployment_id: UUID) -> TermsStanding:
    """What is known about the terms of a deployment.

    Raises:
        NotFound: there is no such deployment.
        TermsOutOfReach: its LMS has not told where it notes answers.
    """
    deployment = _deployment(session, deployment_id)
    texts = consent_texts()
    outdated = session.execute(
        select(func.count(Consent.id)).where(
            # An answer to the terms is kept for the whole tenant.
            Consent.context_id == deployment_id,
            Consent.withdrawn_at.is_(None),
            Consent.text_version.not_in(texts.accepted_versions),
        )
    ).scalar_one()
    told = _last_done(session, deployment_id, TermsAct.REQUIRE, TermsAct.WAIVE)
    orders = session.execute(_newest(deployment_id).limit(MOST_SHOWN)).scalars()
    return TermsStanding(
        deployment=deployment,
        platform_name=deployment.registration.name,
        version=texts.current.name,
        outdated=outdated,
        asked_again=_last_done(session, deployment_id, TermsAct.ASK_AGAIN),
        required=None if told is None else told.act is TermsAct.REQUIRE,
        orders=list(orders),
    )


class Terms:
    """Gives orders to LMSs."""

    def __init__(self, database: Database, connector: ServiceConnector, clock: Clock = utc_now) -> None:
        self._database = database
        self._connector = connector
        self._clock = clock

    def tell(self, deployment_id: UUID, act: TermsAct, actor: Actor) -> str | None:
        """Have an LMS do something about its terms; returns why not, in words, when it did not.

        Raises:
            NotFound: there is no such deployment.
            TermsOutOfReach: its LMS offers no such thing, or is switched off.
        """
        order_id = uuid.uuid4()
        with self._database.transaction() as session:
            url = _reachable(_deployment(session, deployment_id))
            session.add(
                TermsOrder(
                    id=order_id,
                    deployment_id=deployment_id,
                    act=act,
                    state=TermsProgress.STARTED,
                    text_version=consent_texts().current.name,
                    created_at=self._clock(),
                )
            )
            _audit(session, "terms.telling", actor, deployment_id, act)
        failure = self._send(deployment_id, url, act)
        with self._database.transaction() as session:
            session.execute(
                update(TermsOrder)
                .where(TermsOrder.id == order_id, TermsOrder.state == TermsProgress.STARTED)
                .values(
                    state=TermsProgress.DONE if failure is None else TermsProgress.FAILED,
                    failure_words=failure,
                    finished_at=self._clock(),
                )
            )
            _audit(session, "terms.told" if failure is None else "terms.not_told", actor, deployment_id, act)
        return failure

    def _send(self, deployment_id: UUID, url: str, act: TermsAct) -> str | None:
        try:
            if act is TermsAct.ASK_AGAIN:
                forget_answers(self._connector, deployment_id, url)
            else:
                require_eula(self._connector, deployment_id, url, required=act is TermsAct.REQUIRE)
        except ServiceFailed as failure:
            log.warning("terms.not_told", extra=fields(deployment=deployment_id, status=failure.status))
            return failure.words
        return None


def _deployment(session: Session, deployment_id: UUID) -> Deployment:
    deployment = get_deployment(session, deployment_id)
    if deployment.terms_url is None:
        raise TermsOutOfReach(
            "This LMS has shown no terms to anybody yet, so Blindmark does not know where it notes the answers. "
            "Open the terms once from the LMS, as anybody."
        )
    return deployment


def _reachable(deployment: Deployment) -> str:
    active = deployment.registration.state is RegistrationState.ACTIVE
    if not active or deployment.state is not DeploymentState.APPROVED:
        raise TermsOutOfReach("This LMS is switched off here. Enable it under Platforms first.")
    return str(deployment.terms_url)


def _newest(deployment_id: UUID) -> Select[TermsOrder]:
    return (
        select(TermsOrder)
        .where(TermsOrder.deployment_id == deployment_id)
        .order_by(TermsOrder.created_at.desc(), TermsOrder.id)
    )


def _last_done(session: Session, deployment_id: UUID, *acts: TermsAct) -> TermsOrder | None:
    query = _newest(deployment_id).where(TermsOrder.act.in_(acts), TermsOrder.state == TermsProgress.DONE)
    return session.execute(query.limit(1)).scalar_one_or_none()


def _audit(session: Session, event: str, actor: Actor, deployment_id: UUID, act: TermsAct) -> None:
    record(
        session,
        event=event,
        actor=actor,
        tenant_id=deployment_id,
        object_type="deployment",
        object_id=deployment_id,
        details={"act": act.value},
    )
