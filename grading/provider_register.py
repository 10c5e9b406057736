"""The register of providers: which agreement was in force with whom, when (P8)."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from config.settings import is_loopback
from grading.errors import EntryRefused, NotFound
from grading.models import ProviderAgreement
from privacy.audit import Actor, record

MOST_DAYS: Final = 3650


class AgreementInvalid(EntryRefused):
    """What was entered for an agreement can't be saved. `field` names the entry."""

    code = "agreement_invalid"


@dataclass(frozen=True, slots=True)
class AgreementDraft:
    """An agreement as somebody enters it."""

    provider: str
    name: str
    reference: str
    region: str
    retention_days: int
    endpoint: str
    in_force_from: date
    in_force_until: date | None = None


FIELDS: Final = tuple(field.name for field in fields(AgreementDraft))


@dataclass(frozen=True, slots=True)
class Cover:
    """The agreements under which something was sent in a span of days."""

    agreements: tuple[ProviderAgreement, ...]
    complete: bool
    """Whether there was one on each day."""


def agreements(session: Session) -> list[ProviderAgreement]:
    """All of them, by provider, the newest first."""
    query = select(ProviderAgreement).order_by(
        ProviderAgreement.provider, ProviderAgreement.in_force_from.desc(), ProviderAgreement.id
    )
    return list(session.execute(query).scalars())


def get(session: Session, agreement_id: uuid.UUID) -> ProviderAgreement:
    """One agreement.

    Raises:
        NotFound: there is none with this id.
    """
    found = session.get(ProviderAgreement, agreement_id)
    if found is None:
        raise NotFound("There is no such agreement. Go back to the list.")
    return found


def add(session: Session, draft: AgreementDraft, actor: Actor, clock: Clock = utc_now) -> ProviderAgreement:
    """Enter an agreement; raises AgreementInvalid."""
    _check(draft)
    made = ProviderAgreement(id=uuid.uuid4(), created_at=clock())
    made.created_by = actor.id if actor.kind == "administrator" else None
    _apply(made, draft)
    session.add(made)
    _audit(session, "agreement.added", actor, made, FIELDS)
    return made


def change(session: Session, agreement: ProviderAgreement, draft: AgreementDraft, actor: Actor) -> None:
    """Change an agreement, as to say when it ended; raises AgreementInvalid. What did not change is not noted."""
    _check(draft)
    changed = [name for name in FIELDS if getattr(agreement, name) != getattr(draft, name)]
    if changed:
        _apply(agreement, draft)
        _audit(session, "agreement.changed", actor, agreement, changed)


def cover(register: Iterable[ProviderAgreement], provider: str, first: date, last: date) -> Cover:
    """Under which agreements something was sent to a provider from one day to another, both counted."""
    found = [
        one
        for one in sorted(register, key=lambda one: one.in_force_from)
        if one.provider == provider
        and one.in_force_from <= last
        and (one.in_force_until is None or one.in_force_until >= first)
    ]
    day: date | None = first
    for one in found:
        if day is not None and one.in_force_from <= day:
            day = None if one.in_force_until is None else max(day, one.in_force_until + timedelta(days=1))
    return Cover(tuple(found), day is None or day > last)


def _check(draft: AgreementDraft) -> None:
    for name, words in (
        ("provider", "Choose the provider."),
        ("name", "Enter the company as it stands in the agreement."),
        ("reference", "Enter the number or date of the agreement, so that somebody finds it on file."),
        ("region", "Enter where the provider processes what it is sent, as “EU” or “United States”."),
    ):
        value = getattr(draft, name)
        if not value or len(value) > (32 if name == "provider" else 100 if name == "region" else 200):
            raise AgreementInvalid(words if not value else "This is too long.", field=name)
    if not 0 <= draft.retention_days <= MOST_DAYS:
        raise AgreementInvalid(f"Days must be between 0 and {MOST_DAYS}.", field="retention_days")
    parts = urlsplit(draft.endpoint)
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(draft.endpoint))
    if not secure or not parts.hostname or len(draft.endpoint) > 2048:
        raise AgreementInvalid("This must be a full https:// address.", field="endpoint")
    if draft.in_force_until is not None and draft.in_force_until < draft.in_force_from:
        raise AgreementInvalid("The last day must not lie before the first.", field="in_force_until")


def _apply(agreement: ProviderAgreement, draft: AgreementDraft) -> None:
    for name in FIELDS:
        setattr(agreement, name, getattr(draft, name))


def _audit(session: Session, event: str, actor: Actor, agreement: ProviderAgreement, changed: Iterable[str]) -> None:
    record(
        session,
        event=event,
        actor=actor,
        tenant_id=None,
        object_type="provider_agreement",
        object_id=agreement.id,
        details={"provider": agreement.provider, "fields": ", ".join(changed)},
    )
