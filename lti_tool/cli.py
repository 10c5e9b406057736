"""`blindmark`: what an operator runs. Every command checks the settings first and says what to set."""

import sys
from collections.abc import Iterable
from typing import TextIO
from urllib.parse import urlsplit

import click

from config.errors import ConfigurationError
from config.settings import Settings, describe, load_settings
from lti_tool.command_line import LoadedLater, opened_parts
from lti_tool.command_line import checked_settings as _settings
from lti_tool.command_line import reported as _reported


@click.group()
@click.version_option(package_name="blindmark")
def main() -> None:
    """Blindmark: blind, model-assisted marking as an LTI 1.3 tool."""


main.add_command(LoadedLater("budget", "What may be spent, what was, and the emergency freeze.", "lti_tool.cli_budget"))
main.add_command(LoadedLater("keyring", "The master keys that everything sealed rests on.", "lti_tool.cli_keyring"))
main.add_command(LoadedLater("keys", "Blindmark's own signing keys.", "lti_tool.cli_keys"))
main.add_command(LoadedLater("platform", "The LMSs that may launch Blindmark.", "lti_tool.cli_platform"))
main.add_command(LoadedLater("audit", "The audit log.", "lti_tool.cli_audit"))
main.add_command(LoadedLater("privacy", "People's data: copies, erasure, retention.", "lti_tool.cli_privacy"))
main.add_command(LoadedLater("queue", "What waits to be assessed.", "lti_tool.cli_queue"))
main.add_command(LoadedLater("batch", "Batches: made from the queue, sent, watched.", "lti_tool.cli_batch"))


@main.command()
@_reported
def config() -> None:
    """Show the effective settings, with secrets hidden."""
    for name, value, description in describe(load_settings()):
        click.echo(f"{name}={value}")
        click.echo(f"    {description}")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on; by default the one of BLINDMARK_BASE_URL.")
@_reported
def serve(host: str, port: int | None) -> None:
    """Run web and worker together, as one process. Needs neither Redis nor a second command."""
    from config.celery import InProcessWorker
    from lti_tool.server import run_web
    from lti_tool.wiring import open_application

    settings = _settings()
    application = open_application(settings, migrate=True)
    worker = None if settings.effective_broker_url else InProcessWorker(application.celery)
    run_web(application.web(), settings, host, port or _port(settings), beside=worker)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on; by default the one of BLINDMARK_BASE_URL.")
@_reported
def web(host: str, port: int | None) -> None:
    """Run the web application alone; workers run elsewhere (`blindmark worker`)."""
    from lti_tool.server import run_web
    from lti_tool.wiring import open_application

    settings = _settings()
    _need_broker(settings)
    run_web(open_application(settings).web(), settings, host, port or _port(settings))


@main.command()
@click.option("--concurrency", type=click.IntRange(1), default=2, show_default=True, help="Tasks at the same time.")
@click.option("--beat/--no-beat", default=True, show_default=True, help="Also run the schedule; one worker should.")
@_reported
def worker(concurrency: int, beat: bool) -> None:
    """Run a Celery worker on the broker of REDIS_URL or BLINDMARK_BROKER_URL."""
    from lti_tool.server import run_worker
    from lti_tool.wiring import open_application

    settings = _settings()
    _need_broker(settings)
    application = open_application(settings)
    run_worker(application.celery, application.parts.database, concurrency, beat=beat)


@main.command()
@click.option("--to", "revision", default="head", show_default=True, help="Revision to go up to.")
@_reported
def migrate(revision: str) -> None:
    """Bring the database to the newest schema; makes the key ring if there is none yet."""
    from config.migrate import revisions, upgrade

    parts = opened_parts(migrate=False)
    upgrade(parts.database.engine, revision)
    click.echo(f"The database is at revision {revisions()[0] if revision == 'head' else revision}.")


@main.group()
def admin() -> None:
    """Administrators' accounts."""


@admin.command("create")
@click.argument("username")
@_reported
def admin_create(username: str) -> None:
    """Make an account with a one-time password, which is printed once."""
    from lti_tool.admin_accounts import create_administrator

    parts = opened_parts()
    with parts.database.transaction() as session:
        _, password = create_administrator(session, username)
    click.echo(f"Administrator {username} can sign in at {parts.settings.base_url}/admin")
    click.echo(f"One-time password: {password}")


@main.command()
@click.argument("source", type=click.File("rb"), default="-")
@click.option("--output", "-o", type=click.File("w", encoding="utf-8"), default="-", help="File to write to.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Processes that share the work.")
@click.option("--country", "countries", multiple=True, help="ISO code whose national phone numbers are recognised.")
def anonymize(source: Iterable[bytes], output: TextIO, jobs: int, countries: tuple[str, ...]) -> None:
    """Anonymize JSON lines {id, text, filename, author, roster}, from a file or from standard input.

    Writes {id, text, filename, restored, spans} in the same order. Exit code 1 when a line could not be used.
    """
    from privacy.anonymizer.jsonlines import anonymize_stream

    tally = anonymize_stream(source, output, lambda line: click.echo(line, err=True), jobs=jobs, countries=countries)
    if tally.bad:
        raise click.exceptions.Exit(1)


@main.group()
def demo() -> None:
    """The demonstration: everything on this machine."""


@demo.command("run")
def demo_run() -> None:
    """Start it and stay until Ctrl-C."""
    _demonstrate("run")


@demo.command("reset")
def demo_reset() -> None:
    """Forget what was done in it."""
    _demonstrate("reset")


@demo.command("check")
def demo_check() -> None:
    """Walk the whole way without a person and say what was verified."""
    _demonstrate("check")


def _demonstrate(what: str) -> None:
    from lti_tool.demo.check import run_check
    from lti_tool.demo.processes import DemoFailed
    from lti_tool.demo.run import reset_demonstration, run_demonstration

    try:
        {"run": run_demonstration, "reset": reset_demonstration, "check": run_check}[what]()
    except (DemoFailed, ConfigurationError) as error:
        raise click.ClickException(str(error)) from error


def _port(settings: Settings) -> int:
    parts = urlsplit(settings.base_url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _need_broker(settings: Settings) -> None:
    if not settings.effective_broker_url:
        raise ConfigurationError(
            "This command needs a broker: set REDIS_URL, as redis://localhost:6379/0. "
            "Without one, `blindmark serve` runs web and worker together."
        )


if __name__ == "__main__":
    sys.exit(main())
