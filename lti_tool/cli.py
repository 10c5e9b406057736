"""`blindmark`: what an operator runs. Every command checks the settings first and says what to set."""

import sys
from collections.abc import Iterable
from datetime import datetime
from typing import TextIO
from urllib.parse import urlsplit
from uuid import UUID

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


@main.group()
def platform() -> None:
    """The LMSs that may launch Blindmark."""


@platform.command("add")
@click.option("--issuer", required=True, help="Issuer (platform id).")
@click.option("--client-id", required=True, help="Client id the LMS gave to Blindmark.")
@click.option("--deployment-id", help="Deployment id; without one it is learnt at the first launch.")
@click.option("--auth-url", required=True, help="Authentication request URL.")
@click.option("--token-url", required=True, help="Access token URL.")
@click.option("--jwks-url", required=True, help="Public key set URL.")
@click.option("--token-audience", default="", help="Audience of token requests, if it is not the token URL.")
@click.option("--name", default="", help="What you call this LMS.")
@_reported
def platform_add(
    issuer: str,
    client_id: str,
    deployment_id: str | None,
    auth_url: str,
    token_url: str,
    jwks_url: str,
    token_audience: str,
    name: str,
) -> None:
    """Connect an LMS."""
    from grading.tenancy import PlatformDetails, register_platform

    parts = opened_parts()
    details = PlatformDetails(
        issuer=issuer,
        client_id=client_id,
        name=name or urlsplit(issuer).hostname or issuer,
        authorization_url=auth_url,
        token_url=token_url,
        jwks_url=jwks_url,
        token_audience=token_audience,
    )
    with parts.database.transaction() as session:
        registration, _ = register_platform(session, details, deployment_id, approved=deployment_id is not None)
    click.echo(f"Connected {registration.name} as {registration.id}.")
    base = parts.settings.base_url
    click.echo(f"In the LMS, enter: login URL {base}/lti/login, launch URL {base}/lti/launch, ")
    click.echo(f"key set URL {base}/lti/jwks.json")


@platform.command("list")
@_reported
def platform_list() -> None:
    """List the LMSs."""
    from grading.tenancy import list_platforms

    with opened_parts().database.transaction() as session:
        for registration in list_platforms(session):
            click.echo(
                f"{registration.id}  {registration.state.value:<8}  {registration.name}  {registration.issuer}  "
                f"{registration.client_id}  last launch {_moment(registration.last_launch_at)}"
            )


@platform.command("show")
@click.argument("registration", type=click.UUID)
@_reported
def platform_show(registration: UUID) -> None:
    """Show one LMS with its deployments."""
    from grading.tenancy import get_platform

    with opened_parts().database.transaction() as session:
        found = get_platform(session, registration)
        for label in ("name", "issuer", "client_id", "authorization_url", "token_url", "jwks_url", "product_family"):
            click.echo(f"{label}: {getattr(found, label)}")
        click.echo(f"state: {found.state.value}")
        click.echo(f"allowed by the LMS: {', '.join(found.granted_scopes or ()) or 'not known'}")
        click.echo(f"last launch: {_moment(found.last_launch_at)}")
        for deployment in found.deployments:
            last = _moment(deployment.last_launch_at)
            click.echo(f"deployment: {deployment.lms_deployment_id} ({deployment.state.value}), last launch: {last}")


