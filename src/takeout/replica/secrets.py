"""``secrets.yaml``: random values where they serve, named placeholders where a person must bring one."""

from __future__ import annotations

import secrets
import textwrap
from collections.abc import Iterable
from dataclasses import replace

from takeout.adapt.rule import Secret
from takeout.errors import Fault, ValuesError, Where
from takeout.replica.model import SECRETS, Layout, SecretEntry
from takeout.replica.shorten import is_placeholder
from takeout.values.node import (
    Comments,
    Data,
    Mapping,
    Scalar,
    Sequence,
    find,
    from_data,
    leaves,
    to_data,
    with_node,
)
from takeout.values.path import Path, as_path, format_path
from takeout.values.write import write_yaml

_HEADER = (
    "The hub's secrets. Not for git: .gitignore names this file. Keep a copy in a password store.",
    "Values in <angle brackets> are still to be filled in.",
)
_COMMENT_WIDTH = 96


def secret_entries(asked: Iterable[Secret], values: Mapping, layout: Layout) -> tuple[SecretEntry, ...]:
    """Return the entries of ``secrets.yaml`` for what the rules asked for.

    A path that leads through a list takes the whole list along, for Helm replaces lists whole.
    """
    entries = []
    for secret in asked:
        path = as_path(secret.path)
        same_as = layout.outer(as_path(secret.same_as)) if secret.same_as else ()
        entry = SecretEntry(layout.outer(path), secret.purpose, secret.generate, secret.blocking, same_as=same_as)
        listed = next((i for i, step in enumerate(path) if isinstance(step, int)), None)
        if listed is not None:
            whole = find(values, path[:listed])
            entry = replace(entry, within=to_data(whole) if isinstance(whole, Sequence) else [])
        entries.append(entry)
    return tuple(entries)


def placeholder(path: Path) -> str:
    """Return the text that stands for a value until somebody fills it in."""
    return f"<fill in: {format_path(path)}>"


def generate(kind: str) -> str:
    """Return a new random value of one of the kinds that ``Secret.generate`` knows."""
    return secrets.token_hex(32) if kind == "hex32" else secrets.token_urlsafe(32)


def add_secrets(existing: Mapping, entries: Iterable[SecretEntry]) -> tuple[Mapping, tuple[Path, ...]]:
    """Return ``existing`` with what it lacks of ``entries``, and the paths that were added.

    What is there stays as it is, be it generated or filled in.

    Raises:
        ValuesError: When something else stands where an entry belongs.
    """
    added: list[Path] = []
    document = existing
    for entry in entries:
        if find(document, entry.path) is not None:
            continue
        try:
            document = _with_entry(document, entry, _value(document, entry))
        except ValueError as error:
            where = Where(SECRETS, path=format_path(entry.path))
            hint = "move what is there to another key, or remove it"
            fault = Fault("secret-blocked", f"there is no room for a secret: {error}", where, hint)
            raise ValuesError([fault]) from error
        added.append(entry.path)
    return document, tuple(added)


def _value(document: Mapping, entry: SecretEntry) -> str:
    twin = find(document, entry.same_as) if entry.same_as else None
    if isinstance(twin, Scalar) and isinstance(twin.value, str) and not is_placeholder(twin.value):
        return twin.value
    return generate(entry.generate) if entry.generate else placeholder(entry.path)


def relay(existing: Mapping, *, umbrella: bool) -> Mapping:
    """Return secrets of the other layout, moved below ``jupyterhub`` or out of it, so that none is made anew."""
    if umbrella:
        return Mapping({"jupyterhub": existing}) if existing.entries else existing
    inner = existing.entries.get("jupyterhub")
    return inner if isinstance(inner, Mapping) else existing


def secrets_file(document: Mapping, *, new: bool) -> str:
    """Return the text of ``secrets.yaml``; a new one begins with what it is."""
    return write_yaml(document, header=_HEADER if new else ())


def unfilled(document: Mapping) -> list[Path]:
    """Return the paths of placeholders that nobody has filled in yet."""
    return [path for path, node in leaves(document) if isinstance(node, Scalar) and is_placeholder(node.value)]


def _with_entry(document: Mapping, entry: SecretEntry, value: str) -> Mapping:
    comment = tuple(f"# {line}" for line in _wrap(entry.purpose))
    position = next((i for i, step in enumerate(entry.path) if isinstance(step, int)), None)
    if position is None:
        return with_node(document, entry.path, Scalar(value, style="quoted", comments=Comments(before=comment)))
    head = entry.path[:position]
    there = find(document, head)
    whole = to_data(there) if isinstance(there, Sequence) else entry.within
    return with_node(document, head, _commented(from_data(_put(whole, entry.path[position:], value)), comment))


def _commented(node: Mapping | Sequence | Scalar, comment: tuple[str, ...]) -> Mapping | Sequence | Scalar:
    return replace(node, comments=Comments(before=comment))


def _put(data: Data, path: Path, value: str) -> Data:
    """Return ``data`` with ``value`` at ``path``; a list that is too short grows by one."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items = list(data) if isinstance(data, list) else []
        if step < len(items):
            items[step] = _put(items[step], rest, value)
        else:
            items.append(_put(None, rest, value))
        return items
    entries = dict(data) if isinstance(data, dict) else {}
    entries[step] = _put(entries.get(step), rest, value)
    return entries


def _wrap(text: str) -> list[str]:
    lines: list[str] = []
    for paragraph in text.splitlines():
        lines += textwrap.wrap(paragraph, _COMMENT_WIDTH, break_long_words=False, break_on_hyphens=False)
    return lines
