"""The errors of batches."""

from grading.errors import GradingError


class BatchRefused(GradingError):
    """No batch can be made from these items."""

    code = "batch_refused"
