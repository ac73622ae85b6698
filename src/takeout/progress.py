"""The one callback through which long work tells how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told by the core, shown (or not) by the command line."""

    def __call__(self, step: str, done: int, total: int) -> None:
        """Report that ``done`` of ``total`` units of ``step`` are finished; ``total`` 0 means unknown."""


def silent(step: str, done: int, total: int) -> None:
    """Show nothing."""
