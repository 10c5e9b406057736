"""Names and Role Provisioning: the whole roster of a course, or none of it (NRPS 2.0).

A member whose id is none, which no launch could come with either, is passed over and counted: the names of all others
are needed, and nobody can be told to have left by a list that does not say who is on it.
"""

from typing import Any, Final
from uuid import UUID

from grading.individual_dates import Dates
from grading.roster import Listing, Member, RosterUnavailable
from lti_tool.lti.claims import CUSTOM, MESSAGE_TYPE, RESOURCE_LINK_REQUEST, SCOPE_MEMBERSHIP
from lti_tool.lti.facts import custom_of, read_dates
from lti_tool.lti.outside import with_query
from lti_tool.lti.roles import decide
from lti_tool.lti.services.connector import ServiceConnector
from lti_tool.lti.services.errors import ServiceFailed
from lti_tool.lti.verify import is_id

MEMBERSHIPS: Final = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
MOST_MEMBERS: Final = 20_000
_FIELDS: Final = {
    "name": "name",
    "given_name": "given_name",
    "family_name": "family_name",
    "middle_name": "middle_name",
    "email": "email",
    "lis_person_sourcedid": "sourcedid",
    "ext_user_username": "username",
}


class NrpsRosterSource:
    """A `grading.roster.RosterSource` over NRPS."""

    def __init__(self, connector: ServiceConnector) -> None:
        self._connector = connector

    def read(self, deployment_id: UUID, memberships_url: str, lms_context_id: str) -> Listing:
        """All pages of the roster.

        Raises:
            RosterUnavailable: any page failed, or the answer is about another course.
        """
        try:
            entries, unreadable = self._read(deployment_id, memberships_url, lms_context_id)
        except ServiceFailed as failure:
            raise RosterUnavailable(f"The list of people could not be read. {failure.words}") from failure
        return Listing([_member(entry) for entry in entries], unreadable)

    def read_link(
        self, deployment_id: UUID, memberships_url: str, lms_context_id: str, lms_link_id: str
    ) -> dict[str, Dates] | None:
        """Dates of the people of a link, from the message section that `rlid` asks for (NRPS 2.0, 2.5).

        Raises:
            RosterUnavailable: any page failed, or the answer is about another course.
        """
        try:
            entries, _ = self._read(deployment_id, with_query(memberships_url, {"rlid": lms_link_id}), lms_context_id)
        except ServiceFailed as failure:
            if failure.status in (400, 403, 404):
                # Telling about links is optional, and a link may have gone.
                return None
            raise RosterUnavailable(f"Dates of single people could not be read. {failure.words}") from failure
        told = {entry["user_id"]: _link_custom(entry) for entry in entries}
        return {user_id: read_dates(custom) for user_id, custom in told.items() if custom is not None} or None

    def _read(self, deployment_id: UUID, url: str, lms_context_id: str) -> tuple[list[dict[str, Any]], int]:
        """Everybody on all pages, and how many more had no id; who is listed twice, as the last page says."""
        found: dict[str, dict[str, Any]] = {}
        unreadable = 0
        for page in self._connector.pages(deployment_id, url, scopes=(SCOPE_MEMBERSHIP,), accept=MEMBERSHIPS):
            for entry in _entries(page, lms_context_id):
                if isinstance(entry, dict) and is_id(entry.get("user_id")):
                    found[entry["user_id"]] = entry
                else:
                    unreadable += 1
            if len(found) + unreadable > MOST_MEMBERS:
                raise RosterUnavailable(f"Your LMS lists more than {MOST_MEMBERS:,} people in this course.")
        return list(found.values()), unreadable


def _link_custom(entry: dict[str, Any]) -> dict[str, str] | None:
    """The custom parameters of the link as this member would get them; None where the LMS sends no such message."""
    messages = entry.get("message")
    for message in messages if isinstance(messages, list) else [messages]:
        if isinstance(message, dict) and message.get(MESSAGE_TYPE) == RESOURCE_LINK_REQUEST and CUSTOM in message:
            return custom_of(message)
    return None


def _entries(page: Any, lms_context_id: str) -> list[Any]:
    context = page.get("context") if isinstance(page, dict) else None
    entries = page.get("members") if isinstance(page, dict) else None
    if not isinstance(context, dict) or not isinstance(entries, list) or str(context.get("id")) != lms_context_id:
        raise RosterUnavailable("Your LMS sent a list of people that does not belong to this course.")
    return entries


def _member(entry: dict[str, Any]) -> Member:
    roles = entry.get("roles")
    decision = decide(roles if isinstance(roles, list) else [])
    profile = {ours: str(entry.get(theirs) or "") for theirs, ours in _FIELDS.items()}
    return Member(
        subject=entry["user_id"],
        role=decision.role,
        active=entry.get("status", "Active") == "Active",
        test_user=decision.test_user,
        profile=profile,
    )
