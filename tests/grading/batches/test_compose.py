"""Making batches: one model each, cut at the limits, what belongs together stays together, and reasons item by item."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, select, update

from config.database import Database
from grading.batches import compose
from grading.batches.errors import BatchRefused
from grading.batches.sizes import Limits, cut, too_large
from grading.models import Assignment, Batch, BatchRequest, PromptVersion, QueueItem, Submission
from grading.queue import QueueFilter
from grading.states import Priority, QueueState
from privacy.consent import give_consent
from privacy.sealing import Vault
from tests import factories
from tests.conftest import StillClock
from tests.grading.queue.items import Desk, desk_of

LIMITS = Limits(1, 100)


@dataclass(frozen=True)
class Line:
    """A line of a size."""

    line_bytes: int
    tokens: int


LINES = st.lists(st.builds(Line, st.integers(1, 60), st.integers(1, 60)), max_size=60)


@given(LINES, st.integers(1, 20), st.integers(60, 200), st.integers(60, 200))
def test_cutting_keeps_every_line_in_order_and_every_limit(
    lines: list[Line], most: int, size: int, tokens: int
) -> None:
    limits = Limits(1, most, enqueued_tokens=1, tokens_of_models={"m": tokens}, most_bytes=size)
    batches = cut(lines, "m", limits)
    assert [line for batch in batches for line in batch] == lines
    for batch in batches:
        assert 0 < len(batch) <= most
        assert sum(line.line_bytes for line in batch) <= size
        assert sum(line.tokens for line in batch) <= tokens
    assert too_large(Line(1, 2), "other", limits)
    assert [len(batch) for batch in cut([Line(1, 1)] * 21, "m", Limits(1, 10))] == [7, 7, 7]


@pytest.fixture
def desk(database: Database, vault: Vault, clock: StillClock) -> Desk:
    """A course whose queue is empty."""
    return desk_of(database, vault, clock)


def agreed(desk: Desk, items: list[uuid.UUID]) -> None:
    """Whoever wrote these has agreed."""
    with desk.database.transaction() as session:
        people = select(Submission.person_id).join(QueueItem).where(QueueItem.id.in_(items))
        for person in session.execute(people).scalars().all():
            give_consent(
                session, tenant_id=desk.course.deployment.id, person_id=person, context_id=desk.course.context.id
            )


def second_assignment(desk: Desk, model: str) -> uuid.UUID:
    with desk.database.transaction() as session:
        return factories.assignment(session, desk.course, desk.clock, title="Another", model=model).assignment.id


def plan(desk: Desk, items: list[uuid.UUID], limits: Limits = LIMITS) -> compose.Plan:
    with desk.database.transaction() as session:
        return compose.preview(session, items, provider="openai", limits=limits, clock=desk.clock)


def test_models_make_batches_of_their_own_and_assignments_stand_together(desk: Desk) -> None:
    items = []
    first, cheap, other = (
        desk.assignment_id,
        second_assignment(desk, "gpt-6-luna"),
        second_assignment(desk, "gpt-5.4-mini"),
    )
    for _ in range(3):
        for assignment in (first, cheap, other):
            desk.assignment_id = assignment
            items += desk.plant(1)
            desk.clock.forward(minutes=1)
    agreed(desk, items)
    found = plan(desk, items, Limits(1, 4))
    assert [(batch.model, len(batch.candidates)) for batch in found.batches] == [
        ("gpt-6-luna", 3),
        ("gpt-6-luna", 3),
        ("gpt-5.4-mini", 3),
    ]
    for batch in found.batches:
        assert batch.assignments == 1
        assert 0 < batch.low_microdollars <= batch.estimated_microdollars
    with desk.database.transaction() as session:
        made = compose.create_all(
            session, found, provider="openai", limits=LIMITS, note="all", administrator_id=desk.admin_id
        )
        assert [batch.number for batch in made] == [1, 2, 3]
        requests = session.execute(select(func.count()).select_from(BatchRequest)).scalar_one()
    assert requests == 9
    assert set(desk.values(QueueItem.state).values()) == {QueueState.SELECTED}


def test_what_stays_behind_is_named_item_by_item(desk: Desk) -> None:
    going = desk.plant(3)
    refusing = desk.plant(1)
    later = desk.plant(1, not_before=desk.clock() + timedelta(days=1))
    skipped = desk.plant(1, state=QueueState.SKIPPED)
    agreed(desk, [*going, *later, *skipped])
    gone = [uuid.uuid4()]
    found = plan(desk, [*going, *refusing, *later, *skipped, *gone])
    assert {candidate.item_id for candidate in found.candidates} == set(going)
    assert {code: sorted(items) for code, items in found.refused.items()} == {
        "state": sorted([*skipped, *gone]),
        "later": later,
        "no_consent": refusing,
    }
    desk.clock.forward(days=1)
    assert set(later) <= {candidate.item_id for candidate in plan(desk, later).candidates}
    few = plan(desk, going, Limits(5, 100))
    assert few.batches == ()
    assert few.refused == {"few": few.refused["few"]}
    with pytest.raises(BatchRefused, match="at least 5"), desk.database.transaction() as session:
        compose.create_all(
            session, few, provider="openai", limits=Limits(5, 100), note="", administrator_id=desk.admin_id
        )
    large = plan(desk, going, Limits(1, 100, enqueued_tokens=10))
    assert sorted(large.refused["large"]) == sorted(going)
    with desk.database.transaction() as session:
        refused = compose.preview(
            session,
            going,
            provider="openai",
            limits=LIMITS,
            checks=[lambda _, candidates: {candidates[0].item_id: "large"}],
            clock=desk.clock,
        )
    assert (len(refused.candidates), len(refused.refused["large"])) == (2, 1)


def test_a_filter_and_a_size_take_the_first_that_may_go(desk: Desk) -> None:
    urgent = desk.plant(2, priority=Priority.HIGH)
    refusing = desk.plant(2, priority=Priority.HIGH)
    desk.plant(1, priority=Priority.LOW)
    normal = desk.plant(2)
    agreed(desk, [*urgent, *normal])
    with desk.database.transaction() as session:
        found = compose.preview_matching(session, QueueFilter(), 3, provider="openai", limits=LIMITS, clock=desk.clock)
    chosen = {candidate.item_id for candidate in found.candidates}
    assert set(urgent) < chosen
    assert len(chosen & set(normal)) == 1
    assert set(refusing) < set(found.refused["no_consent"])


def test_making_batches_takes_statements_by_the_thousand_and_not_by_the_item(desk: Desk) -> None:
    statements: list[str] = []

    def counted(items: list[uuid.UUID]) -> int:
        agreed(desk, items)
        statements.clear()
        with desk.database.transaction() as session:
            found = compose.preview(session, items, provider="openai", limits=LIMITS, clock=desk.clock)
            compose.create_all(
                session, found, provider="openai", limits=LIMITS, note="", administrator_id=desk.admin_id
            )
        return len(statements)

    event.listen(desk.database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    counted(desk.plant(1))
    assert counted(desk.plant(2)) == counted(desk.plant(40))


def test_a_batch_that_somebody_took_items_of_is_refused_whole(desk: Desk) -> None:
    items = desk.plant(3)
    agreed(desk, items)
    found = plan(desk, items)
    with desk.database.transaction() as session:
        session.execute(update(QueueItem).where(QueueItem.id == items[1]).values(state=QueueState.SKIPPED))
    with pytest.raises(BatchRefused, match="somebody else"), desk.database.transaction() as session:
        compose.create_all(session, found, provider="openai", limits=LIMITS, note="", administrator_id=desk.admin_id)
    with desk.database.transaction() as session:
        assert session.execute(select(func.count()).select_from(Batch)).scalar_one() == 0


def test_the_low_end_of_the_price_is_for_answers_of_the_usual_length(desk: Desk) -> None:
    items = desk.plant(2, estimated_microdollars=1000)
    agreed(desk, items)
    found = plan(desk, items)
    assert 0 < found.low_microdollars < found.estimated_microdollars == 2000


def test_a_retired_model_stays_behind(desk: Desk) -> None:
    items = desk.plant(1)
    agreed(desk, items)
    with desk.database.transaction() as session:
        mine = select(Assignment.id)
        session.execute(update(PromptVersion).where(PromptVersion.assignment_id.in_(mine)).values(model="gpt-4"))
    assert plan(desk, items).left_behind == {compose.LEFT_BEHIND["retired"]: 1}
