"""A decision of an administrator or an instructor about privacy, carried out on what waits in the same transaction."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading import privacy_limits, withholding
from grading.clearance import SITE_LIMIT
from grading.course_settings import CourseSettings, change_settings
from grading.models import Context
from grading.privacy_limits import Limits
from grading.withholding import EVERYWHERE, Scope
from privacy.audit import Actor
from privacy.sealing import Vault


@dataclass(frozen=True, slots=True)
class Effect:
    """What a decision did to work that waits."""

    changed: bool
    withheld: int = 0
    """Submissions that are graded by hand from now on."""
    put_back: int = 0
    """Submissions that are in the queue again."""


def decide_limits(
    session: Session,
    vault: Vault,
    limits: Limits,
    *,
    configured: Collection[str],
    provider: str,
    actor: Actor,
    clock: Clock = utc_now,
) -> Effect:
    """Set the site's limits. What they keep from leaving is graded by hand; what only they had kept is queued again.

    Raises:
        LimitsInvalid: names the entry that is wrong.
    """
    if not privacy_limits.change(session, limits, configured=configured, actor=actor, clock=clock):
        return Effect(changed=False)
    withheld = withholding.take_out(session, EVERYWHERE, provider=provider, actor=actor, clock=clock)
    back = withholding.put_back(
        session, vault, EVERYWHERE, provider=provider, actor=actor, reasons=(SITE_LIMIT,), clock=clock
    )
    return Effect(True, withheld, back)


def decide_settings(
    session: Session,
    *,
    context: Context,
    settings: CourseSettings,
    configured: Collection[str],
    provider: str,
    actor_id: uuid.UUID,
    clock: Clock = utc_now,
) -> Effect:
    """Change what a course has chosen. What may not leave any more is graded by hand from now on.

    Work that may leave again stays where it is until somebody asks for it (`withholding.put_back`): its instructor may
    have begun to read it.

    Raises:
        SettingsRefused: names the setting that can't be chosen.
    """
    limits = privacy_limits.current(session)
    changed = change_settings(
        session, context=context, settings=settings, limits=limits, configured=configured, actor_id=actor_id
    )
    if not changed:
        return Effect(changed=False)
    actor = Actor.person(actor_id)
    return Effect(True, withholding.take_out(session, Scope(context.id), provider=provider, actor=actor, clock=clock))
