"""No plaintext anywhere: what a class writes, and who is in it, is looked for wherever an installation leaves traces.

Sentences may be at the provider alone, and names, e-mails and numbers of people nowhere. Each run ends with decoys: a
hunt that does not find them would prove nothing.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests import services
from tests.journeys.hunt import planted
from tests.journeys.hunt.installation import API_KEY, Installation
from tests.journeys.hunt.needles import Found, Hunt, Needle, Place, packings
from tests.journeys.hunt.story import Story

pytestmark = [pytest.mark.timeout(180), pytest.mark.xdist_group("redis")]
DECOY = "a decoy café sentence"


@pytest.fixture(params=["postgresql", pytest.param("sqlite", marks=pytest.mark.proof)])
def house(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> Iterator[Installation]:
    url = ""
    if request.param == "postgresql":
        if not services.postgresql_found():
            services.missing("PostgreSQL")
        if not services.redis_found():
            services.missing("Redis")
        url = services.create_postgresql_database()
    found = Installation(tmp_path, url, sqlite_template)
    try:
        found.start()
        yield found
    finally:
        found.stop()
        if url:
            services.drop_postgresql_database(url)


def test_nothing_of_a_class_is_left_in_the_clear(house: Installation) -> None:
    story = Story(house)
    story.run()
    secrets = [Needle(f"token {number}", token) for number, token in enumerate(story.secrets())]
    assert secrets
    hunt = Hunt(
        [
            *planted.needles(story.word, story.pdf),
            *secrets,
            Needle("API key", API_KEY, planted.PROVIDER),
            Needle("decoy", DECOY),
        ]
    )
    assert sorted(house.search(hunt)) == []
    received = b"".join(house.provider.recorded()).decode("utf-8", "replace")
    for sentence in (planted.IN_WORD, planted.IN_PDF, planted.IN_PASTE, planted.PROMPT, planted.RUBRIC):
        assert sentence in received
    assert {(one.place, one.label) for one in _with_decoys(house, hunt)} == {
        (place, "decoy") for place in Place if house.wires or place is not Place.BROKER
    }


def _with_decoys(house: Installation, hunt: Hunt) -> set[Found]:
    """Plant a decoy in each place, and see what the hunt finds."""
    packed = packings(DECOY.encode())
    with house.open_database() as database, database.connection() as connection:
        connection.execute(text("CREATE TABLE decoy (content TEXT)"))
        connection.execute(text("INSERT INTO decoy VALUES (:content)"), {"content": packed["hex"].decode()})
    if house.wires:
        house.redis.set("decoy", packed["zlib"])
    (house.temporary("web") / "upload").write_bytes(packed["gzip"])
    (house.folder / "data" / "left").write_bytes(packed["utf-16"])
    (house.folder / "grader" / "left").write_bytes(packed["percent"])
    with (house.folder / "logs" / "web.log").open("ab") as log:
        log.write(packed["json"])
    house.answers.append(packed["as it is"])
    return house.search(hunt)


@pytest.mark.parametrize("how", packings(b"x"))
def test_a_hunt_sees_through_every_way_of_writing_down(how: str) -> None:
    hunt = Hunt([Needle("decoy", DECOY)])

    assert hunt.search(Place.LOG, "here", b"before " + packings(DECOY.encode())[how] + b" after")
    assert not hunt.search(Place.LOG, "here", b"before " + packings(b"another cafe sentence")[how] + b" after")
