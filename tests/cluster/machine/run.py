"""Run a program, and say what it said when it fails."""

from __future__ import annotations

import contextlib
import os
import signal
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
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise Trouble(f"there is no program {command[0]}") from error
    try:
        data = given.encode() if isinstance(given, str) else given
        out, complaint = child.communicate(data, timeout=timeout_seconds)
    except subprocess.TimeoutExpired as error:
        raise Trouble(f"{' '.join(command[:4])} did not end within {timeout_seconds:.0f} seconds") from error
    finally:
        _end(child)
    if child.returncode:
        said = (complaint or out).decode(errors="replace").strip().splitlines()
        raise Trouble("\n  ".join([f"{' '.join(command[:6])} failed ({child.returncode})", *said[-_LINES_SHOWN:]]))
    return out.decode(errors="replace")


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a program that was not waited for, and all that it has started: a compiler's parts would go on."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def tried(words: Sequence[str | Path], **options: float) -> str:
    """Return what a program wrote, or nothing when it fails: for tidying up what may be gone already."""
    try:
        return run(words, timeout_seconds=options.get("timeout_seconds", 60))
    except Trouble:
        return ""
