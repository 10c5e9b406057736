"""Each call to a provider is in the audit log before it is made, also one of which no answer comes."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from config.database import Database
from grading.batches import lifecycle
from grading.batches.provider_calls import AuditedProvider
from grading.providers.base import JobInput, Provider, RemoteBatch, RemoteState
from privacy.models import AuditEvent
from privacy.sealing import Vault
from tests.conftest import START, StillClock
from tests.grading.batches.test_run import Scene, scene_of

REMOTE = RemoteBatch("b", "completed", RemoteState.ENDED)
NOTED: dict[str, tuple[str, Callable[[Provider], object]]] = {
    "upload": ("provider.uploading", lambda provider: provider.upload("j", JobInput(lambda: iter([b"{}"]), 1, 3))),
    "uploads": ("provider.looking_up", lambda provider: provider.uploads("j", START)),
    "create": ("provider.creating", lambda provider: provider.create("j", 1, "f")),
    "find": ("provider.looking_up", lambda provider: provider.find("j", 1, START)),
    "poll": ("provider.polling", lambda provider: provider.poll("b")),
    "results": ("provider.reading_results", lambda provider: provider.results(REMOTE)),
    "cancel": ("provider.cancelling", lambda provider: provider.cancel("b")),
    "own_files": ("provider.looking_up", lambda provider: list(provider.own_files())),
    "delete_file": ("provider.deleting_file", lambda provider: provider.delete_file("f")),
}


class Silent:
    """A provider of which no answer ever comes."""

    name, endpoint = "openai", "https://provider.example"

    def __getattr__(self, name: str) -> Callable[..., object]:
        def never(*_: object) -> object:
            raise ConnectionError(name)

        return never


@pytest.fixture
def scene(database: Database, vault: Vault, clock: StillClock) -> Scene:
    """One student has handed in."""
    return scene_of(database, vault, clock, size=1)


def events(scene: Scene) -> list[str]:
    with scene.database.transaction() as session:
        query = select(AuditEvent.event).where(AuditEvent.event.like("provider.%"))
        return list(session.execute(query.order_by(AuditEvent.chain, AuditEvent.sequence)).scalars())


def test_every_call_of_the_protocol_is_covered() -> None:
    calls = {name for name in vars(Provider) if not name.startswith("_")} - {
        "name",
        "endpoint",
        "limits",
        "line",
        "read_hint",
    }
    assert calls == set(NOTED)


@pytest.mark.parametrize("call", NOTED)
def test_a_call_is_noted_although_no_answer_comes(scene: Scene, call: str) -> None:
    scene.create()
    expected, make = NOTED[call]
    with pytest.raises(ConnectionError, match=call):
        make(AuditedProvider(Silent(), scene.database, scene.batch()))  # type: ignore[arg-type]
    assert events(scene) == [expected]


def test_a_lost_answer_is_noted_and_looked_up(scene: Scene) -> None:
    scene.provider.lose_upload = True
    scene.submit(scene.create())
    scene.work()
    assert events(scene) == ["provider.uploading", "provider.call_failed"]
    scene.work()
    assert events(scene)[2:] == ["provider.looking_up", "provider.creating", "provider.created"]


def test_asking_to_stop_is_noted(scene: Scene) -> None:
    batch_id = scene.create()
    scene.submit(batch_id)
    scene.work()
    with scene.database.transaction() as session:
        lifecycle.cancel(session, batch_id, administrator_id=scene.admin_id, clock=scene.clock)
    scene.work()
    assert "provider.cancelling" in events(scene)
