"""What a submission will cost at most, known before it is sent (K1)."""

import json
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from grading.assignments import AssignmentView
from grading.prompts import build_messages
from grading.providers.catalogue import Model, find_model
from grading.providers.tokens import MESSAGE_OVERHEAD, REPLY_OVERHEAD, most_tokens
from grading.results.schema import response_schema

_MILLION = Decimal(1_000_000)


def estimate_microdollars(view: AssignmentView, text: str, now: datetime) -> int:
    """Most that one batch request for this text can cost: all tokens of prompt and schema in, the answer limit out."""
    messages = build_messages(view.prompt_parts(), text)
    input_tokens = sum(most_tokens(message.content) + MESSAGE_OVERHEAD for message in messages)
    input_tokens += most_tokens(json.dumps(response_schema(view.rubric))) + REPLY_OVERHEAD
    return price_of(find_model(view.prompt.model, now), input_tokens, view.prompt.max_output_tokens)


def price_of(model: Model, input_tokens: int, output_tokens: int) -> int:
    """Batch price in whole micro-dollars, rounded up."""
    exact = (model.batch_price.input * input_tokens + model.batch_price.output * output_tokens) / _MILLION
    return int(exact.quantize(Decimal(1), rounding=ROUND_CEILING))
