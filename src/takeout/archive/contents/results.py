"""What reading brought to light: checksums and what happened, for every file of an inventory."""

from __future__ import annotations

from array import array
from enum import IntEnum

from takeout.archive.contents.batch import SHA_BYTES, Sums
from takeout.archive.home import files


class State(IntEnum):
    """What became of a file between the inventory and the end of its reading."""

    UNREAD = files.UNREAD
    GOOD = files.GOOD
    CHANGED = files.CHANGED
    GREW = files.GREW
    SHRANK = files.SHRANK
    VANISHED = files.VANISHED
    UNREADABLE = files.UNREADABLE
    REPLACED = files.REPLACED
    FAILED = files.FAILED


_STATES = tuple(State)
"""By their numbers; to look them up is quicker than to ask the class."""

WORDS = {
    State.CHANGED: "changed while the archive was made; what is in the archive was read then",
    State.GREW: "grew while the archive was made; the archive has its beginning, as long as it was",
    State.SHRANK: "shrank while the archive was made; the missing end is filled with zeros",
    State.VANISHED: "vanished while the archive was made; it is filled with zeros",
    State.UNREADABLE: "could not be read: permission denied; it is filled with zeros",
    State.REPLACED: "was replaced by something else while the archive was made; it is filled with zeros",
    State.FAILED: "could not be read: the system reported an error; what is missing is filled with zeros",
}
"""What a person is told of each."""

BRIEF = {
    State.SHRANK: "shrank meanwhile: filled with zeros, see TAKEOUT.txt",
    State.VANISHED: "vanished meanwhile: zeros, see TAKEOUT.txt",
    State.UNREADABLE: "could not be read: zeros, see TAKEOUT.txt",
    State.REPLACED: "was replaced meanwhile: zeros, see TAKEOUT.txt",
    State.FAILED: "reading failed: filled with zeros, see TAKEOUT.txt",
}
"""The same in place of a checksum: at most 62 characters."""

WHOLE = frozenset({State.GOOD, State.CHANGED, State.GREW})
"""States in which every byte in the archive came from the file."""


class Results:
    """Checksums and states by index, in arrays of fixed size.

    Args:
        entries: How many entries the inventory has.
    """

    def __init__(self, entries: int) -> None:
        self._crcs = array("I", bytes(4 * entries))
        self._shas = bytearray(SHA_BYTES * entries)
        self._states = bytearray(entries)
        self.troubles: dict[int, State] = {}

    def state(self, index: int) -> State:
        """Return what became of an entry."""
        return _STATES[self._states[index]]

    def states(self, first: int, last: int) -> bytes:
        """Return what became of entries from ``first`` up to ``last``, a byte for each."""
        return bytes(self._states[first:last])

    def shas(self, first: int, last: int) -> bytes:
        """Return their SHA-256, one after another."""
        return bytes(self._shas[SHA_BYTES * first : SHA_BYTES * last])

    def crcs(self, first: int, last: int) -> array[int]:
        """Return their CRC-32."""
        return self._crcs[first:last]

    def known(self, index: int) -> bool:
        """Return whether an entry was read."""
        return self._states[index] != State.UNREAD

    def crc(self, index: int) -> int:
        """Return the CRC-32 of what the archive has."""
        return self._crcs[index]

    def sha(self, index: int) -> bytes:
        """Return the SHA-256 of what the archive has."""
        return bytes(self._shas[SHA_BYTES * index : SHA_BYTES * (index + 1)])

    def put(self, index: int, state: int, crc: int, sha: bytes) -> bool:
        """Record an entry; the first time counts.

        Returns:
            Whether what is recorded is what was given; False says that the archive's bytes cannot be made again.
        """
        if self._states[index] != State.UNREAD:
            return self._crcs[index] == crc and self.sha(index) == sha
        self._crcs[index] = crc
        self._shas[SHA_BYTES * index : SHA_BYTES * (index + 1)] = sha
        self._states[index] = state
        if state != State.GOOD:
            self.troubles[index] = _STATES[state]
        return True

    def put_all(self, first: int, sums: Sums) -> int:
        """Record entries from ``first`` on; those whose state is ``UNREAD`` are left as they are.

        Returns:
            The first entry of which something else is recorded already; -1 where there is none.
        """
        states, crcs, shas = sums
        last = first + len(states)
        if self._states.count(State.UNREAD, first, last) == len(states):
            self._states[first:last] = states
            self._crcs[first:last] = array("I", crcs)
            self._shas[SHA_BYTES * first : SHA_BYTES * last] = shas
            if states.count(State.GOOD) < len(states):
                troubled = (State.UNREAD, State.GOOD)
                self.troubles.update(
                    (index, _STATES[state]) for index, state in enumerate(states, first) if state not in troubled
                )
            return -1
        for number, (state, crc) in enumerate(zip(states, array("I", crcs), strict=True)):
            sha = shas[SHA_BYTES * number : SHA_BYTES * (number + 1)]
            if state != State.UNREAD and not self.put(first + number, state, crc, sha):
                return first + number
        return -1
