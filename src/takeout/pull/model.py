"""What a pull is asked for, what it finds on the server, and what it says at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Literal

from takeout.archive.home.entry import Kind
from takeout.archive.home.presets import Preset

UNKNOWN = -1
"""A size, time or mode that the server did not tell."""

Through = Literal["", "kernel", "terminal"]
"""What to start on the server for what its file interfaces do not show: nothing, a kernel or a terminal."""


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """One entry on the server.

    Attributes:
        path: Path below the server's root, without a leading slash; bytes that are no UTF-8 as surrogates.
        kind: What it is.
        size_bytes: Length of a file, or ``UNKNOWN``.
        mtime_ns: Time of its last change by the server's clock, nanoseconds since 1970, or ``UNKNOWN``.
        mode: Permission bits, or ``UNKNOWN``.
        target: What a link points to.
        served: Whether ``files/`` on the server can be asked for it; otherwise a kernel or terminal must.
        twin: Path of another name of the same file (a hard link) that comes first, or empty.
        place: Where its content begins in the archive that Takeout's extension gives, or ``UNKNOWN``.
    """

    path: str
    kind: Kind
    size_bytes: int = UNKNOWN
    mtime_ns: int = UNKNOWN
    mode: int = UNKNOWN
    target: str = ""
    served: bool = True
    twin: str = ""
    place: int = UNKNOWN


class State(IntEnum):
    """What became of an entry."""

    WANTED = 0
    HERE = 1
    FAILED = 2
    KEPT = 3
    """Changed here since the last pull, and left as it is."""
    BESIDE = 4
    """Wanted, and to be put beside what was changed here."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asks a pull for.

    Attributes:
        preset: How much of the home.
        exclude: Patterns of what to leave out, as in ``.gitignore``.
        checksum: Compare the contents and not the size and time alone.
        delete: Delete here what is gone there, unless it was changed here.
        overwrite: Take the server's version also of what was changed here.
        dry_run: Say what would come, and write nothing.
        through: What to start on the server for what its file interfaces do not show.
        connections: The most requests in flight.
        patience_seconds: How long to try while the server answers nothing.
        leave_running: Do not stop a server that the pull has started.
        extension: Use Takeout's extension on the server where it is there.
        with_environment: Capture what the notebooks need, through a kernel.
        folder: The folder of the server to take; ``/`` for all that it shows; empty for the home.
    """

    preset: Preset = Preset.FULL
    exclude: tuple[str, ...] = ()
    checksum: bool = False
    delete: bool = False
    overwrite: bool = False
    dry_run: bool = False
    through: Through = ""
    connections: int = 24
    patience_seconds: float = 300.0
    leave_running: bool = False
    extension: bool = True
    with_environment: bool = False
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """One path and what there is to say about it.

    Attributes:
        path: Path below the home.
        reason: What happened, in a few words.
    """

    path: str
    reason: str

    def to_json(self) -> dict[str, str]:
        """Return the fields, as ``--json`` prints them."""
        return {"path": printable(self.path), "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Report:
    """What a pull did.

    Attributes:
        server: Address of the server.
        folder: The folder of the server that was taken; empty for all that it shows.
        destination: The directory here.
        files: Files of the home that are here now.
        size_bytes: Their length.
        fetched_files: Files that this run fetched.
        fetched_bytes: Bytes of content that this run received.
        unchanged_files: Files that were here already.
        directories: Directories of the home.
        links: Links of the home.
        not_taken: What could not be taken.
        suspect: Files that are here and may not be what is there, because they changed while they were read.
        changed_here: What was changed here since the last pull, and was left as it is.
        renamed: What has another name here, because the file system cannot hold its own.
        left_out: What was asked to be left out.
        gone: What is not on the server any more, kept here.
        deleted: What is not on the server any more, and was deleted here.
        notes: What a person must know of the whole.
        seconds: How long it took.
        retries: Requests that had to be made again.
        dry_run: Whether nothing was written.
        estimate_seconds: How long it would take at the measured rate, in a dry run.
    """

    server: str
    destination: Path
    folder: str = ""
    files: int = 0
    size_bytes: int = 0
    fetched_files: int = 0
    fetched_bytes: int = 0
    unchanged_files: int = 0
    directories: int = 0
    links: int = 0
    not_taken: tuple[Named, ...] = ()
    suspect: tuple[Named, ...] = ()
    changed_here: tuple[Named, ...] = ()
    renamed: tuple[Named, ...] = ()
    left_out: tuple[Named, ...] = ()
    gone: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    retries: int = 0
    dry_run: bool = False
    estimate_seconds: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether everything that was asked for is here."""
        return not self.not_taken and not self.suspect

    def to_json(self) -> dict[str, object]:
        """Return the fields, as ``--json`` prints them."""
        named: Mapping[str, tuple[Named, ...]] = {
            "not_taken": self.not_taken,
            "suspect": self.suspect,
            "changed_here": self.changed_here,
            "renamed": self.renamed,
            "left_out": self.left_out,
        }
        return {
            "server": self.server,
            "folder": self.folder,
            "destination": str(self.destination),
            "whole": self.whole,
            "files": self.files,
            "size_bytes": self.size_bytes,
            "fetched_files": self.fetched_files,
            "fetched_bytes": self.fetched_bytes,
            "unchanged_files": self.unchanged_files,
            "directories": self.directories,
            "links": self.links,
            **{name: [item.to_json() for item in items] for name, items in named.items()},
            "gone": [printable(path) for path in self.gone],
            "deleted": [printable(path) for path in self.deleted],
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
            "retries": self.retries,
            "dry_run": self.dry_run,
            "estimate_seconds": round(self.estimate_seconds, 1),
        }


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk over the server's tree found beside the entries.

    Attributes:
        not_taken: What is there and cannot be taken.
        left_out: What was asked to be left out.
        unlisted: Directories whose contents are not known; what is here of them is not gone.
        notes: What a person must know of the whole.
        blind: Whether hidden files and links were not shown; what is here of them is not gone.
    """

    not_taken: tuple[Named, ...] = ()
    left_out: tuple[Named, ...] = ()
    unlisted: tuple[str, ...] = ()
    blind: bool = False
    notes: tuple[str, ...] = field(default=())


def printable(path: str) -> str:
    r"""Return a path on one line; what is not printable is written as ``\xNN``."""
    safe = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in safe) or "."
