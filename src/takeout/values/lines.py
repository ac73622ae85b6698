"""Where comments stand between the tokens of a YAML text.

The parser tells where every token begins and ends; what lies between two tokens is white space, indicators,
anchors, tags and comments. So a ``#`` inside a scalar is never looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#.*")
_BLANK = (-1, "")


def count_breaks(text: str) -> int:
    """Return how many line breaks YAML sees in ``text``."""
    return sum(1 for _ in _BREAK.finditer(text))


@dataclass(frozen=True, slots=True)
class Loose:
    """A line that belongs to no token.

    Attributes:
        indent: The column its comment starts in; -1 for a blank line.
        text: The comment from its ``#`` on; empty for a blank line.
    """

    indent: int
    text: str


class Lines:
    """The lines of a text, read once from top to bottom beside the parser's events."""

    def __init__(self, text: str) -> None:
        self.lines = _BREAK.split(text)
        self.line = -1
        self.column = 0
        self._loose: list[Loose] = []

    def reach(self, line: int) -> str:
        """Collect the loose lines above ``line``; return the comment that follows the last token on its line."""
        if line <= self.line:
            return ""
        after = self._tail() if self.line >= 0 else ""
        for text in self.lines[self.line + 1 : line]:
            match = _COMMENT.search(text)
            if match is not None:
                self._loose.append(Loose(match.start(), match[0].rstrip()))
            elif not text.strip() and self._loose_text() != "":
                self._loose.append(Loose(*_BLANK))
        self.line, self.column = line, 0
        return after

    def end(self, line: int, column: int) -> None:
        """Note that a token ends at ``line`` and ``column``."""
        self.line, self.column = line, column

    def end_block(self, line: int, start: tuple[int, int], column: int) -> str:
        """Note that a block scalar from ``start`` ends at ``line``; return the comment in its first line.

        The blank lines below its last line of text count as loose.
        """
        if line >= len(self.lines) or not self.lines[line][:column].strip():
            line -= 1
        while line > start[0] and not self.lines[line].strip():
            line -= 1
        self.line, self.column = line, len(self.lines[line]) if line > start[0] else start[1]
        match = _COMMENT.search(self.lines[start[0]], start[1])
        return match[0].rstrip() if match is not None and line > start[0] else ""

    def push(self, comment: str) -> None:
        """Put back a comment that follows a token which can have none."""
        self._loose.insert(0, Loose(self.column, comment))

    def is_blank(self, line: int) -> bool:
        """Whether nothing is written on ``line``, or it lies beyond the end."""
        return line >= len(self.lines) or not self.lines[line].strip()

    def take(self) -> tuple[str, ...]:
        """Return the loose lines collected and not yet taken."""
        if not self._loose:
            return ()
        texts = tuple(loose.text for loose in self._loose)
        self._loose = []
        return texts

    def take_indented(self, least: int) -> tuple[str, ...]:
        """Return the first loose lines as long as their comments start in column ``least`` or further right."""
        count = 0
        for position, loose in enumerate(self._loose, 1):
            if loose.indent >= least:
                count = position
            elif loose.text:
                break
        texts = tuple(loose.text for loose in self._loose[:count])
        if count:
            self._loose = self._loose[count:]
        return texts

    def _tail(self) -> str:
        match = _COMMENT.search(self.lines[self.line], self.column) if self.line < len(self.lines) else None
        return match[0].rstrip() if match is not None else ""

    def _loose_text(self) -> str | None:
        return self._loose[-1].text if self._loose else None
