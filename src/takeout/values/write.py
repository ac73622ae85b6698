"""Write values as a careful person would have written them."""

from __future__ import annotations

import re
from collections.abc import Sequence as SequenceABC
from dataclasses import replace

from takeout.values.node import Mapping, Node, Scalar, Sequence
from takeout.values.text import can_be_block, folded, inline, literal

_STEP = 2
_WIDTH = 100
_SIMPLE_KEY_BYTES = 1000  # a key of more than 1024 characters needs the form with a question mark
_NOT_IN_COMMENTS = re.compile("[^\t -~\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")


def write_yaml(values: Mapping, *, header: SequenceABC[str] = ()) -> str:
    """Return ``values`` as the text of a values file that Helm reads back as exactly the same values.

    Order, comments and block strings are kept; there are no anchors; a blank line stands between the sections at
    the top level.

    Args:
        values: The values.
        header: Lines of a comment above everything, with or without their ``#``; an empty one is a bare ``#``.
    """
    writer = _Writer()
    for line in header:
        writer.comment(line or "#", 0)
    if header:
        writer.blank()
    if not values.entries:
        writer.line("{}", 0)
    writer.mapping(values, 0)
    return "\n".join(writer.lines) + "\n"


class _Writer:
    """Lines so far, and whether a blank line may follow them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._may_blank = False

    def line(self, text: str, indent: int) -> None:
        self.lines.append(" " * indent + text)
        self._may_blank = True

    def blank(self) -> None:
        """Add a blank line, unless one is there or it would become part of the block above."""
        if self._may_blank:
            self.lines.append("")
            self._may_blank = False

    def comment(self, text: str, indent: int) -> None:
        for part in text.splitlines():
            clean = _NOT_IN_COMMENTS.sub("\ufffd", part).strip()
            self.line(clean if clean.startswith("#") else f"# {clean}", indent)

    def comments(self, texts: SequenceABC[str], indent: int) -> None:
        for text in texts:
            if text:
                self.comment(text, indent)
            else:
                self.blank()

    def mapping(self, node: Mapping, indent: int) -> None:
        for position, (key, child) in enumerate(node.entries.items()):
            before = child.comments.before
            if position == 0:
                before = before[1:] if before and not before[0] else before
            elif indent == 0:
                self.blank()
            self.comments(before, indent)
            self._entry(key, child, indent)
        if node.comments.foot and indent == 0:
            self.blank()
        self.comments(node.comments.foot, indent)

    def _entry(self, key: str, child: Node, indent: int) -> None:
        name = inline(key)
        if len(name.encode()) <= _SIMPLE_KEY_BYTES:
            self._value(f"{name}:", child, indent)
        else:
            self.line(f"? {name}", indent)
            self._value(":", child, indent)

    def _value(self, lead: str, node: Node, indent: int) -> None:
        """Write ``lead`` (a key, or a dash) at ``indent``, and the value behind or below it."""
        after = _trailing(node.comments.after)
        match node:
            case Scalar():
                self._scalar(lead, node, indent, after)
                return
            case Mapping() if not node.entries:
                self.line(f"{lead} {{}}{after}", indent)
            case Sequence() if not node.items:
                self.line(f"{lead} []{after}", indent)
            case Mapping():
                self.line(f"{lead}{after}", indent)
                self.mapping(node, indent + _STEP)
                return
            case Sequence():
                self.line(f"{lead}{after}", indent)
                self._sequence(node, indent + _STEP)
                return
        self.comments(node.comments.foot, indent + _STEP)

    def _sequence(self, node: Sequence, indent: int) -> None:
        for position, item in enumerate(node.items):
            before = item.comments.before
            self.comments(before[1:] if position == 0 and before and not before[0] else before, indent)
            if isinstance(item, Scalar) or not (item.entries if isinstance(item, Mapping) else item.items):
                self._value("-", item, indent)
                continue
            above, rest = _hoist(item)
            self.comments(above, indent)
            first = len(self.lines)
            if isinstance(rest, Mapping):
                self.mapping(rest, indent + _STEP)
            elif isinstance(rest, Sequence):
                self._sequence(rest, indent + _STEP)
            self.lines[first] = " " * indent + "- " + self.lines[first][indent + _STEP :]
        self.comments(node.comments.foot, indent)

    def _scalar(self, lead: str, node: Scalar, indent: int, after: str) -> None:
        block = _block(node, _WIDTH - indent) if isinstance(node.value, str) else None
        if block is None:
            self.line(f"{lead} {_inline(node)}{after}", indent)
            self.comments(node.comments.foot, indent + _STEP)
            return
        first, lines = block
        self.line(f"{lead} {first}{after}", indent)
        self.lines += [" " * (indent + _STEP) + line if line else "" for line in lines]
        self._may_blank = "+" not in first
        self.comments(node.comments.foot, indent)


def _block(node: Scalar, width: int) -> tuple[str, list[str]] | None:
    """Return the header and the lines of a block, or None where the string stands on one line."""
    text = str(node.value)
    if not can_be_block(text):
        return None
    if node.style == "folded" and (block := folded(text, width)) is not None:
        return block if len(block[1]) > 1 or "\n" in text else None
    return literal(text) if "\n" in text else None


def _inline(node: Scalar) -> str:
    match node.value:
        case None:
            return "null"
        case bool():
            return "true" if node.value else "false"
        case str():
            return inline(node.value, quoted=node.style == "quoted")
        case int() | float():
            return repr(node.value)


def _trailing(after: str) -> str:
    if not after:
        return ""
    clean = _NOT_IN_COMMENTS.sub("\ufffd", " ".join(after.split()))
    return f" {clean}" if clean.startswith("#") else f" # {clean}"


def _hoist(item: Node) -> tuple[tuple[str, ...], Node]:
    """Return the comments that must stand above a list's item, because its first line begins with the dash."""
    texts: tuple[str, ...] = (item.comments.after,) if item.comments.after else ()
    if isinstance(item, Scalar):
        return (), item
    first = next(iter(item.entries.values())) if isinstance(item, Mapping) else item.items[0]
    texts += tuple(text for text in first.comments.before if text)
    first = replace(first, comments=replace(first.comments, before=()))
    if isinstance(item, Mapping):
        return texts, replace(item, entries={**item.entries, next(iter(item.entries)): first})
    if not isinstance(first, Scalar) and (first.entries if isinstance(first, Mapping) else first.items):
        more, first = _hoist(first)
        texts += more
        first = replace(first, comments=replace(first.comments, after=""))
    return texts, replace(item, items=(first, *item.items[1:]))
