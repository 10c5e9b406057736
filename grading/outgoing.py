"""A submission's text as it may leave: the one way there, for sending it and for showing what would be sent (P2)."""

from grading.models import Submission
from grading.submissions import Work
from privacy.anonymizer import Anonymized, CompiledRoster, Corrections, anonymize


def anonymized(submission: Submission, work: Work, roster: CompiledRoster, by_hand: Corrections) -> Anonymized:
    """Take out whoever can be told from the work: by the course's roster, the file, and what was decided by hand."""
    return anonymize(
        work.text,
        author_id=str(submission.person_id),
        roster=roster,
        file_name=work.file_name,
        extra_author_names=work.document_names,
        corrections=by_hand,
    )
