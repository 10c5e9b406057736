"""The anonymizer: what identifies a person leaves a text before the text leaves the building, and comes back after.

A pure library. `compile_roster` once per course, `anonymize` per submission, `restore` for what comes back.
The way through it is in `engine`.
"""

from privacy.anonymizer.check import names_a_member
from privacy.anonymizer.corrections import Corrections, same_words
from privacy.anonymizer.engine import anonymize
from privacy.anonymizer.model import (
    Anonymized,
    AnonymizerError,
    BrokenMapError,
    Certainty,
    Finding,
    FindingType,
    Kept,
    Leak,
    PseudonymMap,
    Replacement,
    RosterMember,
)
from privacy.anonymizer.pseudonyms import fingerprint
from privacy.anonymizer.restore import restore
from privacy.anonymizer.roster import CompiledRoster, compile_roster

__all__ = [
    "Anonymized",
    "AnonymizerError",
    "BrokenMapError",
    "Certainty",
    "CompiledRoster",
    "Corrections",
    "Finding",
    "FindingType",
    "Kept",
    "Leak",
    "PseudonymMap",
    "Replacement",
    "RosterMember",
    "anonymize",
    "compile_roster",
    "fingerprint",
    "names_a_member",
    "restore",
    "same_words",
]
