"""A values document whose every node knows where it was written and what it replaced.

Nodes are immutable and shared freely between documents: merging and editing copy only the mappings on the way to
a change. A document is a ``Mapping``; ``to_data`` turns any node into plain dicts, lists and scalars.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from takeout.values.path import Path

ScalarData = str | int | float | bool | None
Data = ScalarData | list["Data"] | dict[str, "Data"]
"""Plain values, as JSON has them."""

Style = Literal["plain", "quoted", "literal", "folded"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a node was written.

    Attributes:
        file: The layer's name: a path inside the source, or ``rule:<ID>`` for a value that a rule wrote.
        line: Line in that file, counted from 1; 0 where lines mean nothing (jsonnet, rules, generated).
    """

    file: str
    line: int = 0

    def __str__(self) -> str:
        """Return ``file:line``."""
        return f"{self.file}:{self.line}" if self.line else self.file


NOWHERE = Mark("")


@dataclass(frozen=True, slots=True)
class Comments:
    """The comments that belong to one entry of a mapping or list.

    Attributes:
        before: Whole lines above the entry, each from its ``#`` on; an empty string is a blank line.
        after: What follows on the entry's own line, from its ``#`` on; empty where nothing does.
        foot: Whole lines below the last entry of a mapping or list, inside it.
    """

    before: tuple[str, ...] = ()
    after: str = ""
    foot: tuple[str, ...] = ()


NO_COMMENTS = Comments()


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string, number, truth value or null.

    Attributes:
        value: The value as Helm has it after its way through JSON.
        mark: Where it was written.
        style: How it was written.
        comments: Its comments.
        replaced: The node that this one took the place of, which may have replaced one itself.
        why: The reason, where a rule wrote it.
    """

    value: ScalarData
    mark: Mark = NOWHERE
    style: Style = "plain"
    comments: Comments = NO_COMMENTS
    replaced: Node | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list; merging replaces it whole.

    Attributes: as for ``Scalar``; ``items`` are the nodes in order.
    """

    items: tuple[Node, ...] = ()
    mark: Mark = NOWHERE
    comments: Comments = NO_COMMENTS
    replaced: Node | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Removal:
    """What is left of an entry that a null or a rule took out.

    Attributes:
        mark: Where the null is written, or ``rule:<ID>``.
        node: What was removed.
        why: The reason, where a rule removed it.
    """

    mark: Mark
    node: Node
    why: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping with string keys, in order.

    Attributes: as for ``Scalar``; ``entries`` are the nodes by key and must not be mutated; ``removed`` are the
    entries that were taken out, by key.
    """

    entries: dict[str, Node] = field(default_factory=dict)
    mark: Mark = NOWHERE
    comments: Comments = NO_COMMENTS
    replaced: Node | None = None
    removed: dict[str, Removal] = field(default_factory=dict)
    why: str = ""


Node = Scalar | Sequence | Mapping


def to_data(node: Node) -> Data:
    """Return ``node`` as fresh plain dicts, lists and scalars."""
    match node:
        case Mapping():
            return {key: to_data(child) for key, child in node.entries.items()}
        case Sequence():
            return [to_data(child) for child in node.items]
        case Scalar():
            return node.value


def from_data(data: Data, mark: Mark = NOWHERE, *, why: str = "") -> Node:
    """Return ``data`` as nodes that all carry ``mark``; many-lined strings become block strings.

    Raises:
        TypeError: When a value is not of a JSON type.
    """
    match data:
        case dict():
            return Mapping({str(k): from_data(v, mark, why=why) for k, v in data.items()}, mark, why=why)
        case list() | tuple():
            return Sequence(tuple(from_data(item, mark, why=why) for item in data), mark, why=why)
        case str():
            return Scalar(data, mark, "literal" if "\n" in data else "plain", why=why)
        case None | bool() | int() | float():
            return Scalar(data, mark, why=why)
    raise TypeError(f"not a JSON value: {type(data).__name__}")


def find(node: Node, path: Path) -> Node | None:
    """Return the node at ``path`` below ``node``, or None."""
    for step in path:
        match node:
            case Mapping() if isinstance(step, str) and step in node.entries:
                node = node.entries[step]
            case Sequence() if isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            case _:
                return None
    return node


def walk(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Yield ``node`` and everything below it, each with its path, parents first."""
    # A stack, for each level of nested generators would pass on everything that is below it.
    waiting = [(path, node)]
    while waiting:
        path, node = waiting.pop()
        yield path, node
        if isinstance(node, Mapping):
            waiting += [((*path, key), child) for key, child in reversed(node.entries.items())]
        elif isinstance(node, Sequence):
            last = len(node.items) - 1
            waiting += [((*path, last - i), child) for i, child in enumerate(reversed(node.items))]


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    """Yield the scalars and the empty mappings and lists below ``node``, each with its path."""
    for where, child in walk(node, path):
        if isinstance(child, Scalar) or not (child.entries if isinstance(child, Mapping) else child.items):
            yield where, child


