"""What a reading gives: parts, in the shape that an archive's form wants them to have."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, Never, Protocol, TypeVar

from takeout.archive.contents.program import Packing

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


Frame = tuple[bytes, bytes]
"""What comes before and after a file's content; an entry of another kind is all in the first."""


class Shape(Protocol[T_co]):
    """What becomes of what is read; all of it is called in threads.

    Attributes:
        form: The form of usual files' headers: ``zip``, ``tar``, or ``bare`` for none.
        prefix: The directory that the home is in, for those headers.
        quick: Whether what is made of a batch takes no time worth a thread, or the process that reads it makes it.
        packing: How that process compresses it; None where nothing is compressed, or not there.
    """

    form: str
    prefix: bytes
    quick: bool
    packing: Packing | None

    def unusual(self, span: range) -> Iterable[int]:
        """Return those of some entries whose headers are not of the usual form."""

    def frame(self, index: int) -> Frame:
        """Return what stands around such an entry, or around a large file."""

    def whole(self, view: memoryview, span: range) -> T_co:
        """Make what is wanted of entries that were read whole, each in its frame."""

    def packed(self, view: memoryview) -> T_co:
        """Take entries over that a process has compressed."""

    def piece(self, index: int, offset: int, view: memoryview) -> T_co:
        """Make what is wanted of a piece of a large file; the first and the last have the frame's halves."""


class Plain:
    """What all shapes have that no process compresses."""

    packing: Packing | None = None

    def packed(self, view: memoryview) -> Never:
        """Do not happen."""
        raise NotImplementedError


class Frameless(Plain):
    """What all shapes have in which nothing stands around what was read."""

    form = "bare"
    prefix = b""

    def unusual(self, span: range) -> Iterable[int]:  # noqa: ARG002 - as all shapes have it
        """Return none."""
        return ()

    def frame(self, index: int) -> Frame:  # noqa: ARG002 - as all shapes have it
        """Return nothing."""
        return b"", b""


class Bare(Frameless):
    """Nothing is wanted but the checksums."""

    quick = True

    def whole(self, view: memoryview, span: range) -> None:
        """Make nothing."""

    def piece(self, index: int, offset: int, view: memoryview) -> None:
        """Make nothing."""


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """Some entries, or a piece of one.

    Attributes:
        first: The first entry.
        last: The entry after the last one.
        data: What the caller's function made of the content.
        offset: Where the piece begins in its file; -1 where whole entries are given.
        final: Whether it is the last piece, or whole entries; all results up to here are known then.
    """

    first: int
    last: int
    data: T
    offset: int = -1
    final: bool = True
