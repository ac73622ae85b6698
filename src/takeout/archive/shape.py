"""What a reading gives: parts, in the shape that an archive's form wants them to have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Never, Protocol, TypeVar

from takeout.archive.batch import Content, Frame
from takeout.archive.worker import Packing

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Shape(Protocol[T_co]):
    """What becomes of what is read; all of it is called in threads.

    Attributes:
        quick: Whether what is made of a batch takes no time worth a thread, or the process that reads it makes it.
        packing: How that process compresses it; None where nothing is compressed, or not there.
    """

    quick: bool
    packing: Packing | None

    def frame(self, index: int, path: bytes) -> Frame:
        """Return what stands around an entry."""

    def whole(self, view: memoryview, contents: list[Content]) -> T_co:
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


class Bare(Plain):
    """Nothing is wanted but the checksums."""

    quick = True

    def frame(self, index: int, path: bytes) -> Frame:  # noqa: ARG002 - as all shapes have it
        """Return nothing."""
        return b"", b""

    def whole(self, view: memoryview, contents: list[Content]) -> None:
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
