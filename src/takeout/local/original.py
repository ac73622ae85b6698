"""The configuration that a replica was made from, read again from its source."""

from __future__ import annotations

import re

from takeout.errors import DirectoryError, OptionError, TakeoutError, Where
from takeout.progress import Progress, silent
from takeout.replica.files import Files
from takeout.replica.model import LOCK
from takeout.source import open_source
from takeout.source.model import Configuration

_COMMIT = re.compile(r"@[0-9a-f]{9}$")


def original(
    files: Files, place: str = "", *, offline: bool = False, progress: Progress = silent
) -> Configuration:
    """Return the hub's configuration at its origin, at the commit that the lock names.

    The replica holds none of it: a community's repository is no place for the origin's people and secrets.

    Args:
        files: The replica.
        place: Where the source is now; where it was when the replica was made where empty.
        offline: Whether the network must be left alone.
        progress: Told about fetching.

    Raises:
        DirectoryError: When the source is not where it was.
        OptionError: When the replica was made from a chart and values files.
        TakeoutError: When the source cannot be read; the hint says how to name another place.
    """
    recorded, hub = files.lock["source"], files.lock["hub"]["id"]
    where = Where(str(files.directory / LOCK))
    if recorded["era"] == "chart":
        raise OptionError(
            "the original pods of a hub that was replicated from --chart and -f cannot be made again",
            where=where,
            hint="`takeout hub try DIR --show-pod USER` shows the pods of the replica",
        )
    label = _COMMIT.sub("", recorded["label"])
    try:
        source = open_source(place or label, recorded["revision"] or None, progress=progress, offline=offline)
        entry = next((entry for entry in source.hubs() if entry.id == hub), None)
        if entry is None:
            raise DirectoryError(f"{source.label} has no hub {hub}, which the replica was made from", where=where)
        return source.load(entry)
    except TakeoutError as error:
        error.hint = _mend(label, recorded["revision"], error.hint)
        raise


def _mend(label: str, revision: str, hint: str) -> str:
    at = f" at {revision[:9]}" if revision else ""
    return f"the replica was made from {label}{at}; --source PATH|URL says where that is now" + (
        f" ({hint})" if hint else ""
    )
