"""From an archive's iterator, which waits for disks, to a connection, which waits for a reader.

The iterator runs in a thread, one step ahead of the connection and never more: a slow reader stops the reading,
and memory holds two pieces.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager, suppress

from takeout.archive import Chunk

PIECE_BYTES = 2 << 20
"""What one step gathers, at the least; each costs several changes of threads."""
_SMALL_BYTES = 64 << 10
"""Pieces below this are joined: a copy costs less than a call of the system for each."""


def _step(iterator: Iterator[Chunk]) -> list[Chunk]:
    """Return the next pieces of an iterator; none at its end."""
    pieces: list[Chunk] = []
    small: list[Chunk] = []
    length = 0
    for piece in iterator:
        length += len(piece)
        if len(piece) < _SMALL_BYTES:
            small.append(piece)
        else:
            pieces += (b"".join(small), piece) if small else (piece,)
            small = []
        if length >= PIECE_BYTES:
            break
    return [*pieces, b"".join(small)] if small else pieces


def _close(iterator: Iterator[Chunk]) -> None:
    close = getattr(iterator, "close", None)
    if close is not None:
        close()


@asynccontextmanager
async def pumped(iterator: Iterator[Chunk], executor: Executor) -> AsyncIterator[AsyncIterator[list[Chunk]]]:
    """Give an iterator's pieces to a coroutine.

    However the block is left, the iterator is closed before it is: all its threads have ended then.

    Args:
        iterator: A generator of bytes.
        executor: Where it runs.
    """
    loop = asyncio.get_running_loop()
    ahead: asyncio.Future[list[Chunk]] | None = None

    async def pieces() -> AsyncIterator[list[Chunk]]:
        nonlocal ahead
        ahead = loop.run_in_executor(executor, _step, iterator)
        while got := await asyncio.shield(ahead):
            ahead = loop.run_in_executor(executor, _step, iterator)
            yield got

    try:
        yield pieces()
    finally:
        # A generator cannot be closed while it runs; its error, if it has one, was given out or came too late.
        if ahead is not None:
            with suppress(Exception):
                await asyncio.shield(ahead)
        await asyncio.shield(loop.run_in_executor(executor, _close, iterator))
