"""Which names an archive may write to."""

from __future__ import annotations


class UnsafeNameError(ValueError):
    """A name leads out of the directory that is written to, or nowhere."""


def checked(name: bytes) -> list[bytes]:
    """Return the parts of a name that is safe to write below a directory.

    Raises:
        UnsafeNameError: When it is absolute, has ``.``, ``..`` or an empty part, or a NUL.
    """
    if not name:
        raise UnsafeNameError("the name is empty")
    if name.startswith(b"/"):
        raise UnsafeNameError("the name is absolute")
    if b"\0" in name:
        raise UnsafeNameError("the name has a NUL")
    parts = name.split(b"/")
    for part in parts:
        if part in (b"", b".", b".."):
            raise UnsafeNameError(f"the name has the part {part.decode()!r}")
    return parts
