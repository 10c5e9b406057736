"""What views reach for: the collaborators that the wiring put together, carried by the application."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app

from config.clock import Clock
from config.database import Database
from config.settings import Settings
from grading.batches.compose import Limits
from grading.providers.base import Provider
from lti_tool.lti.registration.connection import Finding
from lti_tool.lti.services.connector import ServiceConnector
from privacy.audit import Actor, AuditLog
from privacy.blind_index import BlindIndex
from privacy.keyring import KeyRing
from privacy.sealing import Vault

EXTENSION = "blindmark"
PROVIDER = "openai"


@dataclass(frozen=True, slots=True)
class Parts:
    """One set per application. Views take from here and from their arguments, never from globals."""

    settings: Settings
    database: Database
    vault: Vault
    blind_index: BlindIndex
    keyring: KeyRing
    """The master keys, for an operator who rotates them."""
    audit: AuditLog
    providers: Mapping[str, Provider]
    signing_key: str
    nudge: Callable[[str, UUID], None]
    """Hand a task an id right after a commit, so that nobody waits for the next tick. May be lost without harm."""
    refresh_roster: Callable[[UUID], None]
    """Read a course's roster from its LMS now; raises RosterUnavailable."""
    read_gradebook: Callable[[UUID], bool]
    """Read what an LMS's gradebook shows for an assignment; raises GradebookUnavailable."""
    connector: ServiceConnector
    """Reaches the services of LMSs."""
    test_connection: Callable[[UUID, Actor], list[Finding]]
    """Try what can be tried of an LMS without a launch."""
    erase: Callable[[UUID], bool]
    """Carry an erasure out now; returns whether it is settled."""
    reach_broker: Callable[[], bool]
    """Whether the message broker answers; True where there is none."""
    clock: Clock

    @property
    def provider(self) -> str:
        """The provider that new work goes to."""
        return PROVIDER

    @property
    def configured_providers(self) -> tuple[str, ...]:
        """All providers that courses could choose from, as far as the site's limits let them."""
        return tuple(sorted({*self.providers, PROVIDER}))

    @property
    def limits(self) -> Limits:
        """How large batches may be."""
        return limits_of(self.settings)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of pages."""
        return ZoneInfo(self.settings.time_zone)


def limits_of(settings: Settings) -> Limits:
    """How large batches may be, and how much may wait at a provider."""
    return Limits(
        settings.batch_minimum_items,
        settings.batch_maximum_items,
        settings.enqueued_tokens,
        dict(settings.enqueued_tokens_by_model),
    )


def parts() -> Parts:
    """The parts of the application that handles the present request."""
    return cast("Parts", current_app.extensions[EXTENSION])
