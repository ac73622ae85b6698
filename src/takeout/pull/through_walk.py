"""The server's tree as the agent lists it: hidden files, links, permissions, names of any bytes."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from takeout.archive.home.entry import Kind
from takeout.pull.choose import Chooser, Place
from takeout.pull.model import Found, Named, RemoteEntry
from takeout.pull.through import Agent

_KINDS = {"d": Kind.DIRECTORY, "f": Kind.FILE, "l": Kind.SYMLINK}


def walk(
    agent: Agent, chooser: Chooser, shown: frozenset[str], folder: str = ""
) -> tuple[Iterator[RemoteEntry], list[Named], list[str]]:
    """Walk over the tree as the agent lists it.

    Args:
        agent: The agent.
        chooser: Decides what is wanted.
        shown: Names that the server's own interface shows in the home; where the agent has other ones, it looks at
            another directory, and no file is asked for through that interface.
        folder: The folder of the server that is the home.

    Returns:
        The entries; what cannot be taken; directories that cannot be listed; the last two complete once the first
        one ends.
    """
    not_taken: list[Named] = []
    unlisted: list[str] = []
    return _entries(agent, chooser, shown, folder, not_taken=not_taken, unlisted=unlisted), not_taken, unlisted


def _entries(
    agent: Agent,
    chooser: Chooser,
    shown: frozenset[str],
    folder: str,
    *,
    not_taken: list[Named],
    unlisted: list[str],
) -> Iterator[RemoteEntry]:
    places: dict[str, Place] = {"": chooser.top()}
    firsts: dict[str, str] = {}
    served = True
    for path, entries, ignore, cache, error in agent.directories():
        place = places.pop(path, None)
        if place is None:
            continue
        if error:
            unlisted.append(path)
            not_taken.append(Named(path, f"the directory cannot be read: {error}"))
            continue
        names = {entry[0] for entry in entries}
        if not path:
            served = shown <= names
        if not chooser.enter(place, names, base64.b64decode(ignore), cache=cache):
            continue
        for name, letter, size, mtime, mode, target, twin, problem in entries:
            whole = f"{path}/{name}" if path else name
            kind = _KINDS.get(letter, Kind.FILE)
            if chooser.leaves_out(place, whole, kind):
                continue
            if problem:
                not_taken.append(Named(whole, problem))
                continue
            if kind is Kind.DIRECTORY:
                places[whole] = chooser.below(place, whole)
            first = firsts.setdefault(twin, whole) if twin else whole
            yield RemoteEntry(
                whole,
                kind,
                size,
                mtime,
                mode,
                target,
                served and is_served(whole, folder),
                "" if first == whole else first,
            )


def is_served(path: str, folder: str = "") -> bool:
    """Return whether the server's file interface gives a path: no part hidden, every byte UTF-8."""
    path = f"{folder}/{path}"
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return not any(part.startswith(".") for part in path.split("/"))


def found(chooser: Chooser, not_taken: list[Named], unlisted: list[str]) -> Found:
    """Return what a walk found beside the entries."""
    return Found(tuple(not_taken), tuple(chooser.left_out), tuple(unlisted))
