"""How large a batch may be, and how work is cut into batches that fit (B1)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

PROVIDER_REQUESTS: Final = 50_000
"""Most lines that OpenAI takes in one file."""
PROVIDER_BYTES: Final = 160_000_000
"""OpenAI takes 200 MB. Sizes are known only roughly before names are taken out, so a fifth stays free."""
ENQUEUED_TOKENS: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a batch may be."""

    fewest: int
    most: int
    enqueued_tokens: int = ENQUEUED_TOKENS
    """Prompt tokens of one model that may wait at the provider at once."""
    tokens_of_models: dict[str, int] = field(default_factory=dict)
    """The same for single models."""
    most_bytes: int = PROVIDER_BYTES

    @property
    def most_lines(self) -> int:
        """What is configured, within what the provider takes."""
        return min(self.most, PROVIDER_REQUESTS)

    def tokens(self, model: str) -> int:
        """Most prompt tokens of one batch for a model."""
        return self.tokens_of_models.get(model, self.enqueued_tokens)


class Sized(Protocol):
    """Something with the size of its request, at most."""

    @property
    def line_bytes(self) -> int:
        """Bytes of its line."""
        ...

    @property
    def tokens(self) -> int:
        """Tokens of its prompt."""
        ...


S = TypeVar("S", bound=Sized)


def cut(lines: Sequence[S], model: str, limits: Limits) -> list[list[S]]:
    """Batches of one model, in the order given, none over a limit and all of about the same size.

    A line that is over a limit by itself must have been left out before; see `too_large`.
    """
    if not lines:
        return []
    batches = -(-len(lines) // limits.most_lines)
    most = -(-len(lines) // batches)
    found: list[list[S]] = []
    room_bytes = room_tokens = room = 0
    for line in lines:
        if not room or line.line_bytes > room_bytes or line.tokens > room_tokens:
            found.append([])
            room, room_bytes, room_tokens = most, limits.most_bytes, limits.tokens(model)
        found[-1].append(line)
        room, room_bytes, room_tokens = room - 1, room_bytes - line.line_bytes, room_tokens - line.tokens
    return found


def too_large(line: Sized, model: str, limits: Limits) -> bool:
    """Whether no batch can hold a line."""
    return line.line_bytes > limits.most_bytes or line.tokens > limits.tokens(model)
