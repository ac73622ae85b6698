"""Start the cluster's programs in the background, wait until they answer, and stop them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cluster.machine.places import Places
from cluster.machine.trouble import Trouble

_PAUSE_SECONDS = 0.1
_LINES_SHOWN = 20
_STOP_SECONDS = 20.0


def start(places: Places, name: str, words: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> None:
    """Start a program that outlives this one, unless it runs already."""
    if running(places, name):
        return
    places.logs.mkdir(parents=True, exist_ok=True)
    places.run.mkdir(parents=True, exist_ok=True)
    with (places.logs / f"{name}.log").open("wb") as log:
        child = subprocess.Popen(
            [str(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=places.run,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
    (places.run / f"{name}.pid").write_text(f"{child.pid} {_started(child.pid)}\n")


def wait_for(places: Places, name: str, answers: Callable[[], bool], *, seconds: float = 300.0) -> None:
    """Wait until a program answers.

    Raises:
        Trouble: When it ends before, or does not answer in time; with the end of its log.
    """
    until = time.monotonic() + seconds
    while not answers():
        if not running(places, name):
            raise Trouble(f"{name} ended as soon as it was started{_end_of_log(places, name)}")
        if time.monotonic() > until:
            raise Trouble(f"{name} does not answer after {seconds:.0f} seconds{_end_of_log(places, name)}")
        time.sleep(_PAUSE_SECONDS)


def running(places: Places, name: str) -> int | None:
    """Return the process id of a program of ours, or nothing where it is gone or the id is another's by now."""
    try:
        pid, started = (places.run / f"{name}.pid").read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid) if _started(int(pid)) == started else None


def stop(places: Places, name: str) -> None:
    """Ask a program to end, and make it end when it does not."""
    pid = running(places, name)
    if pid is not None:
        end(pid, running=lambda: running(places, name) is not None)
    (places.run / f"{name}.pid").unlink(missing_ok=True)


def end(pid: int, *, running: Callable[[], bool]) -> None:
    """End a process, gently first."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        until = time.monotonic() + _STOP_SECONDS
        while running() and time.monotonic() < until:
            time.sleep(_PAUSE_SECONDS)
        if not running():
            return


def _started(pid: int) -> str:
    """Return when a process was started, in ticks since boot; nothing for one that ended.

    Source: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def _end_of_log(places: Places, name: str) -> str:
    log = places.logs / f"{name}.log"
    lines = log.read_text(errors="replace").splitlines()[-_LINES_SHOWN:]
    return "\n  ".join([f"; {log} ends with", *lines])
