"""The audit log in words: one sentence for each event, one word for each kind of actor and object.

A test holds this table to the events that the code notes, so that no entry is ever shown as a bare code.
"""

from itertools import groupby
from typing import Final

EVENTS: Final[dict[str, str]] = {
    # looks at what a student wrote, with their name
    "submission.opened": "A submission was opened beside its student's name",
    "submission.file_opened": "The file of a submission was downloaded",
    "submission.review_refused": "Somebody else's work was asked for in the gradebook, and refused",
    "submissions.listed": "The submissions of an assignment were listed with names",
    "grades.listed": "The grades of an assignment were listed with names",
    "personal_data.looked_up": "It was looked up what is kept about a person",
    "personal_data.export_requested": "A copy of everything kept about a person was asked for",
    "personal_data.export_made": "A copy of everything kept about a person was made",
    "personal_data.exported": "Everything kept about a person was exported",
    # what left, and what providers were asked
    "provider.uploading": "Work is about to be sent to a provider, without names",
    "provider.uploaded": "The provider has the file",
    "provider.looking_up": "The provider was asked whether something arrived",
    "provider.creating": "The provider is about to be told to begin",
    "provider.created": "The provider has begun",
    "provider.polling": "The provider was asked how far it is",
    "provider.reading_results": "Results are being read from the provider",
    "provider.cancelling": "The provider was asked to stop",
    "provider.deleting_file": "The provider was told to delete a file",
    "provider.files_deleted": "All files of a batch are deleted at the provider",
    "provider.call_failed": "The provider did not do what was asked",
    "provider.stopped": "Nothing is sent to a provider any more: its account is not in order",
    "provider.opened": "A provider failed too often and is only tried now and then",
    "provider.closed": "A provider works again",
    "provider.tried_again": "A provider was to be tried again at once",
    # decisions
    "review.approved": "An assessment was approved and released",
    "review.overridden": "An assessment was changed and released",
    "review.by_hand": "A grade was given by hand and released",
    "review.rejected": "An assessment was set aside",
    "review.withdrawn": "A released result was taken back",
    "batch.created": "A batch was made",
    "batch.submitted": "A batch was submitted",
    "batch.cancel_requested": "A batch was to be cancelled",
    "batch.item_held": "Work was held back from a batch before it was sent",
    "batch.completed": "A batch was completed",
    "batch.failed": "A batch failed",
    "batch.cancelled": "A batch was cancelled",
    "batch.split": "A batch was too large for the provider and became two",
    "batch.waits_for_room": "A batch waits until the provider has room",
    "batch.stuck": "A batch has not come any further for long",
    "assessment.stored": "An assessment came back",
    "assessment.failed": "An assessment failed",
    "queue.priority_changed": "Priorities in the queue were changed",
    "queue.withheld": "Work was taken out of the queue because it may not leave",
    "queue.withheld_put_back": "Work that may leave again was put back into the queue",
    "queue.skipped": "Work was taken out of the queue",
    "queue.dead_letters": "Failed work was tried again, set aside or given to its instructors",
    "queue.put_back": "Work was put back into the queue",
    "queue.noted": "Notes in the queue were changed",
    # money
    "budget.frozen": "Everything was frozen",
    "budget.unfrozen": "The freeze was lifted",
    "budget.limit_set": "A monthly limit was changed",
    "budget.override_granted": "More than a limit was allowed, in an emergency",
    "budget.override_withdrawn": "An emergency override was ended",
    "budget.assumptions_changed": "What an assessment by hand costs was changed",
    "budget.report_exported": "The report of costs was exported",
    "price.entered": "The price of a model was entered",
    "price.withdrawn": "An entered price was withdrawn",
    "price.retirement_set": "It was entered when a model is switched off",
    "queue.rescheduled": "Work in the queue was put off, or let run again",
    "queue.undone": "A change of the queue was taken back",
    "queue.exported": "The queue was written out as a file",
    # students
    "submission.handed_in": "Work was handed in",
    "consent.given": "A student agreed to AI-assisted feedback",
    "consent.refused": "A student did not agree to AI-assisted feedback",
    "consent.withdrawn": "A student took their agreement back",
    "erasure.requested": "It was asked that something be erased",
    "erasure.decided": "An erasure was decided on",
    "erasure.rejected": "A request for erasure was turned down",
    "erasure.taken_back": "A person took their request for erasure back",
    "erasure.submissions_removed": "Submissions were removed for an erasure",
    "erasure.done": "An erasure was carried out",
    "arrival.noted": "Work handed in at an LMS's own assignment was announced",
    "notice.worked_off": "A notice of an LMS was worked off",
    # the LMS's gradebook
    "gradebook.sending": "A message to the gradebook is about to be sent",
    "gradebook.pending": "A message to the gradebook waits for another try",
    "gradebook.delivered": "The gradebook took a message",
    "gradebook.failed": "The gradebook refused a message",
    "gradebook.obsolete": "A message to the gradebook was no longer needed",
    "gradebook.overwriting": "A grade entered in the LMS is to be replaced",
    "gradebook.resending": "A refused message to the gradebook is to be sent again",
    # settings
    "assignment.created": "An assignment was made",
    "assignment.changed": "An assignment was changed",
    "assignment.linked": "A link was given an assignment to show",
    "assignment.text_corrected": "What is hidden in the texts of an assignment was corrected",
    "assignment.correction_undone": "A correction of what is hidden was undone",
    "course.privacy_changed": "The privacy settings of a course were changed",
    "retention.texts_deleted": "Texts were deleted because their time was over",
    "retention.drafts_deleted": "Drafts were deleted because their time was over",
    "retention.arrivals_deleted": "Failed arrivals were deleted because their time was over",
    "retention.hold_placed": "A legal hold was placed on a course",
    "retention.hold_lifted": "A legal hold on a course was lifted",
    "privacy_limits.changed": "The limits for the privacy of courses were changed",
    "agreement.added": "An agreement with a provider was entered",
    "agreement.changed": "An agreement with a provider was changed",
    # LMSs that are connected
    "launch.accepted": "Somebody came in from an LMS",
    "platform.connected": "An LMS was connected",
    "platform.active": "An LMS was enabled",
    "platform.disabled": "An LMS was disabled",
    "platform.tested": "The connection with an LMS was tested",
    "platform.legacy_key_kept": "An old key of an LMS was stored",
    "deployment.approved": "A deployment was let in",
    "deployment.disabled": "A deployment was shut out",
    "terms.telling": "An LMS is about to be told what to do about the terms",
    "terms.told": "An LMS was told what to do about the terms",
    "terms.not_told": "An LMS did not do what it was told about the terms",
    "registration.mode_changed": "It was changed who may connect an LMS",
    "registration.invited": "An LMS was invited",
    "registration.invitation_withdrawn": "An invitation was withdrawn",
    # keys and accounts
    "keys.rotated": "A new signing key was made",
    "keyring.adding": "A master key is about to be added",
    "keyring.added": "A master key was added",
    "keyring.activating": "Another master key is about to wrap data keys",
    "keyring.activated": "Another master key wraps data keys now",
    "keyring.rewrapping": "Data keys are being moved to the active master key",
    "keyring.rewrapped": "Data keys were moved to the active master key",
    "keyring.retiring": "A master key is about to be removed",
    "keyring.retired": "A master key was removed",
    "administrator.created": "An administrator's account was made",
    "administrator.signed_in": "An administrator signed in",
    "administrator.signed_out": "An administrator signed out",
    "administrator.sign_in_refused": "Somebody failed to sign in as administrator",
    "administrator.password_changed": "An administrator's password was changed",
    # what leaves these pages
    "audit.exported": "The audit log was exported",
    "report.exported": "The compliance report was exported",
}

