"""Two courses, their administrator, and everything that people and processes do there; and what must hold throughout.

What may be sent is kept here by itself, from what people did, and held against what the provider received: each piece
of work carries a word that nothing else does.
"""

import re
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config.database import Database
from grading import agreements, dead_letters, privacy_decisions, provider_files, withholding
from grading.batches import compose, lifecycle, stopping
from grading.batches.run import Runner
from grading.budget import freezing, limits
from grading.budget.verifying import verify
from grading.course_settings import own_settings
from grading.errors import GradingError
from grading.models import Assessment, Batch, BatchRequest, BudgetAccount, Context, ProviderFile, QueueItem, Submission
from grading.models import ChangeKind as Kind
from grading.models.budget import SITE
from grading.models.provider_files import ProviderFileState
from grading.queue import QueueFilter, carrying, changes
from grading.states import BatchState, BatchStep, QueueState, RequestState, SubmissionState
from grading.withholding import Scope
from privacy.audit import Actor
from privacy.consent_words import consent_texts
from privacy.sealing import Vault
from tests import factories
from tests.conftest import StillClock
from tests.grading.batches.recording import RecordingProvider

LIMITS = compose.Limits(1, 4)
PROVIDER = "openai"
COURSES, STUDENTS = 2, 3
ROUNDS = 60
"""So often everybody gets their turn before work that is still under way counts as stuck."""
_MARK = re.compile(rb"zq([a-j]+)zq")
LIVE = (BatchState.CREATED, BatchState.SUBMITTED, BatchState.PROCESSING)
_WORDS = consent_texts().in_language("en")


@dataclass
class Student:
    """What a student did, as they remember it."""

    person_id: uuid.UUID
    course: int
    consents: bool = True
    handed_in: int = 0
    newest: int | None = None
    """Number of the work that counts."""


