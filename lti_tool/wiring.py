"""Who gets what: the one module in which the parts are put together, for web processes and workers alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import requests
from celery import Celery
from flask import Flask
from kombu.exceptions import OperationalError
from sqlalchemy.orm import Session

import lti_tool.tables  # noqa: F401 - registers every table
from config.celery import broker_answers, make_celery
from config.clock import Clock, utc_now
from config.database import open_database
from config.errors import ConfigurationError
from config.logging import fields, get_logger
from config.migrate import is_current, upgrade
from config.settings import Settings, is_loopback, prepare_data_dir, secret_key
from grading import hints, roster, tasks
from grading.batches import monitor
from grading.batches.run import Runner
from grading.gradebook import read_lms
from grading.providers.base import Provider
from grading.providers.openai import OpenAIProvider
from grading.queue.tally import fold
from lti_tool.app import create_app
from lti_tool.key_ring import open_keyring
from lti_tool.lti.forgetting import forget_waiting
from lti_tool.lti.keys import ToolKeys, forget_keys
from lti_tool.lti.launch import Launcher
from lti_tool.lti.notice_work import NoticeWork
from lti_tool.lti.notices import TAKE_NOTICE, NoticeBox, forget_notices
from lti_tool.lti.platform_keys import PlatformKeys
from lti_tool.lti.public_network import guard
from lti_tool.lti.registration.connection import check_connection
from lti_tool.lti.services.ags import AgsGradebook
from lti_tool.lti.services.assets import LmsAssets
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.nrps import NrpsRosterSource
from lti_tool.lti.services.subscriptions import SUBSCRIBE, Subscriptions
from lti_tool.parts import PROVIDER, Parts, limits_of
from lti_tool.sessions import forget_visits
from lti_tool.spent_logins import forget_spent_logins
from privacy.audit import AuditLog
from privacy.blind_index import BlindIndex
from privacy.rotation import check_ring
from privacy.sealing import Vault

USER_AGENT = "Blindmark (LTI 1.3 tool)"
log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Application:
    """A whole installation in one process: the parts, the tasks, the web application on demand."""

    parts: Parts
    celery: Celery
    launcher: Launcher
    keys: ToolKeys
    notices: NoticeBox
    http: requests.Session
    work: tasks.Work
    """Reaches platforms, within the limits that the settings draw."""

    def web(self) -> Flask:
        """The web application."""
        return create_app(self.parts, self.launcher, self.keys, self.notices, self.http)


def open_parts(settings: Settings, *, migrate: bool = True, clock: Clock = utc_now) -> Parts:
    """The parts for a command that needs neither web nor worker."""
    return open_application(settings, migrate=migrate, check=False, clock=clock).parts


def open_application(
    settings: Settings, *, migrate: bool = False, check: bool = True, clock: Clock = utc_now
) -> Application:
    """Put everything together.

    Args:
        migrate: bring the database to the newest schema first (one process does this, not many).
        check: refuse a database whose schema is not the newest.

    Raises:
        ConfigurationError: the database is not migrated.
        KeyRingError: the key ring is missing, can't be used, or is not the one of this database.
    """
    prepare_data_dir(settings)
    database = open_database(settings.effective_database_url, ZoneInfo(settings.time_zone))
    # Web processes and workers that start beside each other make no ring: each would make its own.
    keyring = open_keyring(settings, database, create=migrate or not check)
    if migrate:
        upgrade(database.engine)
    elif check and not is_current(database.engine):
        raise ConfigurationError("The database does not have the newest schema. Run: blindmark migrate")
    if migrate or check:
        with database.transaction() as session:
            check_ring(session, keyring)
    vault, audit, blind = Vault(keyring), AuditLog(keyring), BlindIndex(keyring)
    audit.attach(database.sessions)
    http = _http_session(settings)
    keys = ToolKeys(vault, clock)
    platform_keys = PlatformKeys(database, http, clock)
    connector = ServiceConnector(database, keys, http, clock)
    source = NrpsRosterSource(connector)
    providers = _providers(settings)
    notices, notice_work = NoticeBox(database, vault, platform_keys, clock), NoticeWork(database, vault, clock)
    subscriptions = Subscriptions(database, connector, f"{settings.base_url}/lti/notices", clock)
    celery = make_celery(settings)
    work = tasks.Work(
        database=database,
        vault=vault,
        runner=Runner(database, vault, providers, settings.batch_poll_seconds, clock, limits_of(settings)),
        gradebook=AgsGradebook(database, connector, clock),
        rosters=source,
        assets=LmsAssets(connector, http),
        provider=PROVIDER,
        most_bytes=settings.upload_megabytes * 1024 * 1024,
        blind_index=blind,
        clock=clock,
        forget_waiting=lambda session, gone: forget_waiting(session, vault, gone),
        sweeps=(
            forget_visits,
            forget_spent_logins,
            forget_keys,
            forget_notices,
            audit.publish,
            fold,
            hints.forget,
            lambda session, now: _watch(session, now, settings),
        ),
        chores={
            TAKE_NOTICE: tasks.Chore(notice_work.due, notice_work.work_off),
            SUBSCRIBE: tasks.Chore(subscriptions.due, subscriptions.ask),
        },
    )
    tasks.register(celery, work, settings.tick_seconds)

    def nudge(task: str, identifier: UUID) -> None:
        # The work stands in the database; the tick finds it if this message is lost.
        try:
            celery.send_task(task, args=[str(identifier)], retry=False)
        except OperationalError:
            log.warning("nudge.lost", extra=fields(task=task))

    parts = Parts(
        settings=settings,
        database=database,
        vault=vault,
        blind_index=blind,
        keyring=keyring,
        audit=audit,
        providers=providers,
        signing_key=secret_key(settings),
        nudge=nudge,
        refresh_roster=lambda context_id: _refresh_roster(work, context_id),
        read_gradebook=lambda assignment_id: read_lms(database, work.gradebook, assignment_id, clock),
        connector=connector,
        test_connection=lambda registration_id, actor: check_connection(
            database, platform_keys, connector, registration_id, actor
        ),
        erase=work.erase,
        reach_broker=lambda: not settings.effective_broker_url or broker_answers(celery),
        clock=clock,
    )
    launcher = Launcher(
        database,
        vault,
        platform_keys,
        base_url=settings.base_url,
        signing_key=parts.signing_key,
        session_hours=settings.session_hours,
        clock=clock,
    )
    return Application(parts, celery, launcher, keys, notices, http, work)


def _watch(session: Session, now: datetime, settings: Settings) -> None:
    monitor.watch(session, now, timedelta(hours=settings.stuck_hours))


def _refresh_roster(work: tasks.Work, context_id: UUID) -> None:
    roster.refresh(work.database, work.vault, work.rosters, context_id, work.clock)


def _http_session(settings: Settings) -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = USER_AGENT
    return guard(session, loopback=is_loopback(settings.base_url), private=settings.private_platforms)


def _providers(settings: Settings) -> Mapping[str, Provider]:
    if settings.openai_api_key is None:
        return {}
    return {"openai": OpenAIProvider(settings.openai_api_key.get_secret_value(), settings.openai_base_url)}
