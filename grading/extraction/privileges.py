"""The rights of the super-user, given up for good where the service runs as one, as it does in many containers.

The process becomes nobody, whom no file belongs to. Where decoders are still to be imported and nobody may not read
the interpreter's own files, or where a container allows no such change, it stays the super-user in name and loses every
capability: it reads those files, and can't raise a limit.
"""

from __future__ import annotations

import ctypes
import encodings
import os
import sys

_NOBODY = 65534
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION_3 = 0x20080522


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def give_up(*, may_import: bool) -> None:
    """Become somebody without rights, and make sure of staying so. Raises OSError where the system refuses."""
    if sys.platform == "linux":
        _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.geteuid() != 0 or _became_nobody(may_import=may_import):
        return
    if sys.platform == "linux":
        # Two sets of 32 capabilities, none of them kept.
        _call("capset", ctypes.byref(_CapabilityHeader(_CAPABILITY_VERSION_3, 0)), (_CapabilityData * 2)())


def _became_nobody(*, may_import: bool) -> bool:
    """Whether this process is nobody from now on. A container may know no nobody, or allow nobody to change."""
    try:
        os.setgroups([])
        if may_import and not _reads_as_nobody():
            return False
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    except OSError:
        return False
    return True


def _reads_as_nobody() -> bool:
    """Whether nobody reaches the interpreter's modules and this package."""
    os.setegid(_NOBODY)
    os.seteuid(_NOBODY)
    try:
        return all(os.access(path, os.R_OK, effective_ids=True) for path in (encodings.__file__, __file__))
    finally:
        os.seteuid(0)
        os.setegid(0)


def _call(name: str, *arguments: object) -> None:
    """Call the C library. Raises OSError for what it refuses."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), name)
