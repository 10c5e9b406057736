"""What an assessment costs in a batch with our prompt layout, beside one real-time call with the same content.

Nothing is sent: tokens are counted as o200k counts them, prices come from the built-in list. How often a provider
finds the shared beginning of a prompt in its cache is its own affair; the table therefore shows never and always. From
1,024 tokens on a beginning can be reused at all, in steps of 128, and the first request of an assignment pays for it.
"""

import json
import random
import sys
from dataclasses import dataclass

from benchmarks.composing import SENTENCES
from config.clock import utc_now
from grading.estimates import TYPICAL_ANSWER
from grading.prompts import DEFAULT_SYSTEM, DEFAULT_TEMPLATE, PromptParts, developer_message, submission_message
from grading.providers.base import Usage
from grading.providers.catalogue import Price, find_model
from grading.providers.tokens import MESSAGE_OVERHEAD, REPLY_OVERHEAD, tokens_in
from grading.results.schema import response_schema
from grading.rubrics import Rubric, default_rubric

MODELS = ("gpt-6-luna", "gpt-5.4-mini", "gpt-4.1-mini", "gpt-4o-mini")
CLASS = 100
SHORTEST, STEP = 1_024, 128
TARGET = 60
DESCRIPTION = (
    "Argue for a position on whether a promise may be broken. Use at least one author from the reading list, answer "
    "one objection, and keep to 300 words."
)


@dataclass(frozen=True, slots=True)
class Content:
    """Tokens of one request and its answer, whoever is asked and however."""

    shared: int
    own: int
    answer: int = TYPICAL_ANSWER

    @property
    def reusable(self) -> int:
        """Of the shared part, what a cache can hold."""
        return 0 if self.shared < SHORTEST else SHORTEST + (self.shared - SHORTEST) // STEP * STEP

    def cost(self, price: Price, *, cached: bool = False) -> float:
        """Micro-dollars of an assessment, the mean of a class."""
        total = self.shared + self.own
        plain = price.cost(Usage(total, 0, self.answer))
        if not cached or not self.reusable:
            return plain
        writes = self.reusable if price.cache_write > price.input else 0
        first = price.cost(Usage(total, 0, self.answer, writes))
        return (first + (CLASS - 1) * price.cost(Usage(total, self.reusable, self.answer))) / CLASS


def main(arguments: list[str]) -> None:
    """Print the table, for the default prompt and for one with a longer rubric and a model answer."""
    for name, content in (("default prompt and rubric", measure("")), ("with a model answer", measure(_words(500)))):
        sys.stdout.write(
            f"{name}: {content.shared} shared tokens ({content.reusable} of them reusable), {content.own} of the work, "
            f"{content.answer} of the answer\n"
        )
        for model in arguments or MODELS:
            found = find_model(model, utc_now())
            one_by_one = content.cost(found.standard_price)
            without, with_cache = content.cost(found.batch_price), content.cost(found.batch_price, cached=True)
            again = content.cost(found.standard_price, cached=True)
            sys.stdout.write(
                f"  {model:<14}{one_by_one:8.0f} µ$ in real time ({again:.0f} with the beginning cached there, too); "
                f"batch {without:.0f} (-{_less(one_by_one, without):.0f} %), with the beginning cached "
                f"{with_cache:.0f} (-{_less(one_by_one, with_cache):.0f} %)"
                f"{'' if _less(one_by_one, with_cache) >= TARGET else f': below the target of {TARGET} %'}\n"
            )


def measure(reference_answer: str) -> Content:
    """Count a request as it is built for a submission of about 300 words."""
    rubric: Rubric = default_rubric()
    template = DEFAULT_TEMPLATE + ("\n\n# Model answer\n\n{reference_answer}" if reference_answer else "")
    parts = PromptParts(
        DEFAULT_SYSTEM, template, "May a promise be broken?", DESCRIPTION, rubric, 2000, reference_answer
    )
    shared = tokens_in(developer_message(parts)) + tokens_in(json.dumps(response_schema(rubric))) + MESSAGE_OVERHEAD
    return Content(shared, tokens_in(submission_message(_words(300))) + MESSAGE_OVERHEAD + REPLY_OVERHEAD)


def _words(count: int) -> str:
    dice = random.Random(7)  # noqa: S311
    words: list[str] = []
    while len(words) < count:
        words += dice.choice(SENTENCES).split()
    return " ".join(words[:count])


def _less(whole: float, part: float) -> float:
    return 100 * (1 - part / whole)
