"""Addresses of the files that rules were learned from, as they stood when they were read."""

from __future__ import annotations

_REPOSITORY = "https://github.com/2i2c-org/infrastructure"
_READ = "9ad7cd0fc3502161a038b0e99302556098018199"
"""The newest commit that the rules were written against, of 2026-08-21."""


def infrastructure(path: str, *, commit: str = _READ, lines: str = "") -> str:
    """Return the address of a file, or directory, of 2i2c's infrastructure repository.

    Args:
        path: The file, or the directory with a slash at its end.
        commit: The commit, in full; a file that is gone is cited as it last was.
        lines: A range of lines such as ``L10-L20``, or nothing.
    """
    kind = "tree" if path.endswith("/") else "blob"
    anchor = f"#{lines}" if lines else ""
    return f"{_REPOSITORY}/{kind}/{commit}/{path.rstrip('/')}{anchor}"
