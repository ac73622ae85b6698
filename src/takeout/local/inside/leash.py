"""Run a command that goes when its parent goes, within limits; a script of its own, so that it starts at once.

Usage: ``python leash.py [--memory BYTES] [--cpus N] -- COMMAND…``. The command takes this process's place.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(parent: int) -> None:
    """Have the kernel send SIGTERM when the parent ends, however it ends; Linux alone can."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before the kernel knew
        sys.exit(1)


def limit(memory_bytes: int, cpus: float) -> None:
    """Limit what the process may have; 0 for no limit. Where the system cannot, nothing is limited.

    Memory is limited for each process alone (RLIMIT_DATA counts what it allocates), not for all of a user's.
    """
    if memory_bytes:
        import resource  # noqa: PLC0415 - not on every system

        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    if cpus and hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[: max(1, math.ceil(cpus))])


def main(arguments: list[str]) -> None:
    """Do what the command line says; does not return."""
    split = arguments.index("--")
    options = dict(zip(arguments[:split:2], arguments[1:split:2], strict=True))
    command = arguments[split + 1 :]
    if "--parent" in options:
        die_with_parent(int(options["--parent"]))
    limit(int(options.get("--memory", 0)), float(options.get("--cpus", 0)))
    os.execvp(command[0], command)  # noqa: S606 - that is its whole task


if __name__ == "__main__":
    main(sys.argv[1:])
