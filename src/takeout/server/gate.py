"""How many may be at something at once; who comes too many is told when to come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from takeout.server.refusal import Refusal

RETRY_SECONDS = 30


class Gate:
    """A bound on what goes on at once.

    Args:
        most: How many may be inside.
        waiting: How many may wait before it.
        what: What they do, in the plural, for the message.
    """

    def __init__(self, most: int, *, waiting: int = 0, what: str) -> None:
        self._most = most
        self._waiting = waiting
        self._what = what
        self._semaphore = asyncio.Semaphore(most)
        self._present = 0

    @property
    def present(self) -> int:
        """How many are inside or wait."""
        return self._present

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place, inside or before the gate.

        Raises:
            Refusal: 429 when there is none.
        """
        if self._present >= self._most + self._waiting:
            raise Refusal(
                429,
                "busy",
                f"{self._present} {self._what} are under way already, as many as this server runs at once",
                f"wait for one to end, or try again in {RETRY_SECONDS} seconds",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        self._present += 1
        try:
            yield
        finally:
            self._present -= 1

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """Take a place and wait until it is inside.

        Raises:
            Refusal: 429 when there is none.
        """
        with self.place():
            async with self._semaphore:
                yield
