"""Places where hubs' configuration lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from takeout.errors import OptionError
from takeout.progress import Progress, silent

if TYPE_CHECKING:
    from takeout.source.model import Source


def open_source(
    place: str, rev: str | None = None, *, progress: Progress = silent, offline: bool = False
) -> Source:
    """Return the infrastructure repository at ``place``, or the release that it names.

    Args:
        place: ``release:CONTEXT/NAMESPACE/NAME``, a directory, a clone, or an address (``https://…``, ``ssh://…``,
            ``git@host:owner/name``, ``file://…``, ``github.com/owner/name``).
        rev: A commit, tag or branch; the newest commit where None.
        progress: Told about fetching.
        offline: Whether the network must be left alone.

    Raises:
        SourceError: When it is no source that can be read.
        DirectoryError: When it is not there, or not a directory.
        ValuesError: When a file that lists hubs cannot be read.
        NetworkError: When a remote place cannot be reached and there is no copy of it.
        ToolError: When git is needed and missing.
    """
    if place.startswith("release:"):
        from takeout.source.release import open_release  # noqa: PLC0415 - needs a cluster

        if rev:
            raise OptionError("a release has no commits", hint="leave --rev out; `helm rollback` goes back")
        return open_release(place, progress=progress)
    from takeout.source.infrastructure import Infrastructure  # noqa: PLC0415 - heavy, and not needed to know the name
    from takeout.source.place import open_tree  # noqa: PLC0415 - the same

    return Infrastructure(open_tree(place, rev, progress=progress, offline=offline))
