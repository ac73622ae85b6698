"""Run a program, read what it writes, and see what it takes."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_EVERY_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Measured:
    """One run.

    Attributes:
        seconds: From its start to the last byte.
        first_seconds: To the first byte.
        cpu_seconds: Of the program and its children.
        peak_mb: The most memory of it and its children, in MB; 0 for a pipe of programs.
        out_bytes: What came out.
        other_seconds: 95 of 100 other requests to the same server took less; 0 where there is no server.
    """

    seconds: float
    first_seconds: float
    cpu_seconds: float
    peak_mb: float
    out_bytes: int
    other_seconds: float = 0.0


HEAD = f"{'':28}{'MB/s':>7}{'seconds':>9}{'of tar':>8}{'first':>8}{'CPU s':>8}{'peak MB':>9}{'out GB':>8}"


def line(name: str, run: Measured, size: int, limit: float) -> str:
    """Return a line of the table.

    Args:
        name: What ran.
        run: The run.
        size: Bytes in the home.
        limit: How long ``tar`` took, in seconds.
    """
    peak = f"{run.peak_mb:9.0f}" if run.peak_mb else f"{'':9}"
    other = f"{run.other_seconds * 1e3:10.0f}" if run.other_seconds else ""
    return (
        f"{name:28}{size / run.seconds / 1e6:7.0f}{run.seconds:9.2f}{run.seconds / limit:8.2f}"
        f"{run.first_seconds:8.2f}{run.cpu_seconds:8.2f}{peak}{run.out_bytes / 1e9:8.2f}{other}"
    )


def memory_mb(pid: int) -> float:
    """Return the memory of a process and its children in MB; what several share is counted once."""
    pids, total = [pid], 0
    while pids:
        here = Path(f"/proc/{pids.pop()}")
        with suppress(OSError):
            lines = (here / "smaps_rollup").read_text(encoding="ascii").splitlines()
            total += next(int(each.split()[1]) for each in lines if each.startswith("Pss:"))
            for thread in (here / "task").iterdir():
                pids += map(int, (thread / "children").read_text(encoding="ascii").split())
    return total * 1.024e-3


@contextmanager
def watched(pid: int) -> Iterator[list[float]]:
    """Give a list, of which the first is the most memory that a process and its children had meanwhile."""
    most, over = [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(_EVERY_SECONDS):
            most[0] = max(most[0], memory_mb(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def run(command: list[str] | str, environment: Mapping[str, str] | None = None) -> Measured:
    """Run a program and read its standard output; a string is for the shell.

    Raises:
        RuntimeError: When it fails; with what it said.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    shell, variables = isinstance(command, str), {**os.environ, **(environment or {})}
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, shell=shell, bufsize=0, env=variables
        ) as process,
        watched(process.pid) as memory,
    ):
        assert process.stdout is not None  # noqa: S101 - it was asked for
        first, count = 0.0, 0
        into = bytearray(1 << 20)  # one for all: this process's own peak would count as that of the next program
        while more := os.readv(process.stdout.fileno(), (into,)):
            first = first or time.perf_counter() - began
            count += more
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - began
        if process.returncode:
            said.seek(0)
            message = said.read().decode("utf-8", "replace")
            raise RuntimeError(f"{command} ended with {process.returncode}: {message}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(seconds, first, cpu, 0.0 if shell else max(memory[0], usage.ru_maxrss * 1.024e-3), count)
