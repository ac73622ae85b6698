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
from functools import partial
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


def _in_turns(measures: dict[str, Callable[[], Measured]], repeat: int) -> dict[str, Measured]:
    """Run all of them once, then all of them again: the machine may be slower at one time than at another.

    Returns:
        The quickest run of each.
    """
    found: dict[str, Measured] = {}
    for turn in range(repeat):
        for name, measure in measures.items():
            if turn and found[name].seconds > _LONG_SECONDS:
                continue
            print(f"{turn + 1} of {repeat}: {name}", end="\x1b[K\r", file=sys.stderr, flush=True)
            now = measure()
            found[name] = min(found.get(name, now), now, key=lambda each: each.seconds)
    return found


def _main_tree(base: Path, options: argparse.Namespace) -> None:
    home = base / "root" / "home"
    home.mkdir(parents=True)
    size = make_tree(home, int(options.gigabytes * 1e9), options.files)
    measures: dict[str, Callable[[], Measured]] = {"tar": partial(run, f"tar -C '{home.parent}' -cf - home | cat")}
    if "commands" in options.parts:
        measures |= {name: partial(run, command) for name, command in commands(home).items()}
    if "http" in options.parts:
        for name, (python, address) in archive_http.addresses(_FORMATS, options.jupyter_archive).items():
            measures[name] = partial(archive_http.download, address, home.parent, base, python)
    chosen = {
        name: measure
        for name, measure in measures.items()
        if name == "tar" or not any(word in name for word in options.without)
    }
    cores = os.cpu_count()
    print(f"{size / 1e9:.2f} GB in {options.files} files, {cores} cores; the best of {options.repeat}, in turns\n")
    found = _in_turns(chosen, options.repeat)
    print(f"{HEAD}{'other ms':>10}")
    for name, best in found.items():
        print(line(name, best, size, found["tar"].seconds))
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
