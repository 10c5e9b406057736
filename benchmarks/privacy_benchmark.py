"""All of privacy in one run: the anonymizer beside Presidio, sealing beside raw AES-256-GCM, rewrapping of data keys.

    python benchmarks/privacy_benchmark.py [--presidio PYTHON] [--members N] [--papers N] [--values N] [--keys N]

`PYTHON` is an interpreter of an environment in which `presidio-analyzer` is installed; it is no dependency of the
product. Without it that comparison is left out, and said so. (A module called `privacy` here would hide the package.)
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

# Run as a script, this folder would be searched first instead of the repository.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks import anonymizer, sealing  # noqa: E402


def main() -> None:
    """Measure all three, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--presidio", metavar="PYTHON", help="interpreter of an environment with presidio-analyzer")
    parser.add_argument("--members", type=int, nargs="+", default=[30, 300])
    parser.add_argument("--papers", type=int, default=150)
    parser.add_argument("--values", type=int, default=5_000)
    parser.add_argument("--keys", type=int, default=20_000)
    arguments = parser.parse_args()
    sys.stdout.write("== Anonymizer\n")
    for members in arguments.members:
        anonymizer.measure(members, arguments.papers, arguments.presidio)
    sys.stdout.write("\n== Sealing and rewrapping\n")
    sealing.measure(arguments.values, arguments.keys, None)


if __name__ == "__main__":
    main()
