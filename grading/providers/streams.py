"""Large files on their way: an input read line by line while it is sent, results cut into lines while they arrive."""

import io
import os
import time
from collections.abc import Callable, Iterable, Iterator

from grading.providers.base import JobInput, ProviderUnavailable

LONGEST_LINE: int = 16 * 1024 * 1024
LINE_SECONDS: float = 120.0
"""How long one line may take to arrive: a peer that sends a byte now and then is as good as silent."""


class LineReader(io.RawIOBase):
    """A job's input as a file that can be read from its start again and that knows its size without being read."""

    def __init__(self, content: JobInput) -> None:
        super().__init__()
        self._content = content
        self._lines: Iterator[bytes] = iter(())
        self._rest = b""
        self._position = 0
        self.failure: Exception | None = None
        """What kept a line from being read."""
        self.seek(0)

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """To the start and to the end."""
        return True

    def tell(self) -> int:
        """How much was read."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to the start, to be read again, or to the end, to be measured.

        Raises:
            io.UnsupportedOperation: somewhere else is meant.
        """
        if (offset, whence) == (0, os.SEEK_SET):
            self._lines, self._rest, self._position = self._content.lines(), b"", 0
        elif (offset, whence) == (0, os.SEEK_END):
            self._lines, self._rest, self._position = iter(()), b"", self._content.bytes
        else:
            raise io.UnsupportedOperation("seek")
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer with what comes next."""
        wanted = len(buffer)
        while len(self._rest) < wanted:
            try:
                line = next(self._lines, None)
            except Exception as error:
                self.failure = error
                raise
            if line is None:
                break
            self._rest += line + b"\n"
        count = min(wanted, len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        self._position += count
        return count


def lines_of(chunks: Iterable[bytes], now: Callable[[], float] = time.monotonic) -> Iterator[str]:
    """Cut what arrives into lines without their breaks; blank ones are left out.

    Args:
        now: seconds on a clock that only goes forward.

    Raises:
        ProviderUnavailable: a line takes too long or is longer than any answer.
    """
    rest, began = bytearray(), now()
    for chunk in chunks:
        rest += chunk
        *whole, tail = rest.split(b"\n")
        rest = bytearray(tail)
        for line in whole:
            if line.strip():
                yield line.decode("utf-8", "replace")
        moment = now()
        if whole:
            began = moment
        elif moment - began > LINE_SECONDS or len(rest) > LONGEST_LINE:
            raise ProviderUnavailable("The provider's results arrive too slowly to be read. They are read again later.")
    if rest.strip():
        yield rest.decode("utf-8", "replace")
