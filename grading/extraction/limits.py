"""How much one file may cost. The figures were measured against real essays and against bombs."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds on reading one file; a file beyond any of them is refused with a message, never cut short.

    `characters` bounds everything that is read out of the file together: text, hidden text, comments, names.
    `zip_ratio` is unpacked bytes for each packed byte over a whole archive. `memory_bytes` is address space of the
    child process; `cpu_seconds` is its processor time, `wall_seconds` the time on the clock until it is killed.
    """

    size_bytes: int = 20 * MIB
    characters: int = 2_000_000
    pages: int = 500
    characters_per_page: int = 20
    zip_entries: int = 2_000
    unzipped_bytes: int = 100 * MIB
    zip_ratio: int = 200
    wall_seconds: float = 30.0
    cpu_seconds: int = 20
    memory_bytes: int = 1024 * MIB


DEFAULT_LIMITS = Limits()
