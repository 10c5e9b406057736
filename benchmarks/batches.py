"""What batches cost at size: making them, and the page they are made from.

    python -m benchmarks.batches compose [submissions] [database URL]
    python -m benchmarks.batches queue [items] [database URL]

`compose` makes batches of so many submissions and carries them to the lines that would be sent: choosing and checking,
taking names out, building prompts, sealing, and the JSONL. `queue` fills the queue with a hundredth and then with all
of so many items, and opens the administrator's page under each kind of filter; it fails when a plan reads the whole
queue. Without a URL SQLite is used; a database that is named must be empty.
"""

import sys

from benchmarks import composing, queue_page

BENCHMARKS = {"compose": composing.main, "queue": queue_page.main}


def main() -> None:
    """Run the one that was named."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in BENCHMARKS:
        sys.exit(f"Say which: {', '.join(BENCHMARKS)}.\n\n{__doc__}")
    BENCHMARKS[name](sys.argv[2:])


if __name__ == "__main__":
    main()
