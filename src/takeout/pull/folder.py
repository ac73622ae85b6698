"""Which folder of the server is the home: all that it shows, unless that is its whole file system."""

from __future__ import annotations

from takeout.archive.home.entry import Kind
from takeout.errors import OptionError, Where
from takeout.pull import contents
from takeout.pull.answers import AbsentError, FailedError, GaveUpError, RefusedError
from takeout.pull.connection import Connection
from takeout.pull.contents import listed, quoted

ALL = "/"
_SYSTEM = frozenset({"etc", "proc", "sys", "usr"})
_IMAGES_USER, _ROOTS = "jovyan", "root"
_MOST_NAMED = 5


def take_folder(connection: Connection, asked: str, *, user: str = "", seen: str = "") -> tuple[str, ...]:
    """Have a connection take one folder of its server for the home.

    Args:
        connection: The server; its ``folder`` is set.
        asked: The folder that a person wants, below what the server shows; ``/`` for all; empty for the home.
        user: The server's user, where a hub tells.
        seen: The folder or file that the address leads to.

    Returns:
        What a person must know of the choice.

    Raises:
        OptionError: When there is no such folder, or it is not known which one is the home.
    """
    if asked:
        connection.folder = _asked(connection, asked)
        return ()
    if _folders(connection, "").keys() >= _SYSTEM:
        connection.folder = _home(connection, user, seen)
        note = f"the server shows its whole file system; {connection.folder} was taken for the home"
        return (f"{note} (--folder names another, --folder / takes all)",)
    if seen and _is_folder(connection, seen):
        return (
            f"the address shows the folder {seen}; all of the home was taken (--folder {seen} takes it alone)",
        )
    return ()


def _asked(connection: Connection, asked: str) -> str:
    parts = [part for part in asked.split("/") if part not in ("", ".")]
    where = Where(connection.address)
    if ".." in parts:
        hint = "give it as the file browser there shows it, such as work/project"
        raise OptionError(f"--folder {asked} leads out of what the server shows", where=where, hint=hint)
    folder = "/".join(parts)
    if folder and not _is_folder(connection, folder):
        above = "/".join(parts[:-1])
        names = sorted(_folders(connection, above).values())
        hint = f"there are: {_some(names)}" if names else "give it as the file browser shows it"
        raise OptionError(f"the server shows no folder {folder}", where=where, hint=hint)
    return folder


def _home(connection: Connection, user: str, seen: str) -> str:
    """Return the home in a whole file system."""
    homes = _folders(connection, "home")
    parts = seen.split("/")
    named = parts[1] if parts[0] == "home" and len(parts) > 1 else ""
    for name in (named, user, _IMAGES_USER):
        if name in homes:
            return homes[name]
    # An image may bring along a user whom nobody is; a home that shows nothing is nobody's, or not to be told.
    names = [path for path in (*sorted(homes.values()), _ROOTS) if contents.shown(connection, path)]
    if len(names) == 1:
        return names[0]
    raise OptionError(
        "the server shows its whole file system, and which folder of it is the home is not known",
        where=Where(connection.address),
        hint=f"name it with --folder{f' ({_some(names)})' if names else ''}, or take all with --folder /",
    )


def _folders(connection: Connection, path: str) -> dict[str, str]:
    """Return the folders in one, by name; none where it cannot be listed."""
    try:
        entries = listed(connection, path).entries
    except (AbsentError, RefusedError, FailedError, GaveUpError, UnicodeEncodeError):
        return {}
    return {entry.path.rpartition("/")[2]: entry.path for entry in entries if entry.kind is Kind.DIRECTORY}


def _is_folder(connection: Connection, path: str) -> bool:
    try:
        model = connection.json(f"api/contents/{quoted(path)}?content=0")
    except (AbsentError, RefusedError, FailedError, GaveUpError, UnicodeEncodeError):
        return False
    return isinstance(model, dict) and model.get("type") == "directory"


def _some(names: list[str]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