def with_node(root: Mapping, path: Path, node: Node) -> Mapping:
    """Return ``root`` with ``node`` at ``path``, mappings made on the way where there are none.

    The node there before, if any, becomes the ``replaced`` of the new one, and its comments above are kept when
    the new one has none.

    Raises:
        ValueError: When ``path`` is empty or leads through a scalar or past the end of a list.
    """
    if not path:
        raise ValueError("the root cannot be replaced")
    step, rest = path[0], path[1:]
    if not isinstance(step, str):
        raise ValueError(f"a mapping has no position {step}")  # noqa: TRY004 - a wrong path, not a wrong type
    old = root.entries.get(step)
    new = _with_child(old, rest, node) if rest else _succeed(old, node)
    removed = root.removed
    if step in removed:
        removed = {key: removal for key, removal in removed.items() if key != step}
    return replace(root, entries={**root.entries, step: new}, removed=removed)


def _with_child(old: Node | None, rest: Path, node: Node) -> Node:
    if isinstance(old, Sequence):
        index = rest[0]
        if not isinstance(index, int) or index >= len(old.items):
            raise ValueError(f"a list of {len(old.items)} has no position {index}")
        child = old.items[index]
        new = _with_child(child, rest[1:], node) if len(rest) > 1 else _succeed(child, node)
        return replace(old, items=(*old.items[:index], new, *old.items[index + 1 :]))
    if old is None or (isinstance(old, Scalar) and old.value is None):
        old = Mapping(mark=node.mark, replaced=old)
    if not isinstance(old, Mapping):
        raise ValueError(f"{rest[0]!r} is asked for below a scalar")  # noqa: TRY004 - a wrong path
    return with_node(old, rest, node)


def _succeed(old: Node | None, new: Node) -> Node:
    if old is None:
        return new
    comments = new.comments if new.comments.before else replace(new.comments, before=old.comments.before)
    return replace(new, replaced=old, comments=comments)


def without_node(root: Mapping, path: Path, mark: Mark, *, why: str = "") -> Mapping:
    """Return ``root`` without what is at ``path``; the parent remembers it. Nothing there: ``root`` itself."""
    if find(root, path) is None or not path:
        return root
    parent = find(root, path[:-1])
    last = path[-1]
    new: Node
    match parent:
        case Mapping() if isinstance(last, str):
            removal = Removal(mark, parent.entries[last], why)
            entries = {key: child for key, child in parent.entries.items() if key != last}
            new = replace(parent, entries=entries, removed={**parent.removed, last: removal})
        case Sequence() if isinstance(last, int):
            new = replace(parent, items=(*parent.items[:last], *parent.items[last + 1 :]))
        case _:
            return root
    return _put(root, path[:-1], new)


def _put(root: Mapping, path: Path, node: Node) -> Mapping:
    """Return ``root`` with exactly ``node`` at ``path``, which exists; nothing is recorded as replaced."""
    if not path:
        assert isinstance(node, Mapping)  # noqa: S101 - the caller's path ends in a mapping's entry
        return node
    parent = find(root, path[:-1])
    last = path[-1]
    if isinstance(parent, Mapping) and isinstance(last, str):
        return _put(root, path[:-1], replace(parent, entries={**parent.entries, last: node}))
    if isinstance(parent, Sequence) and isinstance(last, int):
        return _put(
            root, path[:-1], replace(parent, items=(*parent.items[:last], node, *parent.items[last + 1 :]))
        )
    raise ValueError("no such path")