ACTORS: Final[dict[str, str]] = {
    "person": "Person of an LMS",
    "administrator": "Administrator",
    "system": "Blindmark itself",
    "visitor": "Unknown visitor",
}

OBJECTS: Final[dict[str, str]] = {
    "tool_key": "signing key",
    "context": "course",
    "registration": "LMS",
    "connection_policy": "who may connect",
    "registration_invitation": "invitation",
    "grade_push": "gradebook message",
    "queue_item": "queued work",
    "audit_log": "audit log",
    "provider_agreement": "agreement",
    "disclosure": "compliance report",
}

AREAS: Final[dict[str, str]] = {
    "submission": "Submissions",
    "submissions": "Lists",
    "grades": "Lists",
    "personal_data": "Personal data",
    "provider": "Provider calls",
    "review": "Decisions",
    "batch": "Batches",
    "assessment": "Assessments",
    "queue": "Queue",
    "budget": "Costs",
    "price": "Costs",
    "consent": "Consent",
    "erasure": "Personal data",
    "retention": "Personal data",
    "arrival": "LMS's own assignments",
    "notice": "LMS's own assignments",
    "gradebook": "Gradebook",
    "assignment": "Settings",
    "course": "Settings",
    "privacy_limits": "Settings",
    "agreement": "Settings",
    "launch": "LMSs",
    "platform": "LMSs",
    "deployment": "LMSs",
    "registration": "LMSs",
    "terms": "LMSs",
    "keys": "Keys and accounts",
    "keyring": "Keys and accounts",
    "administrator": "Keys and accounts",
    "audit": "Exports",
    "report": "Exports",
}


def event_words(event: str) -> str:
    """What happened, as a sentence. An event of a newer or older release is shown by its code."""
    return EVENTS.get(event, event)


def actor_words(kind: str) -> str:
    """What kind of actor did it."""
    return ACTORS.get(kind, kind)


def object_words(object_type: str) -> str:
    """What it was done to."""
    return OBJECTS.get(object_type, object_type.replace("_", " "))


def grouped_events() -> list[tuple[str, list[tuple[str, str]]]]:
    """All events for a choice, by area: (area, [(event, sentence)])."""
    placed = sorted(EVENTS.items(), key=lambda one: (AREAS[one[0].partition(".")[0]], one[1]))
    return [(area, list(events)) for area, events in groupby(placed, key=lambda one: AREAS[one[0].partition(".")[0]])]
