"""Having the reports about a submission looked at again, for whoever decides something about it."""

import uuid

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading.models import Arrival, ArrivalAsset


def look_again(session: Session, submission_id: uuid.UUID, clock: Clock = utc_now) -> None:
    """Something changed about a submission: have the reports about its files looked at now."""
    arrivals = select(Arrival.id).where(Arrival.submission_id == submission_id)
    session.execute(
        update(ArrivalAsset)
        .where(ArrivalAsset.arrival_id.in_(arrivals))
        .values(next_report_at=clock(), report_attempts=0)
        .execution_options(synchronize_session=False)
    )
