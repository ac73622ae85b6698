"""Give every comment of a text to the entry that a reader would say it belongs to."""

from __future__ import annotations

from dataclasses import replace

import yaml

from takeout.values.frames import Frame
from takeout.values.lines import Lines
from takeout.values.node import NO_COMMENTS, Comments, Node, Scalar
from takeout.values.syntax import begin, finish


class Margin:
    """Follows the parser's events and hands out the comments between them.

    Args:
        text: The document.
        frames: The collections that are being read, outermost first; the builder's own list.
    """

    def __init__(self, text: str, frames: list[Frame]) -> None:
        self._lines = Lines(text)
        self._frames = frames
        self._before: tuple[str, ...] = ()
        self._after = ""
        self._last: tuple[Frame, str | int] | None = None

    @property
    def line(self) -> int:
        """The line, from 0, that was reached."""
        return self._lines.line

    def arrive(self, line: int) -> None:
        """Hand out what was written between the last token and the one on ``line``."""
        after = self._lines.reach(line)
        last = self._last
        frame = self._frames[-1] if self._frames else None
        if after:
            self._place_after(after, frame)
        if last is not None and last[0] is frame and isinstance(node := _at(last), Scalar):
            foot = self._lines.take_indented(last[0].column + 1)
            if foot:
                _set(last, replace(node, comments=replace(node.comments, foot=foot)))

    def _place_after(self, after: str, frame: Frame | None) -> None:
        if self._last is not None:
            node = _at(self._last)
            _set(self._last, replace(node, comments=replace(node.comments, after=after)))
        elif frame is not None and not frame.wants_item:
            self._after = after
        elif frame is not None and frame.has_own_line:
            frame.comments = replace(frame.comments, after=after)
        else:
            self._lines.push(after)

    def end_scalar(self, event: yaml.ScalarEvent) -> str:
        """Note where a scalar ends; return the comment in the first line of a block."""
        line, column = finish(event)
        if event.style in ("|", ">"):
            return self._lines.end_block(line, begin(event), column)
        self._lines.end(line, column)
        return ""

    def end_token(self, event: yaml.Event) -> None:
        """Note where an alias or a bracket ends."""
        self._lines.end(*finish(event))

    def begin_entry(self) -> None:
        """Take what stands above a key for the value that comes next."""
        self._before = self._lines.take()
        self._after = ""
        self._last = None

    def open(self) -> Comments:
        """Return the comments of a collection that begins; those above its first entry stay for that entry."""
        self._last = None
        if self._frames and not self._frames[-1].is_map:
            self._before += self._lines.take()
        return self._hand_out("")

    def close(self, event: yaml.CollectionEndEvent, frame: Frame) -> Comments:
        """Return the comments of a collection, already taken from the frames, that ends."""
        line, column = begin(event)
        is_flow = finish(event) != (line, column)
        at_end = self._lines.is_blank(line)
        if is_flow or (at_end and not self._frames):
            foot = self._lines.take()
        else:
            foot = self._lines.take_indented(frame.column if at_end else max(frame.column, column + 1))
        if is_flow:
            self.end_token(event)
        return replace(frame.comments, foot=foot) if foot else frame.comments

    def comments(self, block: str = "") -> Comments:
        """Return the comments of a scalar or alias; ``block`` is the one in a block's first line."""
        if self._frames:
            self._before += self._lines.take()
        return self._hand_out(block)

    def placed(self, frame: Frame, step: str | int) -> None:
        """Note that the node at ``step`` in ``frame`` is the last one that ended."""
        self._last = (frame, step)

    def merged(self) -> None:
        """Note that the last node that ended was merged, so no comment can be added to it."""
        self._last = None

    def _hand_out(self, block: str) -> Comments:
        before, after = self._before, block or self._after
        self._before, self._after = (), ""
        return Comments(before, after) if before or after else NO_COMMENTS


def _at(last: tuple[Frame, str | int]) -> Node:
    frame, step = last
    return frame.entries[step] if isinstance(step, str) else frame.items[step]


def _set(last: tuple[Frame, str | int], node: Node) -> None:
    frame, step = last
    if isinstance(step, str):
        frame.entries[step] = node
    else:
        frame.items[step] = node
