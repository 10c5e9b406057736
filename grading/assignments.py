"""Assignments: made and changed by an instructor; every change of prompt or rubric is a new version (A1, A2, A6)."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from config.clock import Clock, utc_now
from grading import estimates
from grading.errors import EntryRefused, NotFound
from grading.models import Assignment, Context, PromptVersion, ResourceLink, RubricVersion
from grading.points import format_points
from grading.prompts import DEFAULT_SYSTEM, DEFAULT_TEMPLATE, PromptParts, check_template
from grading.providers.catalogue import choose_model
from grading.providers.prices import price_book
from grading.rubrics import Rubric, default_rubric
from privacy.audit import Actor, record

MOST_POINTS_HUNDREDTHS = 100_000
MOST_OUTPUT_TOKENS = 32_000


class AssignmentInvalid(EntryRefused):
    """What was entered for an assignment can't be saved. `field` names the entry."""

    code = "assignment_invalid"


@dataclass(frozen=True, slots=True)
class AssignmentDraft:
    """Everything an instructor sets for an assignment, checked by `save`."""

    title: str
    description: str
    points_hundredths: int
    rubric: Rubric = field(default_factory=default_rubric)
    model: str = ""
    system_instructions: str = DEFAULT_SYSTEM
    template: str = DEFAULT_TEMPLATE
    temperature_hundredths: int = 30
    max_output_tokens: int = 1500
    opens_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None
    attempts_allowed: int = 3


@dataclass(frozen=True, slots=True)
class AssignmentView:
    """An assignment with the prompt and rubric versions in force."""

    assignment: Assignment
    context: Context
    prompt: PromptVersion
    rubric_version: RubricVersion

    @property
    def rubric(self) -> Rubric:
        """The rubric in force."""
        return Rubric.model_validate(self.rubric_version.content)

    def draft(self) -> AssignmentDraft:
        """The present settings, to start an edit from."""
        return AssignmentDraft(
            title=self.assignment.title,
            description=self.assignment.description,
            points_hundredths=self.assignment.points_hundredths,
            rubric=self.rubric,
            model=self.prompt.model,
            system_instructions=self.prompt.system_instructions,
            template=self.prompt.template,
            temperature_hundredths=self.prompt.temperature_hundredths,
            max_output_tokens=self.prompt.max_output_tokens,
            opens_at=self.assignment.opens_at,
            due_at=self.assignment.due_at,
            closes_at=self.assignment.closes_at,
            attempts_allowed=self.assignment.attempts_allowed,
        )

    def prompt_parts(self) -> PromptParts:
        """What a prompt for this assignment is built from."""
        return prompt_parts(self.assignment, self.prompt, self.rubric)


def prompt_parts(assignment: Assignment, prompt: PromptVersion, rubric: Rubric) -> PromptParts:
    """What a prompt is built from."""
    return PromptParts(
        system_instructions=prompt.system_instructions,
        template=prompt.template,
        task_title=assignment.title,
        task_description=assignment.description,
        rubric=rubric,
        points_hundredths=assignment.points_hundredths,
    )


def check(session: Session, draft: AssignmentDraft, offered_models: tuple[str, ...], now: datetime) -> None:
    """Refuse settings that can't work.

    Raises:
        AssignmentInvalid: names the entry that is wrong.
        PromptError, ModelUnavailable: what is wrong with the template or the model.
    """
    if not draft.title.strip():
        raise AssignmentInvalid("Give the assignment a title: students see it in the course.", field="title")
    if len(draft.title) > 255:
        raise AssignmentInvalid("The title is too long. Keep it under 255 characters.", field="title")
    if not 0 < draft.points_hundredths <= MOST_POINTS_HUNDREDTHS:
        most = format_points(MOST_POINTS_HUNDREDTHS)
        raise AssignmentInvalid(f"Points must be more than 0 and at most {most}.", field="points")
    if not 0 <= draft.attempts_allowed <= 100:
        raise AssignmentInvalid("Attempts must be between 0 (any number) and 100.", field="attempts_allowed")
    if not 1 <= draft.max_output_tokens <= MOST_OUTPUT_TOKENS:
        raise AssignmentInvalid(f"The answer limit must be between 1 and {MOST_OUTPUT_TOKENS}.", field="max_output")
    if not 0 <= draft.temperature_hundredths <= 200:
        raise AssignmentInvalid("Temperature must be between 0 and 2.", field="temperature")
    moments = [moment for moment in (draft.opens_at, draft.due_at, draft.closes_at) if moment]
    if moments != sorted(moments):
        raise AssignmentInvalid("The dates must be in order: opens, due, closes.", field="due_at")
    check_template(draft.template)
    choose_model(draft.model, offered_models, now, price_book(session, now))


def create(
    session: Session,
    *,
    context: Context,
    author_id: uuid.UUID,
    draft: AssignmentDraft,
    offered_models: tuple[str, ...],
    clock: Clock = utc_now,
) -> Assignment:
    """Make an assignment with its first prompt and rubric versions; same errors as `check`."""
    check(session, draft, offered_models, clock())
    assignment = Assignment(id=uuid.uuid4(), context_id=context.id, created_by=author_id)
    _apply(assignment, draft)
    session.add(assignment)
    session.flush()
    session.add(_prompt(assignment.id, 1, draft, author_id))
    session.add(_rubric(assignment.id, 1, draft.rubric, author_id))
    _audit(session, context, author_id, assignment.id, "assignment.created", {})
    return assignment