@dataclass
class World:
    """The database, everybody who acts on it, and what they did."""

    database: Database
    vault: Vault
    clock: StillClock = field(default_factory=StillClock)
    provider: RecordingProvider = field(default_factory=RecordingProvider)
    courses: list[factories.Course] = field(default_factory=list)
    assignments: list[uuid.UUID] = field(default_factory=list)
    students: list[Student] = field(default_factory=list)
    allowed: list[bool] = field(default_factory=lambda: [True] * COURSES)
    admin_id: uuid.UUID = field(default_factory=uuid.uuid4)
    owner_of: dict[int, Student] = field(default_factory=dict)
    frozen: bool = False

    def __post_init__(self) -> None:
        self.provider.clock, self.provider.on_leaving = self.clock, self._check_what_leaves

    def prepare(self) -> None:
        """Make the rows that everything starts from."""
        with self.database.transaction() as session:
            self.admin_id = factories.administrator(session).id
            for number in range(COURSES):
                course = factories.course(session, self.vault)
                self.courses.append(course)
                self.assignments.append(
                    factories.assignment(session, course, self.clock, attempts_allowed=0).assignment.id
                )
                for _ in range(STUDENTS):
                    person = factories.student(session, self.vault, course, family_name=f"Okafor{len(self.students)}")
                    self.students.append(Student(person.id, number))

    def again(self) -> "World":
        """The same rows with nothing done yet; the caller has put the database back."""
        return replace(
            self,
            clock=StillClock(),
            provider=RecordingProvider(),
            students=[Student(one.person_id, one.course) for one in self.students],
            allowed=[True] * COURSES,
            owner_of={},
            frozen=False,
        )

    @property
    def runner(self) -> Runner:
        return Runner(self.database, self.vault, {PROVIDER: self.provider}, 60.0, self.clock)

    def tried(self, act: Callable[[Session], object]) -> bool:
        """Something in a transaction of its own; returns whether it was allowed."""
        try:
            with self.database.transaction() as session:
                act(session)
        except GradingError:
            return False
        return True

    # What people do

    def hand_in(self, number: int) -> None:
        """A student hands in a new attempt."""
        student, mark = self.students[number], len(self.owner_of)
        with self.database.transaction() as session:
            shown = factories.view(session, self.courses[student.course], self.assignments[student.course])
            person = session.get_one(type(self.courses[0].teacher), student.person_id)
            text = f"{factories.ESSAY}\n\nMy word for it is {_word(mark)}."
            factories.submission(session, self.vault, shown, person, self.clock, text=text)
        self.owner_of[mark], student.newest = student, mark
        student.handed_in += 1

    def change_mind(self, number: int, *, agrees: bool) -> None:
        """A student says yes or no."""
        student = self.students[number]
        with self.database.transaction() as session:
            context = session.get_one(Context, self.courses[student.course].context.id)
            common = {"context": context, "person_id": student.person_id, "text": _WORDS, "clock": self.clock}
            if agrees:
                agreements.agree(session, **common)  # type: ignore[arg-type]
            else:
                agreements.disagree(session, **common, provider=PROVIDER)  # type: ignore[arg-type]
        student.consents = agrees

    def allow(self, course: int, *, allowed: bool) -> None:
        """An instructor turns AI-assisted feedback on or off."""
        with self.database.transaction() as session:
            context = session.get_one(Context, self.courses[course].context.id)
            privacy_decisions.decide_settings(
                session,
                context=context,
                settings=replace(own_settings(context), allow_llm_assessment=allowed),
                configured=(PROVIDER,),
                provider=PROVIDER,
                actor_id=self.courses[course].teacher.id,
                clock=self.clock,
            )
        self.allowed[course] = allowed

    def ask_for_withheld(self, course: int) -> None:
        """An instructor has what may leave again put back."""
        scope = Scope(self.courses[course].context.id)
        self.tried(
            lambda session: withholding.put_back(
                session, self.vault, scope, provider=PROVIDER, actor=self.who, clock=self.clock
            )
        )

    @property
    def who(self) -> Actor:
        return Actor.administrator(self.admin_id)

    def compose(self, ids: Sequence[uuid.UUID] | None, size: int = 4) -> bool:
        """An administrator makes batches from ticked items, or from what waits."""

        def make(session: Session) -> None:
            common = {"provider": PROVIDER, "limits": LIMITS, "clock": self.clock}
            if ids is None:
                plan = compose.preview_matching(session, QueueFilter(), size, **common)  # type: ignore[arg-type]
            else:
                plan = compose.preview(session, ids, **common)  # type: ignore[arg-type]
            compose.create_all(session, plan, provider=PROVIDER, limits=LIMITS, note="", administrator_id=self.admin_id)

        return self.tried(make)

    def submit(self, batch_id: uuid.UUID) -> bool:
        """The second step."""
        return self.tried(
            lambda session: lifecycle.submit(session, batch_id, administrator_id=self.admin_id, clock=self.clock)
        )

    def cancel(self, batch_id: uuid.UUID) -> bool:
        """A batch is not wanted any more."""
        return self.tried(
            lambda session: lifecycle.cancel(
                session, batch_id, administrator_id=self.admin_id, reason="By mistake", clock=self.clock
            )
        )

    def change(self, kind: Kind, value: str, ids: Sequence[uuid.UUID]) -> bool:
        """Ticked items are skipped, put back, made more urgent or put off."""
        return self.tried(
            lambda session: changes.change_items(session, kind, value, ids, self.who, PROVIDER, self.clock)
        )

    def change_all(self, kind: Kind, value: str, shown: QueueFilter) -> None:
        """The same for everything that a filter shows."""
        with self.database.transaction() as session:
            begun = changes.change_matching(session, kind, value, shown, self.who, expected=1, clock=self.clock).id
        carrying.carry_on(self.database.transaction, begun, lambda *_: None, PROVIDER, self.clock)

    def take_back(self) -> bool:
        """The last change is undone."""
        with self.database.transaction() as session:
            found = changes.latest(session, self.admin_id, self.clock())
        if found is None or not changes.can_undo(found):
            return False
        if self.tried(lambda session: changes.undo(session, found.id, self.who, self.clock)):
            self.finish_changes()
        return True

    def finish_changes(self) -> None:
        """Carry out what was begun."""
        with self.database.transaction() as session:
            begun = carrying.due(session, self.clock())
        for change_id in begun:
            carrying.carry_on(self.database.transaction, change_id, lambda *_: None, PROVIDER, self.clock)

    def freeze(self, *, cancels: bool) -> bool:
        """Everything is stopped."""
        done = self.tried(
            lambda session: freezing.freeze(session, "Looks wrong", self.who, cancels_batches=cancels, clock=self.clock)
        )
        self.frozen = self.frozen or done
        if done and cancels:
            stopping.cancel_running(self.database, self.admin_id, self.clock)
        return done

    def unfreeze(self) -> bool:
        """And goes on."""
        done = self.tried(lambda session: freezing.unfreeze(session, "Explained", self.who, self.clock))
        self.frozen = self.frozen and not done
        return done

    def set_limit(self, course: int | None, amount: int | None) -> None:
        """What may be spent, in a course or in all."""
        scope = SITE if course is None else self.courses[course].context.id
        self.tried(lambda session: limits.set_limit(session, scope, amount, self.who, rollover=False, clock=self.clock))

    def override(self, amount: int) -> None:
        """An emergency."""
        until = self.clock() + timedelta(days=1)
        self.tried(
            lambda session: limits.grant_override(session, SITE, amount, "Exam week", until, self.who, self.clock)
        )

    def remedy(self, remedy: dead_letters.Remedy, ids: Sequence[uuid.UUID]) -> None:
        """Something is done about failed work."""
        choice = dead_letters.Choice(item_ids=ids)
        self.tried(lambda session: dead_letters.apply(session, choice, remedy, self.who, PROVIDER, self.clock()))

    # What processes do

    def work(self, minutes: float = 15) -> None:
        """Time passes, and all that is due is done."""
        self.clock.forward(minutes=minutes)
        for batch_id in self.runner.due():
            self.runner.advance(batch_id)
        with self.database.transaction() as session:
            due = provider_files.due(session, self.clock())
        for file_id in due:
            provider_files.delete(self.database, {PROVIDER: self.provider}, file_id, self.clock)

    def quieten(self) -> None:
        """Let everything that is under way come to its end."""
        self.provider.faults.clear()
        self.provider.cut_results = False
        self.unfreeze()
        self.finish_changes()
        for _ in range(ROUNDS):
            self.work(45)
            for remote in self.provider.running():
                self.provider.finish(remote, "completed", ("good",))
            provider_files.find_orphans(self.database, self.provider, self.clock)
            if self._quiet():
                break

    def _quiet(self) -> bool:
        with self.database.transaction() as session:
            under_way = session.execute(
                select(func.count()).where(Batch.step.not_in((BatchStep.SUBMIT, BatchStep.DONE)))
            ).scalar_one()
            files = session.execute(
                select(func.count()).where(ProviderFile.state == ProviderFileState.PRESENT)
            ).scalar_one()
        return not under_way and not files and not list(self.provider.own_files())

    # What must hold

    def check(self) -> None:
        """At any time: nothing lost, nothing in two places, the books agree."""
        with self.database.transaction() as session:
            verify(session)
            self._check_items(session)
            self._check_costs(session)

    def check_quiet(self) -> None:
        """When all is done: nothing under way, nothing set aside, the bill is ours, nothing left at the provider."""
        assert self._quiet(), "something never comes to its end"
        self.check()
        with self.database.transaction() as session:
            for account in session.execute(select(BudgetAccount)).scalars():
                assert account.reserved_microdollars == 0
            spent = session.execute(
                select(func.coalesce(func.sum(BudgetAccount.spent_microdollars), 0)).where(
                    BudgetAccount.scope_id == SITE
                )
            ).scalar_one()
            requests = session.execute(select(BatchRequest).where(BatchRequest.input_tokens > 0)).scalars()
            ours = {one.custom_id: one.input_tokens for one in requests}
        assert ours == {custom_id: usage.input_tokens for custom_id, usage in self.provider.bill.items()}
        assert spent == self.provider.billed()

    def _check_items(self, session: Session) -> None:
        submissions = {row.id: row for row in session.execute(select(Submission)).scalars()}
        assert len(submissions) == len(self.owner_of), "work was lost"
        lines: dict[uuid.UUID, list[tuple[BatchRequest, Batch]]] = defaultdict(list)
        counts: dict[uuid.UUID, int] = defaultdict(int)
        sizes: dict[uuid.UUID, int] = {}
        for request, batch in session.execute(select(BatchRequest, Batch).join(Batch)):
            counts[batch.id] += 1
            sizes[batch.id] = batch.items
            if request.state is RequestState.PREPARED:
                lines[request.queue_item_id].append((request, batch))
        assert counts == sizes
        live: dict[uuid.UUID, QueueItem] = {}
        for item in session.execute(select(QueueItem)).scalars():
            self._check_item(item, submissions[item.submission_id], lines.pop(item.id, []))
            if item.state in (QueueState.QUEUED, QueueState.SELECTED, QueueState.PROCESSING):
                assert item.submission_id not in live, "two live items of one submission"
                live[item.submission_id] = item
        assert not lines
        assessed = set(session.execute(select(Assessment.submission_id)).scalars())
        for submission in submissions.values():
            if submission.state is SubmissionState.WAITING:
                assert live[submission.id].state in (QueueState.QUEUED, QueueState.SELECTED)
            elif submission.state is SubmissionState.GRADING:
                assert live[submission.id].state is QueueState.PROCESSING
            elif submission.state is SubmissionState.WITH_INSTRUCTOR:
                assert submission.id not in live
                assert submission.by_hand_reason or submission.id in assessed

    def _check_item(self, item: QueueItem, submission: Submission, lines: Sequence[tuple[BatchRequest, Batch]]) -> None:
        assert len(lines) <= 1, "one item in two live batches"
        replaced = submission.state is SubmissionState.REPLACED
        if item.state is QueueState.QUEUED:
            assert not lines
            assert submission.state is SubmissionState.WAITING, f"it waits, and is {submission.state}"
        elif item.state is QueueState.SELECTED:
            assert lines[0][1].state is BatchState.CREATED
            assert replaced or submission.state is SubmissionState.WAITING
        elif item.state is QueueState.PROCESSING:
            assert lines[0][1].state in (BatchState.SUBMITTED, BatchState.PROCESSING)
            assert replaced or submission.state is SubmissionState.GRADING
        else:
            assert not lines

    def _check_costs(self, session: Session) -> None:
        for one in session.execute(select(BatchRequest).where(BatchRequest.input_tokens > 0)).scalars():
            assert self.provider.bill[one.custom_id].input_tokens == one.input_tokens

    def _check_what_leaves(self, lines: Sequence[bytes]) -> None:
        assert not self.frozen, "sent while everything was frozen"
        for line in lines:
            found = _MARK.search(line)
            assert found is not None
            mark = _number(found[1])
            student = self.owner_of[mark]
            assert student.consents, "sent without consent"
            assert self.allowed[student.course], "sent from a course that has it off"
            assert student.newest == mark, "sent though it was replaced"


def _word(number: int) -> str:
    return f"zq{''.join('abcdefghij'[int(digit)] for digit in str(number))}zq"


def _number(word: bytes) -> int:
    return int("".join(str("abcdefghij".index(letter)) for letter in word.decode()))
