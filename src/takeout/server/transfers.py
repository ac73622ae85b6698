"""How far each transfer is, for the page that started it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["waiting", "looking", "sending", "done", "cut", "refused"]
_MOST = 64


@dataclass(slots=True)
class Transfer:
    """One download, perhaps over several connections.

    Attributes:
        state: What it is at: ``looking`` through the home, ``sending``, ``done`` or ``cut``, which can be resumed.
        entries: How many entries were found so far.
        at_byte: Which byte of the archive comes next.
        length: The archive's length; 0 where it is not known yet, or not at all.
        message: Why it was refused or cut, or empty.
    """

    state: State = "waiting"
    entries: int = 0
    at_byte: int = 0
    length: int = 0
    message: str = ""

    def to_json(self) -> dict[str, object]:
        """Return the fields that the page reads."""
        return {
            "state": self.state,
            "entries": self.entries,
            "at": self.at_byte,
            "length": self.length,
            "message": self.message,
        }


class Transfers:
    """Transfers by the name that the page gave them; the oldest are forgotten."""

    def __init__(self) -> None:
        self._by_name: dict[str, Transfer] = {}

    def named(self, name: str) -> Transfer:
        """Return the transfer of a name, a new one where there is none; without a name nobody will ask for it."""
        if not name:
            return Transfer()
        transfer = self._by_name.pop(name, None) or Transfer()
        self._by_name[name] = transfer
        while len(self._by_name) > _MOST:
            self._by_name.pop(next(iter(self._by_name)))
        return transfer
