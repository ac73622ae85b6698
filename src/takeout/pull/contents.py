"""A server's contents interface: one directory, one entry.

Source: https://jupyter-server.readthedocs.io/en/latest/developers/contents.html, and the same interface of
Jupyter Server 1 and of classic notebook servers.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from takeout.archive.home.entry import Kind
from takeout.pull.answers import AbsentError, FailedError, GaveUpError, RefusedError, iso_date_ns
from takeout.pull.connection import Connection
from takeout.pull.model import UNKNOWN, Named, RemoteEntry

_LOOK = ("name", "type", "size", "created", "last_modified")
"""What is compared to know a link that leads back to a directory above: all that is in it, not its own times."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A directory as the server lists it.

    Attributes:
        look: What the directory looks like: its own times and what it lists.
        entries: What is in it, sorted by name.
        refused: Names that cannot be asked for.
    """

    look: bytes
    entries: tuple[RemoteEntry, ...]
    refused: tuple[Named, ...]


def quoted(path: str) -> str:
    """Return a path as it stands in an address.

    Raises:
        UnicodeEncodeError: When it has bytes that are not UTF-8; no address can name it.
    """
    return quote(path.encode("utf-8"), safe="/")


def there(connection: Connection, path: str) -> str:
    """Return where the server has a path of the home, as it stands in an address."""
    return quoted("/".join(part for part in (connection.folder, path) if part))


def stat(connection: Connection, path: str) -> RemoteEntry | None:
    """Ask for one entry as it is now; None where it is not there or not shown."""
    try:
        model = connection.json(f"api/contents/{there(connection, path)}?content=0&type={_type_of(path)}")
    except AbsentError:
        return None
    above = path.rpartition("/")[0]
    return _entry(above, model) if isinstance(model, dict) else None


def shown(connection: Connection, folder: str = "") -> frozenset[str]:
    """Return the paths that the server shows in the home or a folder of it; none where it lists nothing there."""
    try:
        return frozenset(entry.path for entry in listed(connection, folder).entries)
    except (AbsentError, RefusedError, FailedError, GaveUpError):
        return frozenset()


def _type_of(path: str) -> str:
    return "notebook" if path.endswith(".ipynb") else "file"


def listed(connection: Connection, path: str) -> Folder:
    """Ask for a directory.

    Raises:
        AbsentError: When it is not there, or not shown.
        FailedError: When the server cannot list it.
        RefusedError: When the server refuses it.
        GaveUpError: When it does not come after many attempts.
    """
    model = connection.json(f"api/contents/{there(connection, path)}?type=directory&content=1")
    content = model.get("content") if isinstance(model, dict) else None
    if not isinstance(content, list):
        raise FailedError(200)
    entries, refused = [], []
    for item in content:
        if not isinstance(item, dict) or not isinstance(item.get("name"), str):
            continue
        name = item["name"]
        whole = f"{path}/{name}" if path else name
        why = _unsafe(name)
        if why:
            refused.append(Named(whole, why))
        else:
            entries.append(_entry(path, item))
    entries.sort(key=lambda entry: entry.path)
    state = hashlib.blake2b(digest_size=16)
    for line in sorted(repr([item.get(key) for key in _LOOK]) for item in content if isinstance(item, dict)):
        state.update(line.encode("utf-8", "surrogatepass"))
    return Folder(state.digest() if entries else b"", tuple(entries), tuple(refused))


def _entry(above: str, model: dict[str, Any]) -> RemoteEntry:
    name = str(model.get("name", ""))
    size = model.get("size")
    directory = model.get("type") == "directory"
    return RemoteEntry(
        path=f"{above}/{name}" if above else name,
        kind=Kind.DIRECTORY if directory else Kind.FILE,
        size_bytes=size if isinstance(size, int) and size >= 0 and not directory else UNKNOWN,
        mtime_ns=iso_date_ns(model.get("last_modified")),
    )


def _unsafe(name: str) -> str:
    """Return why a name cannot be asked for or kept, or nothing; a server is not to be trusted with names."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        return "the server gave a name that is not one"
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return (
            "its name is not UTF-8, and the server's file interface cannot be asked for it; --through kernel can"
        )
    return ""
