"""Where a value of a replica came from, what changed it and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any

from takeout.errors import DiskError, OptionError, Where
from takeout.replica.lock import read_lock
from takeout.replica.model import LOCAL, SECRETS, VALUES
from takeout.replica.shorten import HIDDEN, is_placeholder, is_secret, short
from takeout.values.node import Mapping, Node, Scalar, find, leaves
from takeout.values.path import Path, format_path, parse_path
from takeout.values.read import read_yaml


@dataclass(frozen=True, slots=True)
class Writer:
    """One of those who wrote a value.

    Attributes:
        layer: The file, or ``rule:<ID>``.
        line: The line there; 0 where lines mean nothing.
        value: What it wrote, short.
        why: The reason, where a rule wrote it.
    """

    layer: str
    line: int
    value: str
    why: str = ""

    @property
    def place(self) -> str:
        """``file:line``."""
        return f"{self.layer}:{self.line}" if self.line else self.layer


@dataclass(frozen=True, slots=True)
class Explanation:
    """The story of one value.

    Attributes:
        path: Dotted path in the values.
        value: What Helm will get, short; empty where it was removed.
        writers: Who wrote it, the one that counts first.
        rules: What rules did at, above or below it: id, and why.
        removed: Whether it was taken out.
        secret: Whether its value is not shown.
    """

    path: str
    value: str
    writers: tuple[Writer, ...]
    rules: tuple[tuple[str, str], ...] = field(default=())
    removed: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class _Files:
    """The parts of a replica that explaining needs."""

    lock: dict[str, Any]
    values: Mapping
    local: Mapping
    secrets: Mapping


def explain(directory: FilePath, key: str = "") -> list[Explanation]:
    """Return the story of the value at ``key``, or of every leaf below it, removed ones included.

    Args:
        directory: The replica.
        key: Dotted path, with or without ``jupyterhub`` before it; empty for everything.

    Raises:
        DirectoryError: When there is no replica.
        OptionError: When nothing is, or was, at ``key``; the hint has the nearest keys.
        ValuesError: When one of the replica's values files cannot be read.
    """
    lock = read_lock(directory)
    files = _Files(lock, *(read_values(directory, name) for name in (VALUES, LOCAL, SECRETS)))
    paths = _all_paths(files)
    removed = {parse_path(path): entry for path, entry in lock["removed"].items()}
    for prefix in _readings(key, umbrella=lock["umbrella"]):
        found = [path for path in paths if path[: len(prefix)] == prefix]
        gone = [path for path in removed if path[: len(prefix)] == prefix and path not in paths]
        # A leaf below what was removed is gone with it.
        gone += [path for path in removed if path == prefix[: len(path)] and not found and path not in gone]
        items = [_item(change, lock) for change in _removed_items(prefix, lock)]
        if found or gone or items:
            stories = [_story(path, files) for path in found]
            return [*stories, *(_removal(path, removed[path], lock) for path in gone), *items]
    names = [format_path(path) for path in (*paths, *removed)]
    names += [format_path(path[:length]) for path in paths for length in range(1, len(path))]
    near = get_close_matches(key, list(dict.fromkeys(names)), n=5, cutoff=0.4)
    hint = f"nearest: {', '.join(near)}" if near else "`takeout hub explain DIR` lists every key"
    raise OptionError(f"the replica has no value {key!r}", where=Where(str(directory)), hint=hint)


def read_values(directory: FilePath, name: str) -> Mapping:
    """Return one of a replica's values files; an empty mapping where it is not there.

    Raises:
        ValuesError: When it cannot be read.
        DiskError: When the disk refuses.
    """
    file = directory / name
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return Mapping()
    except OSError as error:
        raise DiskError(f"cannot read the file: {error.strerror}", where=Where(str(file))) from error
    return read_yaml(content, str(file)).values


def _readings(key: str, *, umbrella: bool) -> list[Path]:
    """Return what ``key`` may mean: as written, and with or without the umbrella's ``jupyterhub``."""
    try:
        path = parse_path(key)
    except ValueError as error:
        hint = 'keys are joined by dots, odd ones quoted: hub.extraEnv, nodeSelector."a.b/c", profileList[0]'
        raise OptionError(str(error), hint=hint) from error
    if umbrella:
        return [path, ("jupyterhub", *path)]
    return [path, path[1:]] if path[:1] == ("jupyterhub",) and len(path) > 1 else [path]


