"""The words people read for each flag and failure: one place, the same on every page, mail and API."""

from typing import Final

TEXT_DELETED: Final = "text_deleted"
"""Code of work whose text was deleted before it was graded."""

FLAG_WORDS: Final[dict[str, str]] = {
    "evidence_not_found": "A quoted passage does not stand in the work. Check it before you rely on it.",
    "no_evidence": "A level above the weakest was chosen without a quoted passage.",
    "injection_suspected": "The work may contain instructions to the grader. Read it with that in mind.",
    "short_feedback": "The comments or reasons are very short.",
    "low_confidence": "The grader is unsure about this one.",
    "long_feedback": "The comments are unusually long.",
    "equal_feedback": "The same words stand for different criteria or different students.",
    "language_mismatch": "The feedback is in another language than the work.",
    "unknown_placeholder": "The feedback speaks of somebody who does not appear in the work.",
    "foreign_content": "The feedback holds a link or markup that does not stand in the work. Do not follow it.",
}

FAILURE_WORDS: Final[dict[str, str]] = {
    "schema": "The answer did not have the agreed form.",
    "criteria": "The answer left out a criterion.",
    "level": "The answer chose a level that the rubric does not have.",
    "refused": "The model refused to answer.",
    "truncated": "The answer was cut off before its end. A larger answer limit in the prompt settings may help.",
    "content_filter": "The provider's content filter stopped the answer.",
    "expired": "The provider did not get to it within its time.",
    "cancelled": "The batch was cancelled before this was done.",
    "missing": "The provider returned nothing for it.",
    "rejected": "The provider refused the request.",
    "provider_busy": "The provider was overloaded.",
    "name_may_remain": "A name may still stand in the text, so it was not sent. Grade it by hand.",
    "batch_failed": "The provider refused the whole batch.",
    "replaced": "The student handed in a newer attempt.",
    "taken_out": "It was taken out before the batch was sent.",
    "no_consent": "The student's consent no longer stands.",
    "course_setting": "AI-assisted feedback was turned off in this course.",
    "site_limit": "The administrators of Blindmark do not allow AI-assisted feedback here.",
    TEXT_DELETED: "The text was deleted, as the course's setting says.",
    "nothing_left": "Every item was held back, so nothing was sent.",
    "too_large": "It is larger than the provider takes. Grade it by hand.",
    "token_limit_exceeded": "The provider has as much waiting as it takes from us. This goes on when there is room.",
    "mismatched_model": "The provider found more than one model in the batch.",
    "model_not_found": "The provider does not know the model, or has switched it off. Choose another one.",
    "provider_open": "The provider has failed too often in a row. It is tried again from time to time.",
    "provider_stopped": "Nothing is sent until the provider's account is in order again.",
    "internal": "Blindmark met a fault of its own. The log has the details.",
    "unreadable_answer": "The provider's answer could not be read.",
}

BY_HAND_WORDS: Final[dict[str, str]] = {
    "no_consent": "The student has not agreed to AI-assisted feedback.",
    "course_setting": "AI-assisted feedback is off in this course.",
    "site_limit": "The administrators of Blindmark do not allow AI-assisted feedback here.",
    "failed": "No usable assessment came back.",
    "rejected": "You rejected the assessment.",
    "skipped": "An administrator took it out of the queue.",
    "name_may_remain": "A name might have left with the text, so it was held back.",
    TEXT_DELETED: "The text was deleted before it was graded, as the course's setting says.",
    "too_large": "It is larger than the assistant takes.",
    "grade_by_hand": "The assistant could not assess it, and an administrator asks you to grade it.",
}


def words_for(code: str | None) -> str:
    """Words for any code; a code nobody wrote words for is named as it is."""
    if not code:
        return ""
    return FAILURE_WORDS.get(code) or FLAG_WORDS.get(code) or f"Unexpected: {code}."
