"""Giving up rights before a stranger's file is read; called once, in the child, after its imports.

What holds, and how far:

* Kernel limits (hold for native code too): address space, processor time, no core dump (it would hold the text),
  no byte written to any file, and a clock that ends the process. For readers built on native libraries (PDF, XML)
  the number of files is set to nothing: no file, socket or pipe can be opened at all, so no network and no key
  material on disk. Readers in pure Python keep a few, because decoders are imported when they are met.
* A process of the super-user could raise those limits again: it becomes nobody first (`privileges`), after which
  nothing in it can gain a right, by a program with the set-user-id bit neither.
* An audit hook (holds for Python code): no sockets, no processes, no writes or renames, no reads outside the
  interpreter and this package. Python code that can call native code at will could step round it; the readers have
  no way to run code from a file.
* The parent adds an empty environment, `/` as directory, an own session, and a kill on its own clock.

macOS does not bound address space; there processor time and the clock remain.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from grading.extraction import privileges
from grading.extraction.limits import Limits

_FILES_FOR_IMPORTS = 16
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_REFUSED_EVENTS = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.kill",
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.ch",
    "os.set",
    "os.lch",
    "os.putenv",
    "os.setxattr",
    "shutil.",
    "tempfile.",
    "pty.",
    "signal.pthread_kill",
    "ctypes.dlopen",
)


def close(limits: Limits, *, may_import: bool) -> None:
    """Give up every right the reader does not need. There is no way back."""
    sys.dont_write_bytecode = True
    signal.setitimer(signal.ITIMER_REAL, limits.wall_seconds + 1)
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_FSIZE, 0)
    _bound(resource.RLIMIT_NPROC, 0)
    _bound(resource.RLIMIT_CPU, limits.cpu_seconds, spare=1)
    if sys.platform != "darwin":
        _bound(resource.RLIMIT_AS, limits.memory_bytes)
    privileges.give_up(may_import=may_import)
    _bound(resource.RLIMIT_NOFILE, _FILES_FOR_IMPORTS if may_import else 0)
    _refuse_outside()


def _bound(kind: int, wanted: int, *, spare: int = 0) -> None:
    """Lower one limit for good; a stricter one that is already there stays. `spare` is for a later hard kill."""
    _, hard = resource.getrlimit(kind)
    ceiling = wanted + spare if hard == resource.RLIM_INFINITY else min(wanted + spare, hard)
    resource.setrlimit(kind, (min(wanted, ceiling), ceiling))


def _refuse_outside() -> None:
    """Refuse, from here on, every Python-level way out of this process."""
    package = Path(__file__).resolve().parents[1]
    readable = tuple(f"{folder}{os.sep}" for folder in (package, sys.prefix, sys.base_prefix))

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            inside = isinstance(path, str) and path.startswith(readable) and ".." not in path
            if not inside or (isinstance(flags, int) and flags & _WRITING):
                raise PermissionError("a reader may open nothing but its own modules")
        elif event.startswith(_REFUSED_EVENTS):
            raise PermissionError("a reader may not leave its process")

    sys.addaudithook(refuse)
