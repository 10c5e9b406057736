"""`blindmark platform`: connect an LMS, let it in, look whether it works."""

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import click

from grading.errors import NotFound
from grading.models.tenancy import RegistrationState
from grading.tenancy import (
    PlatformDetails,
    approve_deployment,
    get_platform,
    list_platforms,
    register_platform,
    set_platform_state,
)
from lti_tool.command_line import opened_parts, reported
from lti_tool.lti.migration import keep_consumer
from lti_tool.lti.registration.invitations import invite as make_invitation
from privacy.audit import Actor


@click.group()
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
@reported
def add(
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
@reported
def show_all() -> None:
    """List the LMSs."""
    with opened_parts().database.transaction() as session:
        for registration in list_platforms(session):
            click.echo(
                f"{registration.id}  {registration.state.value:<8}  {registration.name}  {registration.issuer}  "
                f"{registration.client_id}  last launch {_moment(registration.last_launch_at)}"
            )


@platform.command("show")
@click.argument("registration", type=click.UUID)
@reported
def show(registration: UUID) -> None:
    """Show one LMS with its deployments."""
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
@reported
def disable(registration: UUID) -> None:
    """Refuse launches of an LMS from now on; nothing is deleted."""
    _set_platform_state(registration, "disabled")


@platform.command("enable")
@click.argument("registration", type=click.UUID)
@reported
def enable(registration: UUID) -> None:
    """Accept launches of an LMS again."""
    _set_platform_state(registration, "active")


@platform.command("approve")
@click.argument("registration", type=click.UUID)
@click.argument("deployment-id")
@reported
def approve(registration: UUID, deployment_id: str) -> None:
    """Let a deployment in, by the id that the LMS gave it."""
    with opened_parts().database.transaction() as session:
        deployments = get_platform(session, registration).deployments
        found = next((one.id for one in deployments if one.lms_deployment_id == deployment_id), None)
        if found is None:
            raise NotFound("This LMS has no such deployment. `blindmark platform show` lists them.")
        approve_deployment(session, found)
    click.echo(f"Deployment {deployment_id} is approved.")


@platform.command("test")
@click.argument("registration", type=click.UUID)
@reported
def test(registration: UUID) -> None:
    """Try a connection: keys, tokens, what the LMS allows. Exit code 1 when something needed is missing."""
    findings = opened_parts().test_connection(registration, Actor.system())
    for one in findings:
        mark = "works" if one.good else "MISSING" if one.needed else "not offered"
        click.echo(f"{mark:<12} {one.what}: {one.words}")
    if any(one.needed and not one.good for one in findings):
        raise click.exceptions.Exit(1)


@platform.command("invite")
@click.option("--note", default="", help="For whom; only for you.")
@reported
def invite(note: str) -> None:
    """Make an address with which one LMS connects itself, once within a week."""
    parts = opened_parts()
    with parts.database.transaction() as session:
        token = make_invitation(session, note, None)
    click.echo(f"{parts.settings.base_url}/lti/register?invitation={token}")


@platform.command("legacy")
@click.argument("registration", type=click.UUID)
@click.option("--consumer-key", required=True, help="The LTI 1.1 consumer key.")
@click.option("--secret", prompt=True, hide_input=True, help="Its secret; asked for if it is left out.")
@reported
def legacy(registration: UUID, consumer_key: str, secret: str) -> None:
    """Keep an LTI 1.1 key of an LMS, so that its migration claims can be checked."""
    parts = opened_parts()
    with parts.database.transaction() as session:
        get_platform(session, registration)
        keep_consumer(session, parts.vault, registration, consumer_key, secret)
    click.echo("Kept. Launches that prove this key name the person's old id from now on.")


def _set_platform_state(registration: UUID, state: str) -> None:
    with opened_parts().database.transaction() as session:
        found = set_platform_state(session, registration, RegistrationState(state), Actor.system())
        click.echo(f"{found.name} is {'disabled' if state == 'disabled' else 'enabled'}.")
