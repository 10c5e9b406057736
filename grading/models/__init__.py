"""The tables of the domain, one concept a file. Importing this package registers all of them."""

from grading.models.agreements import ProviderAgreement
from grading.models.assessments import Assessment, ReviewDecision
from grading.models.assignments import Assignment, PromptVersion, RubricVersion
from grading.models.batches import Batch, BatchRequest
from grading.models.budget import (
    BudgetAccount,
    BudgetEntry,
    BudgetFreeze,
    BudgetLimit,
    BudgetOverride,
    BudgetTransfer,
    BudgetWarning,
    ReturnAssumption,
)
from grading.models.corrections import TextCorrection
from grading.models.dates import IndividualDate
from grading.models.disclosures import Disclosure, DisclosureDeletion
from grading.models.erasures import ErasureRequest
from grading.models.exports import ExportPart, PersonalExport
from grading.models.gradebook import GradePush, LmsGrade
from grading.models.health import ProviderEvent, ProviderHealth
from grading.models.limits import PrivacyLimits
from grading.models.people import Administrator, Enrolment, Person
from grading.models.prices import PriceOverride, RetirementOverride
from grading.models.processors import Arrival, ArrivalAsset, Processor
from grading.models.provider_files import ProviderFile
from grading.models.queue import ChangeKind, QueueChange, QueueItem, QueueTally, SavedFilter
from grading.models.retention import RetentionHold
from grading.models.search import SearchTerm
from grading.models.submissions import AnonymizedText, Draft, Submission
from grading.models.tenancy import Context, Deployment, Registration, ResourceLink

__all__ = [
    "Administrator",
    "AnonymizedText",
    "Arrival",
    "ArrivalAsset",
    "Assessment",
    "Assignment",
    "Batch",
    "BatchRequest",
    "BudgetAccount",
    "BudgetEntry",
    "BudgetFreeze",
    "BudgetLimit",
    "BudgetOverride",
    "BudgetTransfer",
    "BudgetWarning",
    "ChangeKind",
    "Context",
    "Deployment",
    "Disclosure",
    "DisclosureDeletion",
    "Draft",
    "Enrolment",
    "ErasureRequest",
    "ExportPart",
    "GradePush",
    "IndividualDate",
    "LmsGrade",
    "Person",
    "PersonalExport",
    "PriceOverride",
    "PrivacyLimits",
    "Processor",
    "PromptVersion",
    "ProviderAgreement",
    "ProviderEvent",
    "ProviderFile",
    "ProviderHealth",
    "QueueChange",
    "QueueItem",
    "QueueTally",
    "Registration",
    "ResourceLink",
    "RetentionHold",
    "RetirementOverride",
    "ReturnAssumption",
    "ReviewDecision",
    "RubricVersion",
    "SavedFilter",
    "SearchTerm",
    "Submission",
    "TextCorrection",
]