def _moment(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC" if value else "never"


@platform.command("disable")
@click.argument("registration", type=click.UUID)
@_reported
def platform_disable(registration: UUID) -> None:
    """Refuse launches of an LMS from now on; nothing is deleted."""
    _set_platform_state(registration, "disabled")


@platform.command("enable")
@click.argument("registration", type=click.UUID)
@_reported
def platform_enable(registration: UUID) -> None:
    """Accept launches of an LMS again."""
    _set_platform_state(registration, "active")


@platform.command("approve")
@click.argument("registration", type=click.UUID)
@click.argument("deployment-id")
@_reported
def platform_approve(registration: UUID, deployment_id: str) -> None:
    """Let a deployment in, by the id that the LMS gave it."""
    from grading.errors import NotFound
    from grading.tenancy import approve_deployment, get_platform

    with opened_parts().database.transaction() as session:
        deployments = get_platform(session, registration).deployments
        found = next((one.id for one in deployments if one.lms_deployment_id == deployment_id), None)
        if found is None:
            raise NotFound("This LMS has no such deployment. `blindmark platform show` lists them.")
        approve_deployment(session, found)
    click.echo(f"Deployment {deployment_id} is approved.")


@platform.command("test")
@click.argument("registration", type=click.UUID)
@_reported
def platform_test(registration: UUID) -> None:
    """Try a connection: keys, tokens, what the LMS allows. Exit code 1 when something needed is missing."""
    from privacy.audit import Actor

    findings = opened_parts().test_connection(registration, Actor.system())
    for one in findings:
        mark = "works" if one.good else "MISSING" if one.needed else "not offered"
        click.echo(f"{mark:<12} {one.what}: {one.words}")
    if any(one.needed and not one.good for one in findings):
        raise click.exceptions.Exit(1)


@platform.command("invite")
@click.option("--note", default="", help="For whom; only for you.")
@_reported
def platform_invite(note: str) -> None:
    """Make an address with which one LMS connects itself, once within a week."""
    from lti_tool.lti.registration.invitations import invite

    parts = opened_parts()
    with parts.database.transaction() as session:
        token = invite(session, note, None)
    click.echo(f"{parts.settings.base_url}/lti/register?invitation={token}")


@platform.command("legacy")
@click.argument("registration", type=click.UUID)
@click.option("--consumer-key", required=True, help="The LTI 1.1 consumer key.")
@click.option("--secret", prompt=True, hide_input=True, help="Its secret; asked for if it is left out.")
@_reported
def platform_legacy(registration: UUID, consumer_key: str, secret: str) -> None:
    """Keep an LTI 1.1 key of an LMS, so that its migration claims can be checked."""
    from grading.tenancy import get_platform
    from lti_tool.lti.migration import keep_consumer

    parts = opened_parts()
    with parts.database.transaction() as session:
        get_platform(session, registration)
        keep_consumer(session, parts.vault, registration, consumer_key, secret)
    click.echo("Kept. Launches that prove this key name the person's old id from now on.")


def _set_platform_state(registration: UUID, state: str) -> None:
    from grading.models.tenancy import RegistrationState
    from grading.tenancy import set_platform_state
    from privacy.audit import Actor

    with opened_parts().database.transaction() as session:
        found = set_platform_state(session, registration, RegistrationState(state), Actor.system())
        click.echo(f"{found.name} is {'disabled' if state == 'disabled' else 'enabled'}.")


@main.group()
def keys() -> None:
    """Blindmark's own signing keys."""


@keys.command("list")
@_reported
def keys_list() -> None:
    """List the published keys."""
    from lti_tool.lti.keys import ToolKeys

    parts = opened_parts()
    with parts.database.transaction() as session:
        for key in ToolKeys(parts.vault).standing(session):
            use = "signs now" if key.signs_now else f"signs from {key.signs_from:%Y-%m-%d %H:%M} UTC"
            until = f", published until {key.published_until:%Y-%m-%d %H:%M} UTC" if key.published_until else ""
            click.echo(f"{key.kid}  {use if key.signs_now or not key.published_until else 'kept'}{until}")


@keys.command("rotate")
@click.option("--at-once", is_flag=True, help="The present key may be in wrong hands: withdraw it now.")
@_reported
def keys_rotate(at_once: bool) -> None:
    """Make a new key: published now, signing in two hours; the old one stays published for a week after that."""
    from lti_tool.lti.keys import ToolKeys
    from privacy.audit import Actor

    parts = opened_parts()
    with parts.database.transaction() as session:
        made = ToolKeys(parts.vault).rotate(session, Actor.system(), at_once=at_once)
    click.echo(f"{made.kid} is published and signs from {made.signs_from:%Y-%m-%d %H:%M} UTC.")


main.add_command(LoadedLater("audit", "The audit log.", "lti_tool.cli_audit"))


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
