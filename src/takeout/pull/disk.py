"""The disk under the destination: what it fails at, and whether it has what was written."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

from takeout.errors import DiskError, Where

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def flush_file_system(path: Path) -> None:
    """Wait until the disk has all that was written to the file system of a path.

    Raises:
        OSError: When it cannot be written.

    Source: syncfs(2); Python has only sync(2), which waits for every other disk and tells no errors.
    """
    import ctypes  # noqa: PLC0415 - needed once in a pull

    library = ctypes.CDLL(None, use_errno=True) if sys.platform.startswith("linux") else None
    if library is None or not hasattr(library, "syncfs"):
        if hasattr(os, "sync"):
            os.sync()
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        if library.syncfs(descriptor):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(descriptor)


def disk_error(error: OSError, path: Path) -> DiskError:
    """Return the error that a person reads."""
    reason = error.strerror or str(error)
    if error.errno in FULL:
        hint = "make room, and run the same command again; what is here already is kept"
        return DiskError(f"there is no room left: {reason}", where=Where(str(path)), hint=hint)
    hint = "see that it can be written to, and run the same command again; what is here already is kept"
    return DiskError(f"cannot be written: {reason}", where=Where(str(path)), hint=hint)
