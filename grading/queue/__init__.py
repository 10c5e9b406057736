"""The queue: work waits here until an administrator chooses what runs (Q1 to Q5).

`filters` says what is shown, `walking` finds it in order at any size, `reading` gives pages, figures and files,
`changes` takes what an administrator decides, `carrying` carries it out on everything that a filter shows, `expecting`
tells a student how long it may take.
"""

from grading.queue.entering import enqueue
from grading.queue.expecting import position
from grading.queue.filters import FilterUnreadable, QueueFilter, Sort
from grading.queue.moves import lock_items
from grading.queue.reading import QueuePage, QueueRow, page
from grading.queue.tally import QueueStatistics, statistics

__all__ = [
    "FilterUnreadable",
    "QueueFilter",
    "QueuePage",
    "QueueRow",
    "QueueStatistics",
    "Sort",
    "enqueue",
    "lock_items",
    "page",
    "position",
    "statistics",
]
