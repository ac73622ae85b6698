"""Start programs that go when this process goes, and find whatever a try has left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from takeout.errors import ToolError
from takeout.local.inside import leash

MARKER = "TAKEOUT_TRY"
"""The variable by which every process of a try is known; ``takeout.local.inside.cluster`` hands it on."""


def start(command: list[str], environ: Mapping[str, str], cwd: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start ``command`` in a session of its own, so that Ctrl-C reaches this process alone.

    Raises:
        ToolError: When it cannot be started.
    """
    held = [sys.executable, "-I", "-S", leash.__file__, "--parent", str(os.getpid()), "--", *command]
    try:
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - our own arguments
                held,
                env=dict(environ),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise ToolError(f"cannot start {command[0]}: {error.strerror}") from error


def stop(process: subprocess.Popen[bytes], patience_seconds: float) -> None:
    """Ask the process to end, wait, and end it."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_seconds)
    if process.poll() is None:
        process.kill()
        process.wait()


def sweep(marker: str) -> int:
    """End every process that carries ``marker`` in its environment; return how many there were."""
    found = [pid for pid in _carriers(marker) if pid != os.getpid()]
    for number in (signal.SIGTERM, signal.SIGKILL):
        left = [pid for pid in found if _is_there(pid)]
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)
        deadline = time.monotonic() + 3
        while any(_is_there(pid) for pid in left) and time.monotonic() < deadline:
            time.sleep(0.05)
    return len(found)


def _carriers(marker: str) -> Iterator[int]:
    wanted = f"{MARKER}={marker}"
    if Path("/proc/self/environ").exists():
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                with contextlib.suppress(OSError):
                    if wanted.encode() in (folder / "environ").read_bytes().split(b"\0"):
                        yield int(folder.name)
        return
    with contextlib.suppress(OSError):  # macOS: ps shows the environment of one's own processes
        listed = subprocess.run(
            ["/bin/ps", "-axEww", "-o", "pid=,command="], capture_output=True, text=True, check=False
        )
        for line in listed.stdout.splitlines():
            if wanted in line.split():
                yield int(line.split()[0])


def _is_there(pid: int) -> bool:
    """Whether the process runs; one that only waits to be reaped does not."""
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    if Path("/proc/self").exists():
        return False
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


def free_port(wanted: int = 0, tries: int = 50) -> int:
    """Return a port of 127.0.0.1 that is free: ``wanted``, or the next one, or any.

    Raises:
        ToolError: When there is none.
    """
    for port in [*range(wanted, min(wanted + tries, 65536)), 0] if wanted else [0]:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            found: int = probe.getsockname()[1]
            return found
    raise ToolError("no port of 127.0.0.1 is free")


def last_lines(log: Path, count: int = 12) -> list[str]:
    """Return the end of a log."""
    with contextlib.suppress(OSError):
        return log.read_text(errors="replace").splitlines()[-count:]
    return []
