"""Range requests: which bytes a client asked for, and whether it may have them.

Source: RFC 9110, sections 8.8.3 (ETag), 13.1.5 (If-Range) and 14 (range requests).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_SPEC = re.compile(r"([0-9]{0,20})-([0-9]{0,20})")
_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')


class UnsatisfiableError(ValueError):
    """The range lies beyond the end."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from ``start`` up to and without ``stop``."""

    start: int
    stop: int

    def content_range(self, length: int) -> str:
        """Return the value of ``Content-Range``, whose last byte is included."""
        return f"bytes {self.start}-{self.stop - 1}/{length}"


def requested(header: str | None, length: int) -> Span | None:
    """Return the one range that a header asks for, or None where the whole is to be sent.

    A header that is malformed, of another unit or of several ranges is to be ignored or may be: the whole is a
    right answer to all of these, and a client that resumes never sends them.

    Args:
        header: The value of ``Range``.
        length: How long the whole is.

    Raises:
        UnsatisfiableError: When the range begins at or beyond the end, or is empty.
    """
    if header is None:
        return None
    unit, _, specs = header.partition("=")
    if unit.strip().lower() != "bytes":
        return None
    match = _SPEC.fullmatch(specs.strip())
    if match is None or match.group() == "-":
        return None
    first, last = match.groups()
    if not first:
        wanted = min(int(last), length)
        if wanted == 0:
            raise UnsatisfiableError(header)
        return Span(length - wanted, length)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= length:
        raise UnsatisfiableError(header)
    return Span(start, min(int(last) + 1, length) if last else length)


def strong_tags(header: str | None) -> tuple[str, ...]:
    """Return the strong tags that a header names; weak ones and dates never match an archive."""
    if header is None:
        return ()
    return tuple(match.group(2) for match in _TAG.finditer(header) if not match.group(1))


def any_tags(header: str | None) -> tuple[str, ...]:
    """Return all tags that a header names, ``*`` included, as ``If-None-Match`` compares them: weakly."""
    if header is None:
        return ()
    if header.strip() == "*":
        return ("*",)
    return tuple(match.group(2) for match in _TAG.finditer(header))
