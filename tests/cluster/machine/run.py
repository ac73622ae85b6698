"""Run a program, and say what it said when it fails."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from cluster.machine.trouble import Trouble

_LINES_SHOWN = 15


def run(
    words: Sequence[str | Path],
    *,
    given: str | bytes | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout_seconds: float | None = 120,
) -> str:
    """Return what a program wrote to its standard output.

    Args:
        words: The program and its arguments.
        given: Its standard input.
        env: Variables beside those of this process.
        cwd: Where it runs.
        timeout_seconds: How long it may take.

    Raises:
        Trouble: When it is not there, fails, or takes too long.
    """
    command = [str(word) for word in words]
    try:
        done = subprocess.run(
            command,
            check=False,
            input=given.encode() if isinstance(given, str) else given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            timeout=timeout_seconds,
        )
    except FileNotFoundError as error:
        raise Trouble(f"there is no program {command[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise Trouble(f"{' '.join(command[:4])} did not end within {timeout_seconds:.0f} seconds") from error
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise Trouble("\n  ".join([f"{' '.join(command[:6])} failed ({done.returncode})", *said[-_LINES_SHOWN:]]))
    return done.stdout.decode(errors="replace")


def tried(words: Sequence[str | Path], **options: float) -> str:
    """Return what a program wrote, or nothing when it fails: for tidying up what may be gone already."""
    try:
        return run(words, timeout_seconds=options.get("timeout_seconds", 60))
    except Trouble:
        return ""
