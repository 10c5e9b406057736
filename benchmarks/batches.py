"""What batches cost at size: making them, and the page they are made from.

    python -m benchmarks.batches compose [submissions] [database URL]
    python -m benchmarks.batches ingest [lines] [database URL]
    python -m benchmarks.batches queue [items] [database URL]
    python -m benchmarks.batches cost [models]

`compose` makes batches of so many submissions and carries them to the lines that would be sent: choosing and checking,
taking names out, building prompts, sealing, and the JSONL. `ingest` reads so many result lines as the runner does, in a
process of its own, and sets that beside a bare bulk insert of the same rows. `queue` fills the queue with a hundredth
and then with all of so many items, and opens the administrator's page under each kind of filter; it fails when a plan
reads the whole queue. `cost` sets an assessment in a batch beside one call in real time. Without a URL SQLite is used;
a database that is named must be empty.
"""

import sys

from benchmarks import composing, costing, ingesting, queue_page

BENCHMARKS = {
    "compose": composing.main,
    "cost": costing.main,
    "ingest": ingesting.main,
    "queue": queue_page.main,
}


def main() -> None:
    """Run the one that was named."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in BENCHMARKS:
        sys.exit(f"Say which: {', '.join(BENCHMARKS)}.\n\n{__doc__}")
    BENCHMARKS[name](sys.argv[2:])


if __name__ == "__main__":
    main()
