"""The name under which a browser saves an archive.

Source: RFC 6266 (Content-Disposition), RFC 8187 (names that are not ASCII).
"""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

_UNRESERVED = "!#$&+-.^_`|~"
"""``attr-char`` of RFC 8187 beside letters and digits."""
_MOST_CHARACTERS = 120
_UNWELCOME = '<>:"/\\|?*%'
"""What Windows does not allow in a name, and ``%``, which some browsers decode in a plain ``filename``."""


def file_name(directory: bytes, suffix: str) -> str:
    """Return a name for the archive of a directory that every system can save.

    Args:
        directory: The directory's own name, as the file system has it.
        suffix: Such as ``.zip``.
    """
    text = directory.decode("utf-8", "replace")
    kept = "".join("_" if c in _UNWELCOME or not c.isprintable() else c for c in text)
    kept = unicodedata.normalize("NFC", kept)[:_MOST_CHARACTERS].strip(" .")
    return (kept or "home") + suffix


def content_disposition(name: str) -> str:
    """Return the header's value: a plain name for all, the true one for those who read RFC 8187."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = "".join("_" if c in '"\\' or not c.isprintable() else c for c in plain).strip() or "home"
    if plain == name:
        return f'attachment; filename="{plain}"'
    if plain.startswith("."):
        plain = "home" + plain
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_UNRESERVED)}"
