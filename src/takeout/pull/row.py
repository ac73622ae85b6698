"""An entry as the journal has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from takeout.archive.home.entry import Kind
from takeout.pull.model import RemoteEntry, State


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as the journal has it.

    Attributes:
        id: Its number.
        entry: What the server says of it.
        local: Its path here.
        state: What became of it.
        reason: Why, where there is something to say.
        have_size: Length of the server's file that is here, or ``UNKNOWN`` where none is.
        have_mtime: Its time on the server then.
        sha: SHA-256 of what is here.
        here_size: Length of the file as it was put here.
        here_mtime: Its time as it was put here.
        proven: Whether what is here was held against the server's checksum, or came in a way that needs none.
    """

    id: int
    entry: RemoteEntry
    local: str
    state: State
    reason: str
    have_size: int
    have_mtime: int
    sha: bytes
    here_size: int
    here_mtime: int
    proven: bool = True


COLUMNS = (
    "id, path, local, kind, size, mtime, mode, target, served, twin, state, reason, "
    "have_size, have_mtime, sha, here_size, here_mtime, place, proven"
)


_KINDS = {int(kind): kind for kind in Kind}
_STATES = {int(state): state for state in State}


def row_of(line: Sequence[Any]) -> Row:
    """Return the entry of a line with the columns ``COLUMNS``."""
    row_id, path, local, kind, size, mtime, mode, target, served, twin, state, reason, *have = line
    have_size, have_mtime, sha, here_size, here_mtime, place, proven = have
    entry = RemoteEntry(text(path), _KINDS[kind], size, mtime, mode, text(target), bool(served), text(twin), place)
    return Row(
        id=row_id,
        entry=entry,
        local=text(local),
        state=_STATES[state],
        reason=reason,
        have_size=have_size,
        have_mtime=have_mtime,
        sha=sha or b"",
        here_size=here_size,
        here_mtime=here_mtime,
        proven=bool(proven),
    )


def raw(path: str) -> bytes:
    """Return a path as the journal keeps it: bytes that are no UTF-8 as they are."""
    return path.encode("utf-8", "surrogateescape")


def text(kept: bytes) -> str:
    """Return a path that the journal kept."""
    return kept.decode("utf-8", "surrogateescape")
