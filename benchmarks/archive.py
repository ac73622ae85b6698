"""A home as one file: bytes of the home a second, beside other programs, in one run on one tree.

The tree is made here: many small text files, some larger ones, some that do not compress. Everything is written to
a pipe that is read and thrown away, so that no disk stands in the way of the one that is read.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

_WORDS = [f"{word}{number} " for number in range(400) for word in ("alpha", "beta", "gamma", "delta", "import")]
_SEED = 7
_DENSE = 0.3
"""The part of the bytes that does not compress: images, archives."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One program's run.

    Attributes:
        name: What ran.
        seconds: From its start to the last byte.
        first_seconds: To the first byte.
        cpu_seconds: Of the program and its children.
        peak_mb: The largest resident set of one process, in MB; 0 where unknown.
        out_bytes: What came out.
    """

    name: str
    seconds: float
    first_seconds: float
    cpu_seconds: float
    peak_mb: float
    out_bytes: int


def make_tree(root: Path, total_bytes: int, files: int) -> int:
    """Make a home of about ``total_bytes`` in ``files`` files; return its real size."""
    chance = random.Random(_SEED)  # noqa: S311 - the same tree every time
    text = "".join(chance.choice(_WORDS) for _ in range(200_000)).encode()
    dense = chance.randbytes(4 << 20)
    mean, made = total_bytes / files, 0
    for number in range(files):
        directory = root / f"d{number // 2_000}" / f"e{number // 50 % 40}"
        if number % 50 == 0:
            directory.mkdir(parents=True, exist_ok=True)
        size = min(int(chance.lognormvariate(0, 2.2) * mean / 11.2), 400 << 20)
        source = dense if chance.random() < _DENSE else text
        start = chance.randrange(len(source) // 2)
        with (directory / f"f{number}").open("wb") as file:
            left = size
            while left > 0:
                left -= file.write(source[start : start + min(left, len(source) - start)])
        made += size
    return made


def run(name: str, command: list[str] | str) -> Measured:
    """Run a program and read what it writes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    shell = isinstance(command, str)
    with subprocess.Popen(command, stdout=subprocess.PIPE, shell=shell, bufsize=0) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        first, count = 0.0, 0
        while chunk := process.stdout.read(1 << 20):
            first = first or time.perf_counter() - began
            count += len(chunk)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(name, seconds, first, cpu, usage.ru_maxrss / 1024 * 1.048576, count)


def candidates(home: Path) -> dict[str, list[str] | str]:
    """Return what to run; programs that are not here are left out, and said to be."""
    where, name = home.parent, home.name
    takeout = [sys.executable, "-m", "takeout", "home", "pack", str(home), "--quiet", "-o", "-", "--format"]
    peers: dict[str, tuple[str, list[str] | str]] = {
        "tar": ("tar", f"tar -C {where} -cf - {name} | cat"),
        "tar | gzip": ("gzip", f"tar -C {where} -cf - {name} | gzip"),
        "tar | zstd -T0": ("zstd", f"tar -C {where} -cf - {name} | zstd -T0"),
        "zip -r -": ("zip", f"cd {where} && zip -qr - {name}"),
    }
    found: dict[str, list[str] | str] = {}
    for label, (program, command) in peers.items():
        if shutil.which(program):
            found[label] = command
        else:
            print(f"{program} is not installed: {label} is left out")
    for form in ("zip", "tar.zst", "tar.gz", "zip-deflated"):
        found[f"takeout {form}"] = [*takeout, form]
    return found


_SLOW_WALK = """
import os, sys, time
DELAY = float(sys.argv[2])
for name in ("open", "read", "pread", "fstat", "stat", "close", "scandir", "readlink"):
    def slow(*args, _real=getattr(os, name), **options):
        time.sleep(DELAY)
        return _real(*args, **options)
    setattr(os, name, slow)
"""
_SLOW_TAKEOUT = (
    _SLOW_WALK
    + """
from takeout.archive import StoredZip, take_inventory
for chunk in StoredZip(take_inventory(sys.argv[1])).read():
    sys.stdout.buffer.write(chunk)
"""
)
_SLOW_SEQUENTIAL = (
    _SLOW_WALK
    + """
def walk(path):
    for name in sorted(entry.name for entry in os.scandir(path)):
        below = path + "/" + name
        status = os.stat(below, follow_symlinks=False)
        if status.st_mode & 0o170000 == 0o040000:
            walk(below)
            continue
        fd = os.open(below, os.O_RDONLY)
        while chunk := os.read(fd, 1 << 20):
            sys.stdout.buffer.write(chunk)
            if len(chunk) >= status.st_size:
                break
        os.close(fd)
walk(sys.argv[1])
"""
)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=3.0)
    parser.add_argument("--files", type=int, default=60_000)
    parser.add_argument("--repeat", type=int, default=3, help="the best of so many runs counts")
    parser.add_argument("--slow-files", type=int, default=1_500, help="files of the tree with slow operations")
    parser.add_argument("--delay", type=float, default=0.002, help="seconds added to every file operation there")
    parser.add_argument("--without", action="append", default=[], help="leave out programs whose name holds this")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="takeout-bench-") as base:
        home = Path(base) / "home"
        home.mkdir()
        size = make_tree(home, int(options.gigabytes * 1e9), options.files)
        print(
            f"{size / 1e9:.2f} GB in {options.files} files, {os.cpu_count()} cores; the best of {options.repeat}\n"
        )
        runs = {
            name: command
            for name, command in candidates(home).items()
            if not any(word in name for word in options.without)
        }
        _print(runs, size, options.repeat)
        slow = Path(base) / "slow"
        slow.mkdir()
        make_tree(slow, options.slow_files * 10_000, options.slow_files)
        _print_slow(slow, options.delay)


def _best(measure: Callable[[], Measured], repeat: int) -> Measured:
    return min((measure() for _ in range(repeat)), key=lambda each: each.seconds)


def _print(runs: dict[str, list[str] | str], size: int, repeat: int) -> None:
    print(f"{'':22}{'MB/s':>7}{'seconds':>9}{'of tar':>8}{'first':>8}{'CPU s':>8}{'peak MB':>9}{'out GB':>8}")
    limit = 0.0
    for name, command in runs.items():
        each = _best(partial(run, name, command), repeat)
        limit = limit or each.seconds
        print(
            f"{name:22}{size / each.seconds / 1e6:7.0f}{each.seconds:9.2f}{each.seconds / limit:8.2f}"
            f"{each.first_seconds:8.2f}{each.cpu_seconds:8.2f}{each.peak_mb:9.0f}{each.out_bytes / 1e9:8.2f}",
            flush=True,
        )


def _print_slow(home: Path, delay: float) -> None:
    ours = run("takeout zip", [sys.executable, "-c", _SLOW_TAKEOUT, str(home), str(delay)])
    other = run("one by one", [sys.executable, "-c", _SLOW_SEQUENTIAL, str(home), str(delay)])
    print(f"\nwith {delay * 1000:g} ms added to every file operation:")
    print(
        f"one by one {other.seconds:.1f} s, takeout zip {ours.seconds:.1f} s: "
        f"{other.seconds / ours.seconds:.1f} times as fast"
    )


if __name__ == "__main__":
    main()
