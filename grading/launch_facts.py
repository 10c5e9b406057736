"""What a verified launch says, in the domain's terms, and for which registration it was verified."""

import uuid
from dataclasses import dataclass, field

from grading.arrival_rows import Row
from grading.individual_dates import NO_DATES, Dates
from grading.models.people import CourseRole
from grading.models.tenancy import RegistrationState


@dataclass(frozen=True, slots=True)
class VerifiedFor:
    """A registration as it stood when a launch was verified for it, with keys from this address."""

    registration_id: uuid.UUID
    issuer: str
    client_id: str
    jwks_url: str

    def stands(self, row: Row) -> bool:
        """Whether it still does."""
        active = row["state"] is RegistrationState.ACTIVE
        return active and (row["issuer"], row["client_id"], row["jwks_url"]) == (
            self.issuer,
            self.client_id,
            self.jwks_url,
        )


@dataclass(frozen=True, slots=True)
class LaunchFacts:
    """What a verified launch says, in our own terms. Empty strings and None where it says nothing."""

    verified_for: VerifiedFor
    lms_deployment_id: str
    subject: str
    role: CourseRole
    test_user: bool = False
    profile: dict[str, str] = field(default_factory=dict)
    lms_context_id: str = ""
    context_title: str = ""
    context_label: str = ""
    origin_ids: tuple[str, ...] = ()
    """LMS ids of the courses that this one was copied from, as far as the LMS tells."""
    lms_link_id: str | None = None
    link_title: str = ""
    assignment_id: uuid.UUID | None = None
    """From the link's custom parameters or line item; only followed inside the same course."""
    lineitems_url: str | None = None
    lineitem_url: str | None = None
    ags_scopes: tuple[str, ...] = ()
    memberships_url: str | None = None
    notices_url: str | None = None
    notice_types: tuple[str, ...] = ()
    """Kinds of notices that the LMS offers, and where it takes subscriptions."""
    terms_url: str | None = None
    """Where the LMS notes who accepted the terms."""
    product_family: str = ""
    dates: Dates = NO_DATES
    """When the link's assignment is due and closes for this person, as far as the LMS says."""
    dates_told: bool = False
    """Whether the LMS fills in such dates at all."""
    lti11_user_id: str = ""
    """Who this was to an LTI 1.1 tool; only if the LMS proved it."""