def _all_paths(files: _Files) -> list[Path]:
    paths = dict.fromkeys(parse_path(path) for path in files.lock["provenance"])
    for document in (files.local, files.secrets):
        paths.update(dict.fromkeys(path for path, _ in leaves(document) if path))
    parents = {path[:length] for path in paths for length in range(1, len(path))}
    # An empty mapping that a stronger file fills is no leaf any more.
    return [path for path in paths if path not in parents or not isinstance(find(files.values, path), Mapping)]


def _story(path: Path, files: _Files) -> Explanation:
    lock = files.lock
    writers = []
    for name, document in ((LOCAL, files.local), (SECRETS, files.secrets)):
        node = _decides(document, path)
        if node is not None:
            writers.append(Writer(name, node.mark.line, _visible(path, node, name)))
    secret = any(writer.layer == SECRETS for writer in writers)
    entry = lock["provenance"].get(format_path(path))
    if entry is not None:
        node = find(files.values, path)
        writers += _chain(entry, lock, _visible(path, node, VALUES))
    value = writers[0].value if writers else ""
    return Explanation(format_path(path), value, tuple(writers), tuple(_touched(path, lock)), secret=secret)


def _decides(document: Mapping, path: Path) -> Node | None:
    """Return what ``document`` has at ``path``, or above it where it is no mapping and so hides what is below."""
    for length in range(1, len(path) + 1):
        node = find(document, path[:length])
        if node is None:
            return None
        if length == len(path) or not isinstance(node, Mapping):
            return node
    return None


def _visible(path: Path, node: Node | None, name: str) -> str:
    if name == SECRETS and isinstance(node, Scalar):
        return str(node.value) if is_placeholder(node.value) else HIDDEN
    return HIDDEN if name == SECRETS or is_secret(path, node) else short(node)


def _chain(entry: list[Any], lock: dict[str, Any], value: str) -> Iterator[Writer]:
    layer, line, *rest = entry
    yield _writer(layer, line, value, lock)
    for older_layer, older_line, older_value in rest[0] if rest else ():
        yield _writer(older_layer, older_line, older_value, lock)


def _writer(layer: int, line: int, value: str, lock: dict[str, Any]) -> Writer:
    name = lock["layers"][layer]
    return Writer(name, line, value, _title(name, lock))


def _title(layer: str, lock: dict[str, Any]) -> str:
    if not layer.startswith("rule:"):
        return ""
    rule = lock["rules"].get(layer.removeprefix("rule:"))
    return rule["title"] if rule else ""


def _touched(path: Path, lock: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for rule, changed, kind, _, _, why, *_ in lock["changes"]:
        where = parse_path(changed)
        # Where an item of a list was removed, another has its position now.
        is_item = kind == "removed" and isinstance(where[-1], int)
        if path[: len(where)] == where and not is_item:
            reason = lock["rules"].get(rule, {}).get("why", "")
            yield rule, why if not reason or why == reason else f"{why}. {reason}"


def _removal(path: Path, entry: list[Any], lock: dict[str, Any]) -> Explanation:
    layer, line, value, why = entry
    name = lock["layers"][layer]
    writer = Writer(name, line, "", why or _title(name, lock))
    before = Writer("before", 0, value)
    rules = tuple(_touched(path, lock))
    return Explanation(format_path(path), "", (writer, before), rules, removed=True)


def _removed_items(prefix: Path, lock: dict[str, Any]) -> Iterator[list[Any]]:
    """Yield the changes at or below ``prefix`` that took an item out of a list."""
    for change in lock["changes"]:
        path = parse_path(change[1])
        if change[2] == "removed" and isinstance(path[-1], int) and path[: len(prefix)] == prefix:
            yield change


def _item(change: list[Any], lock: dict[str, Any]) -> Explanation:
    rule, path, _, before, _, why, *_ = change
    reason = lock["rules"].get(rule, {}).get("why", "")
    writers = (Writer(f"rule:{rule}", 0, "", why), Writer("before", 0, before))
    rules = ((rule, reason),) if reason else ()
    return Explanation(path, "", writers, rules, removed=True)
