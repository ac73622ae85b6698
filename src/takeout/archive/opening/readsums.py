"""SHA-256 of very many files by name: 44 bytes for each, as long as they are asked for in the order they came in.

That is the order of ``SHA256SUMS`` in every archive of Takeout's. In any other it is right as well, and takes
three times as much memory.
"""

from __future__ import annotations

import hashlib

_KEY_BYTES = 12
"""Names are remembered as digests of this length; two of a million agree by chance once in 10^17 archives."""
_SHA_BYTES = 32
_RECORD_BYTES = _KEY_BYTES + _SHA_BYTES
_UNKNOWN = bytes(_SHA_BYTES)


def key_of(name: bytes) -> bytes:
    """Return what a name is remembered by."""
    return hashlib.blake2b(name, digest_size=_KEY_BYTES).digest()


class Sums:
    """First all are put in, then each is taken out."""

    def __init__(self) -> None:
        self._records = bytearray()
        self._links: dict[int, bytes] = {}
        self._next = 0
        self._others: dict[bytes, int] | None = None

    def put(self, name: bytes, sha: bytes) -> None:
        """Remember a file's SHA-256."""
        self._records += key_of(name)
        self._records += sha

    def put_link(self, name: bytes, target: bytes) -> None:
        """Remember that a file is another name of one that was put in before."""
        self._links[len(self._records)] = key_of(target)
        self.put(name, _UNKNOWN)

    def __len__(self) -> int:
        """Return how many were not taken out."""
        if self._others is not None:
            return len(self._others)
        return (len(self._records) - self._next) // _RECORD_BYTES

    def pop(self, name: bytes) -> bytes | None:
        """Take a file out.

        Returns:
            Its SHA-256; nothing where it is another name of a file that is not there; None where it is not there.
        """
        if self._links:
            self._resolve()
        key = key_of(name)
        if self._others is None and self._records.startswith(key, self._next):
            at: int | None = self._next
            self._next += _RECORD_BYTES
        else:
            at = self._rest().pop(key, None)
        if at is None:
            return None
        sha = bytes(self._records[at + _KEY_BYTES : at + _RECORD_BYTES])
        return b"" if sha == _UNKNOWN else sha

    def _rest(self) -> dict[bytes, int]:
        """Return where those are that were not taken out, by key."""
        if self._others is None:
            starts = range(self._next, len(self._records), _RECORD_BYTES)
            self._others = {bytes(self._records[at : at + _KEY_BYTES]): at for at in starts}
        return self._others

    def _resolve(self) -> None:
        """Give every other name the SHA-256 of the file that it is a name of."""
        links, self._links = self._links, {}
        wanted = set(links.values())
        known: dict[bytes, bytes] = {}
        for at in range(0, len(self._records), _RECORD_BYTES):
            key = bytes(self._records[at : at + _KEY_BYTES])
            if key in wanted:
                target = links.get(at)
                sha = bytes(self._records[at + _KEY_BYTES : at + _RECORD_BYTES])
                known[key] = known.get(target, _UNKNOWN) if target else sha
        for at, key in links.items():
            self._records[at + _KEY_BYTES : at + _RECORD_BYTES] = known.get(key, _UNKNOWN)