def update(
    session: Session,
    *,
    view: AssignmentView,
    author_id: uuid.UUID,
    draft: AssignmentDraft,
    offered_models: tuple[str, ...],
    clock: Clock = utc_now,
) -> None:
    """Save changes. A changed prompt or rubric becomes a new version; earlier assessments keep theirs."""
    check(session, draft, offered_models, clock())
    before = view.draft()
    _apply(view.assignment, draft)
    if (draft.title.strip(), draft.points_hundredths) != (before.title, before.points_hundredths):
        view.assignment.column_outdated = True
    changed: dict[str, int] = {}
    prompt, rubric = view.prompt, view.rubric_version
    if _prompt_fields(draft) != _prompt_fields(before):
        changed["prompt_version"] = prompt.number + 1
        prompt = _prompt(view.assignment.id, prompt.number + 1, draft, author_id)
    if draft.rubric != before.rubric:
        changed["rubric_version"] = rubric.number + 1
        rubric = _rubric(view.assignment.id, rubric.number + 1, draft.rubric, author_id)
    session.add_all([prompt, rubric])
    estimates.refresh(session, AssignmentView(view.assignment, view.context, prompt, rubric), clock())
    _audit(session, view.context, author_id, view.assignment.id, "assignment.changed", changed)


def get(session: Session, *, tenant_id: uuid.UUID, context_id: uuid.UUID, assignment_id: uuid.UUID) -> AssignmentView:
    """An assignment of a course.

    Raises:
        NotFound: it does not exist, or belongs to another course or tenant.
    """
    newest_prompt = (
        select(PromptVersion.id)
        .where(PromptVersion.assignment_id == assignment_id)
        .order_by(PromptVersion.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    newest_rubric = (
        select(RubricVersion.id)
        .where(RubricVersion.assignment_id == assignment_id)
        .order_by(RubricVersion.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    row = session.execute(
        select(Assignment, Context, PromptVersion, RubricVersion)
        .join(Context, Context.id == Assignment.context_id)
        .join(PromptVersion, PromptVersion.id == newest_prompt)
        .join(RubricVersion, RubricVersion.id == newest_rubric)
        .where(Assignment.id == assignment_id, Context.id == context_id, Context.tenant_id == tenant_id)
    ).one_or_none()
    if row is None:
        raise NotFound("This assignment does not exist in this course. Open it again from your course page.")
    return AssignmentView(*row)


def of_course(session: Session, *, tenant_id: uuid.UUID, context_id: uuid.UUID) -> list[Assignment]:
    """All assignments of a course, newest first."""
    return list(
        session.execute(
            select(Assignment)
            .join(Context)
            .where(Context.id == context_id, Context.tenant_id == tenant_id)
            .order_by(Assignment.created_at.desc(), Assignment.id)
        ).scalars()
    )


def link_to(session: Session, *, tenant_id: uuid.UUID, link: ResourceLink, assignment_id: uuid.UUID) -> bool:
    """Let a course link show an assignment of the same course; returns whether it does."""
    known = session.execute(
        select(Assignment)
        .join(Context)
        .where(Assignment.id == assignment_id, Context.id == link.context_id, Context.tenant_id == tenant_id)
    ).scalar_one_or_none()
    if known is None:
        return False
    link.assignment_id = known.id
    if link.lineitem_url:
        known.lineitem_url = link.lineitem_url
    return True


def note_linked(session: Session, tenant_id: uuid.UUID, person_id: uuid.UUID, link: ResourceLink) -> None:
    """Note that somebody chose what a course link shows."""
    record(
        session,
        event="assignment.linked",
        actor=Actor.person(person_id),
        tenant_id=tenant_id,
        object_type="assignment",
        object_id=link.assignment_id,
        details={"link": str(link.id)},
    )


def name_from_elsewhere(
    session: Session, *, tenant_id: uuid.UUID, link: ResourceLink, assignment_id: uuid.UUID
) -> None:
    """Note that a link names an assignment of another course of the tenant: the course was copied, and the link too."""
    known = session.execute(
        select(Assignment.id).join(Context).where(Assignment.id == assignment_id, Context.tenant_id == tenant_id)
    ).scalar_one_or_none()
    link.named_assignment_id = known


def _apply(assignment: Assignment, draft: AssignmentDraft) -> None:
    assignment.title = draft.title.strip()
    assignment.description = draft.description.strip()
    assignment.points_hundredths = draft.points_hundredths
    assignment.opens_at = draft.opens_at
    assignment.due_at = draft.due_at
    assignment.closes_at = draft.closes_at
    assignment.attempts_allowed = draft.attempts_allowed


def _prompt_fields(draft: AssignmentDraft) -> tuple[object, ...]:
    return (
        draft.system_instructions,
        draft.template,
        draft.model,
        draft.temperature_hundredths,
        draft.max_output_tokens,
    )


def _prompt(assignment_id: uuid.UUID, number: int, draft: AssignmentDraft, author_id: uuid.UUID) -> PromptVersion:
    return PromptVersion(
        assignment_id=assignment_id,
        number=number,
        system_instructions=draft.system_instructions,
        template=draft.template,
        model=draft.model,
        temperature_hundredths=draft.temperature_hundredths,
        max_output_tokens=draft.max_output_tokens,
        created_by=author_id,
    )


def _rubric(assignment_id: uuid.UUID, number: int, rubric: Rubric, author_id: uuid.UUID) -> RubricVersion:
    return RubricVersion(
        assignment_id=assignment_id, number=number, content=rubric.model_dump(mode="json"), created_by=author_id
    )


def _audit(
    session: Session,
    context: Context,
    author_id: uuid.UUID,
    assignment_id: uuid.UUID,
    event: str,
    details: dict[str, int],
) -> None:
    record(
        session,
        event=event,
        actor=Actor.person(author_id),
        tenant_id=context.tenant_id,
        object_type="assignment",
        object_id=assignment_id,
        details=details,
    )
