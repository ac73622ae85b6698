"""The program git: run guarded, and asked about repositories and commits."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from takeout.errors import RevisionError, SourceError, ToolError

_GUARDS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "protocol.ext.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
)
"""Settings that keep a foreign repository's configuration from running a program, and git from asking."""


def environment() -> dict[str, str]:
    """Return the environment that git runs in: the user's, without what points at another repository."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(("GIT_SSH", "GIT_SSL", "GIT_PROXY", "GIT_CONFIG"))
    }
    kept |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ASKPASS": "",
        "LC_ALL": "C.UTF-8",
    }
    return kept


def arguments(directory: Path | None, *words: str, offline: bool = False) -> list[str]:
    """Return git's command line, guards first; ``directory`` is where git looks for the repository."""
    line = ["git"]
    for guard in (*_GUARDS, "protocol.allow=never") if offline else _GUARDS:
        line += ["-c", guard]
    if directory is not None:
        line += ["-C", str(directory)]
    return [*line, *words]


def run(directory: Path | None, *words: str, offline: bool = False) -> subprocess.CompletedProcess[bytes]:
    """Run git and return what it said, whether it succeeded or not.

    Args:
        directory: Where git looks for the repository; None for none.
        words: The command and its arguments.
        offline: Whether a partial clone must do with what it has.

    Raises:
        ToolError: When git is not installed.
    """
    try:
        return subprocess.run(  # noqa: S603 - a list, no shell; foreign words follow "--" or are checked before
            arguments(directory, *words, offline=offline),
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise no_git() from error


def no_git() -> ToolError:
    """Return the error for a machine without git."""
    return ToolError(
        "the program git is not there, and the source is read with it",
        hint="Install git (https://git-scm.com/downloads), or give a plain directory as the source.",
    )


def toplevel(directory: Path) -> Path | None:
    """Return the root of the repository that ``directory`` is in (itself for a bare one); None for no repository.

    Raises:
        ToolError: When git is not installed.
        SourceError: When git refuses a repository that belongs to someone else.
    """
    found = run(directory, "rev-parse", "--is-bare-repository", "--absolute-git-dir")
    if found.returncode:
        message = found.stderr.decode(errors="replace")
        if "dubious ownership" in message:
            raise SourceError(
                f"git does not read {directory}, because the repository belongs to another user",
                hint=f"If you trust it: git config --global --add safe.directory {directory}",
            )
        return None
    bare, git_directory = found.stdout.decode(errors="surrogateescape").split("\n")[:2]
    if bare == "true":
        return Path(git_directory)
    top = run(directory, "rev-parse", "--show-toplevel")
    if top.returncode:
        return Path(git_directory)
    return Path(top.stdout.decode(errors="surrogateescape").removesuffix("\n"))


def resolve(directory: Path, rev: str, *, offline: bool = False) -> str | None:
    """Return the full hash of the commit that ``rev`` names in a repository; None where it names none.

    A branch that only the remote has is found by its short name.
    """
    if not rev or rev.startswith("-"):
        return None
    for name in (rev, f"refs/remotes/origin/{rev}"):
        found = run(
            directory,
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            f"{name}^{{commit}}",
            offline=offline,
        )
        if not found.returncode:
            return found.stdout.decode().strip()
    return None


def no_revision(rev: str, place: str) -> RevisionError:
    """Return the error for a commit that is not there."""
    return RevisionError(
        f"{place} has no commit, tag or branch {rev!r}",
        hint="Check the spelling; in a shallow clone, fetch more of the history first: git fetch --unshallow",
    )
