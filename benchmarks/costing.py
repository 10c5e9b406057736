"""What an assessment costs in a batch with our prompt layout, beside one real-time call with the same content.

Nothing is sent: tokens are counted as o200k counts them, prices are those of the built-in list on the day of the run.
What is assumed stands above the table. Whether a provider finds the shared beginning of a prompt in its cache is its
own affair, in batches more than anywhere, so that there is a figure for each case and none that hides it.
"""

import json
import random
import sys
from dataclasses import dataclass

from benchmarks.composing import SENTENCES
from config.clock import utc_now
from config.settings import Settings
from grading.estimates import TYPICAL_ANSWER
from grading.prompts import DEFAULT_SYSTEM, DEFAULT_TEMPLATE, PromptParts, developer_message, submission_message
from grading.providers.base import Usage
from grading.providers.catalogue import Model, Price, choosable_models
from grading.providers.tokens import MESSAGE_OVERHEAD, REPLY_OVERHEAD, tokens_in
from grading.results.schema import response_schema
from grading.rubrics import Rubric, default_rubric

CLASS = 100
"""Submissions of an assignment in one batch: their requests stand together and begin with the same words."""
SHORTEST, STEP = 1_024, 128
TARGET = 60
DESCRIPTION = (
    "Argue for a position on whether a promise may be broken. Use at least one author from the reading list, answer "
    "one objection, and keep to 300 words."
)
ASSUMED = f"""\
Micro-dollars an assessment, by the built-in price list; in brackets, percent less than "real time".
  real time   one call per submission at the standard price. Students hand in over days, so that no call finds the
              beginning of another one's prompt in the cache, which forgets within minutes.
  rt cached   the same, had every call but the first of {CLASS} found it there.
  no cache    batch price, no cache in play.
  worst       every request writes the beginning to the cache and none reads it. Writing costs extra for models from
              GPT-5.6 on (1.25 x input) and nothing for others.
  best        the first of {CLASS} requests writes it and all others read it, at the batch price for cached input: for
              models before GPT-5 that is the standard one, which the batch does not halve again.
  needed      how many of a hundred requests must read it for {TARGET} percent less than "real time".
The shared beginning is instructions, task, rubric and the schema of the answer; from {SHORTEST} tokens on it can be
cached, in steps of {STEP}. No provider promises that a batch uses the cache; its usage reports say what it did."""


@dataclass(frozen=True, slots=True)
class Content:
    """Tokens of one request and its answer, whoever is asked and however."""

    instructions: int
    schema: int
    own: int
    answer: int = TYPICAL_ANSWER

    @property
    def shared(self) -> int:
        """What all requests of an assignment begin with."""
        return self.instructions + self.schema

    @property
    def reusable(self) -> int:
        """Of the shared part, what a cache can hold."""
        return 0 if self.shared < SHORTEST else SHORTEST + (self.shared - SHORTEST) // STEP * STEP

    def uncached(self, price: Price) -> int:
        """Micro-dollars with no cache in play."""
        return price.cost(Usage(self.shared + self.own, 0, self.answer))

    def writing(self, price: Price) -> int:
        """Micro-dollars of a request that writes the beginning to the cache."""
        return price.cost(Usage(self.shared + self.own, 0, self.answer, self.reusable))

    def reading(self, price: Price) -> int:
        """Micro-dollars of a request that finds the beginning in the cache."""
        return price.cost(Usage(self.shared + self.own, self.reusable, self.answer))

    def of_a_class(self, price: Price) -> float:
        """The mean of a class whose first request writes, and all others read."""
        return (self.writing(price) + (CLASS - 1) * self.reading(price)) / CLASS


def main(arguments: list[str]) -> None:
    """Print the table, for the default prompt and for one with a model answer as well."""
    offered = arguments or Settings.model_fields["offered_models"].default
    models = choosable_models(offered, utc_now())
    sys.stdout.write(f"{ASSUMED}\n")
    for name, content in (("default prompt and rubric", measure("")), ("with a model answer", measure(_words(500)))):
        sys.stdout.write(
            f"\n{name}: {content.instructions} tokens of instructions and {content.schema} of the schema are shared, "
            f"{content.reusable} of them can be cached; {content.own} of the work; {content.answer} of the answer\n"
            f"{'model':<15}{'real time':>10}{'rt cached':>16}{'no cache':>16}{'worst':>16}{'best':>16}{'needed':>8}\n"
        )
        for model in models:
            sys.stdout.write(_row(model, content))


def _row(model: Model, content: Content) -> str:
    standard, batch = model.standard_price, model.batch_price
    whole = content.uncached(standard)
    others = (content.of_a_class(standard), content.uncached(batch), content.writing(batch), content.of_a_class(batch))
    cells = "".join(f"{cost:9.0f} (-{_less(whole, cost):2.0f}%)" for cost in others)
    return f"{model.name:<15}{whole:>10}{cells}{_needed(content, batch, whole):>8}\n"


def _needed(content: Content, price: Price, whole: int) -> str:
    """Of a hundred requests, how many must read the cache for the target, when the others write to it."""
    wanted = whole * (100 - TARGET) / 100
    writing, reading = content.writing(price), content.reading(price)
    if reading > wanted:
        return "never"
    return f"{max(0, -int(-100 * (writing - wanted) // (writing - reading)))}" if writing > reading else "0"


def measure(reference_answer: str) -> Content:
    """Count a request as it is built for a submission of about 300 words."""
    rubric: Rubric = default_rubric()
    template = DEFAULT_TEMPLATE + ("\n\n# Model answer\n\n{reference_answer}" if reference_answer else "")
    parts = PromptParts(
        DEFAULT_SYSTEM, template, "May a promise be broken?", DESCRIPTION, rubric, 2000, reference_answer
    )
    return Content(
        instructions=tokens_in(developer_message(parts)) + MESSAGE_OVERHEAD,
        schema=tokens_in(json.dumps(response_schema(rubric))),
        own=tokens_in(submission_message(_words(300))) + MESSAGE_OVERHEAD + REPLY_OVERHEAD,
    )


def _words(count: int) -> str:
    dice = random.Random(7)  # noqa: S311
    words: list[str] = []
    while len(words) < count:
        words += dice.choice(SENTENCES).split()
    return " ".join(words[:count])


def _less(whole: float, part: float) -> float:
    return 100 * (1 - part / whole)
