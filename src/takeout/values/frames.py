"""Collections that are being read, what anchors stand for, and how much aliases may make of little."""

from __future__ import annotations

from collections.abc import Sequence as Sequence_
from dataclasses import dataclass, field, replace

from takeout.values.node import Comments, Mapping, Node, ScalarData, Sequence, to_data
from takeout.values.path import Path

_SMALL, _LARGE = 400_000, 4_000_000
_MOST, _LEAST = 0.99, 0.10
_FREE_ALIASED, _FREE_SEEN = 100, 1000


@dataclass(slots=True)
class Frame:
    """A mapping or list that is being read.

    Attributes:
        is_map: Whether it is a mapping.
        line: Where it begins, from 0.
        column: Where its entries begin, from 0.
        comments: Its comments so far.
        anchor: Its anchor, or None.
        entries: The mapping's entries so far.
        items: The list's items so far.
        key: The key whose value comes next; None where a key comes next.
        merging: Whether the value of a ``<<`` comes next.
        explicit: The lines, from 1, of the keys that were written out, not merged in.
        size: How many nodes it is, with every alias written out.
    """

    is_map: bool
    line: int
    column: int
    comments: Comments
    anchor: str | None = None
    entries: dict[str, Node] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    key: str | None = None
    merging: bool = False
    explicit: dict[str, int] = field(default_factory=dict)
    size: int = 1

    @property
    def wants_key(self) -> bool:
        """Whether the next node is a key."""
        return self.is_map and self.wants_item

    @property
    def wants_item(self) -> bool:
        """Whether an item or a key comes next, not the value of a key."""
        return self.key is None and not self.merging

    @property
    def has_own_line(self) -> bool:
        """Whether the collection began before its first entry: behind an anchor, a tag or a bracket."""
        return not self.entries and not self.items and (self.is_map or self.anchor is not None)

    @property
    def step(self) -> str | int:
        """The path step of the entry that comes next or is being read."""
        return (self.key or "") if self.is_map else len(self.items)

    def put(self, key: str, node: Node) -> None:
        """Set an entry; one that has the key already is what the new one replaced."""
        old = self.entries.get(key)
        if old is not None:
            above = node.comments.before or old.comments.before
            node = replace(node, replaced=old, comments=replace(node.comments, before=above))
        self.entries[key] = node

    def merge(self, sources: tuple[Mapping, ...], before: tuple[str, ...]) -> list[str]:
        """Merge mappings in, later ones over earlier ones; return the keys written above that changed.

        Args:
            sources: The mappings.
            before: The comments above the ``<<``, which go to the first entry merged in.
        """
        changed: list[str] = []
        for source in sources:
            for key, node in source.entries.items():
                if key in self.explicit and to_data(node) != to_data(self.entries[key]):
                    changed.append(key)
                self.put(key, replace(node, comments=replace(node.comments, before=before)) if before else node)
                before = ()
        return changed


@dataclass(frozen=True, slots=True)
class Anchored:
    """What an anchor stands for: the node, its size as in ``Frame``, and a scalar's value before JSON."""

    node: Node
    size: int
    value: ScalarData = None


class Measure:
    """go-yaml's measure against documents that grow without bound: how much of the whole may come out of aliases.

    Source: https://github.com/yaml/go-yaml/blob/v2.4.0/decode.go (allowedAliasRatio)
    """

    def __init__(self) -> None:
        self.seen = 1
        self.aliased = 0

    def add_alias(self, size: int) -> bool:
        """Count an alias of a node of ``size``; return whether the document is still sound."""
        self.seen += 1 + size
        self.aliased += size
        if self.aliased <= _FREE_ALIASED or self.seen <= _FREE_SEEN:
            return True
        share = min(max((self.seen - _SMALL) / (_LARGE - _SMALL), 0.0), 1.0)
        return self.aliased / self.seen <= _MOST - (_MOST - _LEAST) * share


def path_of(frames: Sequence_[Frame], key: str = "") -> Path:
    """Return the path of the entry that is being read, or of ``key`` in the innermost mapping."""
    steps = [frame.step for frame in frames]
    return (*steps[:-1], key) if key else tuple(steps)


def mappings_to_merge(node: Node, *, is_alias: bool) -> tuple[Mapping, ...] | None:
    """Return what ``<<`` merges in, in the order in which later ones win; None when it cannot be merged."""
    if isinstance(node, Mapping):
        return (node,)
    if isinstance(node, Sequence) and not is_alias:
        found = tuple(item for item in reversed(node.items) if isinstance(item, Mapping))
        return found if len(found) == len(node.items) else None
    return None
