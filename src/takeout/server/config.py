"""What an administrator may decide: ``c.Takeout.… = …`` in ``jupyter_server_config.py``."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_runtime_dir
from traitlets import Bool, Enum, Float, Integer, List, TraitError, Unicode, validate
from traitlets.config import LoggingConfigurable

from takeout.archive import Preset
from takeout.server.formats import FORMATS

VOLATILE = [
    "/.cache/",
    "/.local/share/jupyter/runtime/",
    "/.local/share/jupyter/*.db*",
    "/.local/share/jupyter/nbsignatures*",
    "/.jupyter/lab/workspaces/",
    "/.ipython/profile_*/history.sqlite*",
    "/.bash_history",
    "/.python_history",
    "/.jupyter_ystore.db*",
    "/.lesshst",
    "/.viminfo",
    "/.*_history",
]


class Takeout(LoggingConfigurable):
    """Download Directory: a home as one file."""

    enabled = Bool(True, help="Whether anybody may download directories.").tag(config=True)

    root = Unicode(
        "",
        help="The directory that holds what may be downloaded. Empty: the contents manager's own root.",
    ).tag(config=True)

    formats = List(
        Enum(tuple(FORMATS)),
        list(FORMATS),
        help="The formats on offer; the first is the default.",
    ).tag(config=True)

    presets = List(
        Enum(tuple(str(preset) for preset in Preset)),
        [str(preset) for preset in Preset],
        help="How much may be taken: 'full' is everything, 'slim' leaves out what programs make again.",
    ).tag(config=True)

    excludes = List(
        Unicode(),
        help="Patterns, as in .gitignore, of what nobody takes. They are named in each archive's TAKEOUT.txt.",
    ).tag(config=True)

    hidden = Bool(
        True,
        help="Whether what begins with a dot is taken. It is the user's home: without it a good part is missing.",
    ).tag(config=True)

    one_file_system = Bool(
        False, help="Leave out what is mounted inside the home, such as a shared folder, unless asked for itself."
    ).tag(config=True)

    max_downloads = Integer(
        3, min=1, help="How many downloads run at once; one more is answered with 429 and a time to come back."
    ).tag(config=True)

    max_walks = Integer(2, min=1, help="How many homes are looked through at once; others wait.").tag(config=True)

    wait_seconds = Float(
        20.0,
        min=0,
        help="How many seconds a request for an archive waits until the directory has been looked through. Then "
        "the answer is 503 and a time to come back, before a proxy gives up; the looking goes on meanwhile.",
    ).tag(config=True)

    rate = Integer(0, min=0, help="Bytes a second that all downloads of this server share; 0 sets no bound.").tag(
        config=True
    )

    hold_seconds = Float(
        3600.0, min=0, help="How long an inventory is kept for resuming after its last use, in seconds."
    ).tag(config=True)

    hold_entries = Integer(
        1_000_000,
        min=0,
        help="How many files and directories all kept inventories may have together; about 100 bytes each.",
    ).tag(config=True)

    cache = Unicode(
        "",
        help="Where checksums are remembered from one download to the next. Empty: takeout/checksums in the "
        "user's cache directory, as for the command line.",
    ).tag(config=True)

    volatile = List(
        Unicode(),
        VOLATILE,
        help="Patterns of files that programs write all the time. If nothing else changed, a download that was "
        "cut is resumed, and TAKEOUT.txt names those of them that changed. Any other change begins it again.",
    ).tag(config=True)

    @validate("formats", "presets")
    def _not_empty(self, proposal: Any) -> list[str]:
        if not proposal.value:
            raise TraitError(f"{proposal.trait.name} is empty: to forbid downloads, set Takeout.enabled = False")
        return list(dict.fromkeys(proposal.value))

    def always_excluded(self) -> tuple[str, ...]:
        """Return the patterns that hold for every download."""
        return (*((".*",) if not self.hidden else ()), *self.excludes)

    def cache_directory(self) -> Path:
        """Return where checksums are remembered."""
        if self.cache:
            return Path(self.cache).expanduser()
        base = os.environ.get("XDG_CACHE_HOME", "")
        return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "takeout" / "checksums"

    @staticmethod
    def aside() -> dict[tuple[int, int], str]:
        """Return what this very server keeps for itself while it runs, by device and inode, with the reason.

        Its runtime directory has the keys of running servers and kernels. They open nothing elsewhere, and change
        from start to start: a download could not go on after a restart if they were part of it.
        """
        try:
            status = Path(jupyter_runtime_dir()).stat()
        except OSError:
            return {}
        return {(status.st_dev, status.st_ino): "keys of running servers and kernels; not looked into"}


def literal(path: bytes) -> str:
    r"""Return the pattern that matches a path; what has a meaning in patterns is written with ``\\``.

    A line's end cannot stand in a pattern: ``?`` stands for it, and would match one other character there.
    """
    text = re.sub(r"([*?\[\\])", r"\\\1", path.decode("utf-8", "surrogateescape"))
    text = re.sub(r"[\r\n\t]", "?", text)
    return text[:-1] + "\\ " if text.endswith(" ") else text
