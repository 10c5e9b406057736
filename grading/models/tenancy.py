"""Who is a tenant: registration (issuer, client) → deployment (the tenant) → context (a course) → resource link."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from config.database import Base, state_type
from grading.models.columns import Created, Key, LmsId, Moment, Url


class RegistrationState(StrEnum):
    """Whether launches of a registration are accepted."""

    ACTIVE = "active"
    DISABLED = "disabled"


class DeploymentState(StrEnum):
    """A deployment that an administrator has not seen yet is pending and gives no access."""

    PENDING = "pending"
    APPROVED = "approved"
    DISABLED = "disabled"


class Registration(Base):
    """One LMS as it knows us: (issuer, client_id). Canvas and Blackboard share an issuer among all schools."""

    __tablename__ = "registration"
    __table_args__ = (UniqueConstraint("issuer", "client_id"),)

    id: Mapped[Key]
    issuer: Mapped[LmsId]
    client_id: Mapped[LmsId]
    name: Mapped[str] = mapped_column(String(200))
    """What administrators call this LMS."""
    product_family: Mapped[str] = mapped_column(String(64), default="")
    """`product_family_code` of the last launch: chooses the platform's quirks."""
    authorization_url: Mapped[Url]
    token_url: Mapped[Url]
    token_audience: Mapped[str] = mapped_column(String(2048), default="")
    """`aud` of our client assertions where it differs from the token URL."""
    jwks_url: Mapped[Url]
    state: Mapped[RegistrationState] = mapped_column(
        state_type(RegistrationState, "registration_state"), default=RegistrationState.ACTIVE
    )
    granted_scopes: Mapped[list[str]] = mapped_column(JSON(), default=list)
    """What the LMS said at registration that it grants; empty when it did not say."""
    created_at: Mapped[Created]
    last_launch_at: Mapped[Moment | None]

    deployments: Mapped[list["Deployment"]] = relationship(back_populates="registration")


class Deployment(Base):
    """One tenant: a deployment of a registration. Everything of a school hangs on it."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("registration_id", "lms_deployment_id"),)

    id: Mapped[Key]
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    lms_deployment_id: Mapped[LmsId]
    state: Mapped[DeploymentState] = mapped_column(
        state_type(DeploymentState, "deployment_state"), default=DeploymentState.PENDING
    )
    created_at: Mapped[Created]
    last_launch_at: Mapped[Moment | None]
    notices_url: Mapped[Url | None]
    """Where the LMS takes subscriptions to its notices; refreshed by launches that name it."""
    notice_types: Mapped[list[str]] = mapped_column(JSON(), default=list)
    """The kinds of notices that it offers."""
    subscribed_at: Mapped[Moment | None]
    """Since when it tells us of copied courses and tests, as far as it offers that."""
    subscription_tried_at: Mapped[Moment | None]
    terms_url: Mapped[Url | None]
    """Where the LMS notes who accepted the terms (EULA service); refreshed by launches that name it."""

    registration: Mapped[Registration] = relationship(back_populates="deployments")


class Context(Base):
    """A course, and what its instructor allows to happen with the work in it (P4)."""

    __tablename__ = "context"
    __table_args__ = (UniqueConstraint("tenant_id", "lms_context_id"),)

    id: Mapped[Key]
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("deployment.id"), index=True)
    lms_context_id: Mapped[LmsId]
    title: Mapped[str] = mapped_column(String(255), default="")
    label: Mapped[str] = mapped_column(String(255), default="")
    lineitems_url: Mapped[Url | None]
    """AGS container of the course; refreshed at each launch."""
    ags_scopes: Mapped[list[str]] = mapped_column(JSON(), default=list)
    origin_ids: Mapped[list[str]] = mapped_column(JSON(), default=list)
    """LMS ids of the courses that this one was copied from, newest first."""
    memberships_url: Mapped[Url | None]
    """NRPS address; refreshed at each launch."""
    roster_read_at: Mapped[Moment | None]
    """When the whole roster was last read without a gap."""
    roster_tried_at: Mapped[Moment | None]
    created_at: Mapped[Created]

    allow_llm_assessment: Mapped[bool] = mapped_column(default=False)
    approved_providers: Mapped[list[str]] = mapped_column(JSON(), default=list)
    data_retention_days: Mapped[int] = mapped_column(default=30)
    anonymize_submissions: Mapped[bool] = mapped_column(default=True)
    batch_processing_consent: Mapped[bool] = mapped_column(default=True)
    """Whether each student's own consent is needed before work enters a batch."""
    real_time_only_mode: Mapped[bool] = mapped_column(default=False)

    tenant: Mapped[Deployment] = relationship()


class ResourceLink(Base):
    """A link in a course page. It shows one assignment once it is known which."""

    __tablename__ = "resource_link"
    __table_args__ = (UniqueConstraint("context_id", "lms_link_id"),)

    id: Mapped[Key]
    context_id: Mapped[UUID] = mapped_column(ForeignKey("context.id"))
    lms_link_id: Mapped[LmsId]
    title: Mapped[str] = mapped_column(String(255), default="")
    assignment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assignment.id"), index=True)
    named_assignment_id: Mapped[UUID | None]
    """An assignment of another course of the tenant that the link names: it came here with a copied course. No foreign
    key: the assignment may go, and the link with it only in the LMS."""
    lineitem_url: Mapped[Url | None]
    """The link's own column, when the launch names exactly one."""
    people_offered: Mapped[bool] = mapped_column(default=False)
    """Whether the LMS tells about the people of this link (NRPS with `rlid`), as far as we know."""
    people_asked_at: Mapped[Moment | None]
    created_at: Mapped[Created]
    last_launch_at: Mapped[Moment | None]
