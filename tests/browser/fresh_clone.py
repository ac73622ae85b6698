"""``make run`` in a fresh clone of this checkout."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import sysconfig
import threading
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from browser.wheel import CHECKOUT

INSTALL = "TAKEOUT_FRESH_INSTALL"
"""Where it is set, ``make run`` installs everything anew, as for a newcomer: minutes, and the network."""

STOP_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Run:
    """``make run``, while its hub answers.

    Attributes:
        clone: The clone.
        url: The address that it printed.
        password: The password that it printed.
        process: ``make``.
        lines: What it printed so far.
    """

    clone: Path
    url: str
    password: str
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def interrupt(self) -> None:
        """Press Ctrl-C, which reaches every process of the terminal."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(STOP_SECONDS)


def clone_into(folder: Path) -> Path:
    """Clone the last commit; the clone has a virtual environment already, unless all is to be installed anew."""
    clone = folder / "takeout"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", CHECKOUT.as_uri(), clone], check=True)
    if not os.environ.get(INSTALL):
        _share_environment(clone)
    return clone


@contextmanager
def making_run(clone: Path) -> Iterator[Run]:
    """Run ``make run`` until its hub answers; nothing of it is left after the block."""
    environ = {name: value for name, value in os.environ.items() if name not in ("TAKEOUT_CHARTS", "MAKEFLAGS")}
    if os.environ.get(INSTALL):
        environ |= {"HOME": str(clone.parent), "XDG_CACHE_HOME": str(clone.parent / "cache")}
    process = subprocess.Popen(
        ["make", "run"],
        cwd=clone,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    lines: list[str] = []
    answers = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C stops it"):
                answers.set()
        answers.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        answers.wait()
        said = "".join(lines)
        url, password = re.search(r"runs at (http\S+)", said), re.search(r"password +(\S+)", said)
        assert url, said
        assert password, said
        yield Run(clone, url[1], password[1], process, lines)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        process.wait(STOP_SECONDS)
        reader.join()
        assert process.stdout is not None
        process.stdout.close()


def _share_environment(clone: Path) -> None:
    """Make the clone's virtual environment with this one's packages, and the clone's own code."""
    place = clone / ".venv"
    venv.create(place, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(place), "platbase": str(place)}))
    # The clone's code comes first, and this environment's links to its own checkout are not followed.
    (packages / "shared.pth").write_text(f"{clone / 'src'}\n{sysconfig.get_path('purelib')}\n")
    script = place / "bin" / "takeout"
    script.write_text(f'#!/bin/sh\nexec "{place}/bin/python" -m takeout "$@"\n')
    script.chmod(0o755)
    (place / ".ready").touch()
    assert sys.prefix != str(place)
