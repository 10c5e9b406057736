"""The words of a filter as a condition: apart from the rest of the queue, which handing in needs without them."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from grading import search
from grading.queue.filters import QueueFilter
from grading.queue.walking import Matching
from privacy.blind_index import BlindIndex


def words_of(session: Session, blind: BlindIndex, chosen: QueueFilter) -> Matching:
    """The condition on submissions that the words of a filter make; None when it has none.

    Raises:
        SearchUnclear: no word is left to search for.
    """
    words = blind.reveal(chosen.sought) if chosen.sought else ""
    return search.everywhere(session, blind, words) if words else None


def matching_with(blind: BlindIndex) -> Callable[[Session, QueueFilter], Matching]:
    """`words_of` under a key, for changes that are carried out later."""
    return lambda session, chosen: words_of(session, blind, chosen)
