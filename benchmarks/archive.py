"""A home as one file: bytes of the home a second, beside other programs, in one run on one tree.

The tree is made here: many small text files, some larger ones, some that do not compress. It was just written, and
is in memory as far as memory goes: what is measured is the work, not a disk. Everything is written to a pipe or a
connection that is read and thrown away.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import archive_distant
import archive_http
from archive_run import HEAD, Measured, line, run
from archive_tree import make_many, make_tree

_FORMATS = ("zip", "tar.zst", "tar.gz", "zip-deflated")
_PARTS = ("commands", "http", "distant", "many")
_LONG_SECONDS = 30.0
"""What takes longer is run once: its ratio does not hang on a tenth of a second."""


def commands(home: Path) -> dict[str, list[str] | str]:
    """Return what to run; programs that are not here are left out, and said to be."""
    where, name = home.parent, home.name
    takeout = [sys.executable, "-m", "takeout", "home", "pack", str(home), "--quiet", "-o", "-", "--format"]
    peers: dict[str, tuple[str, list[str] | str]] = {
        "tar | gzip": ("gzip", f"tar -C '{where}' -cf - {name} | gzip"),
        "tar | zstd -T0": ("zstd", f"tar -C '{where}' -cf - {name} | zstd -qT0"),
        "zip -r -": ("zip", f"cd '{where}' && zip -qr - {name}"),
    }
    found: dict[str, list[str] | str] = {f"takeout {form}": [*takeout, form] for form in _FORMATS}
    for label, (program, command) in peers.items():
        if shutil.which(program):
            found[label] = command
        else:
            print(f"{program} is not installed: {label} is left out")
    return found


def _best(measure: Callable[[], Measured], repeat: int) -> Measured:
    runs = [measure()]
    while len(runs) < repeat and runs[0].seconds < _LONG_SECONDS:
        runs.append(measure())
    return min(runs, key=lambda each: each.seconds)


def _main_tree(base: Path, options: argparse.Namespace) -> None:
    home = base / "root" / "home"
    home.mkdir(parents=True)
    size = make_tree(home, int(options.gigabytes * 1e9), options.files)
    cores = os.cpu_count()
    print(f"{size / 1e9:.2f} GB in {options.files} files, {cores} cores; the best of {options.repeat}\n")
    print(f"{HEAD}{'other ms':>10}")
    limit = _best(lambda: run(f"tar -C '{home.parent}' -cf - home | cat"), options.repeat)
    print(line("tar", limit, size, limit.seconds), flush=True)

    def chosen(name: str) -> bool:
        return not any(word in name for word in options.without)

    if "commands" in options.parts:
        for name, command in commands(home).items():
            if chosen(name):
                each = _best(lambda command=command: run(command), options.repeat)  # type: ignore[misc]
                print(line(name, each, size, limit.seconds), flush=True)
    if "http" in options.parts:
        for name, (python, address) in archive_http.addresses(_FORMATS, options.jupyter_archive).items():
            if chosen(name):
                with archive_http.serving(home.parent, base, python) as server:
                    each = _best(lambda: archive_http.download(address, *server), options.repeat)  # noqa: B023
                print(line(name, each, size, limit.seconds), flush=True)
    shutil.rmtree(home)


def _many(base: Path, files: int) -> None:
    home = base / "many"
    home.mkdir()
    make_many(home, files)
    command = [sys.executable, "-m", "takeout", "home"]
    archive = base / "many.zip"
    made = run([*command, "pack", str(home), "--quiet", "-o", str(archive)])
    print(f"\n{files} files of a few bytes: packed in {made.seconds:.0f} s, peak {made.peak_mb:.0f} MB")
    checked = run([*command, "verify", str(archive), "--quiet"])
    print(f"verified in {checked.seconds:.0f} s, peak {checked.peak_mb:.0f} MB")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=3.0)
    parser.add_argument("--files", type=int, default=60_000)
    parser.add_argument("--repeat", type=int, default=3, help="the best of so many runs counts, of quick ones")
    parser.add_argument("--parts", nargs="+", choices=_PARTS, default=list(_PARTS), help="what to measure")
    parser.add_argument("--without", action="append", default=[], help="leave out what has this in its name")
    parser.add_argument(
        "--jupyter-archive", metavar="PYTHON", default="", help="of an environment that has jupyter-archive"
    )
    parser.add_argument("--distant-files", type=int, default=3_000)
    parser.add_argument("--delay", type=float, default=0.002, help="seconds added to every operation on those")
    parser.add_argument("--many-files", type=int, default=1_000_000)
    parser.add_argument("--in", dest="place", help="where to make the trees; a place with room for them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="takeout-bench-", dir=options.place) as base:
        if {"commands", "http"} & set(options.parts):
            _main_tree(Path(base), options)
        if "distant" in options.parts:
            archive_distant.measure(Path(base), options.distant_files, options.delay)
        if "many" in options.parts:
            _many(Path(base), options.many_files)


if __name__ == "__main__":
    main()
