"""Capture the environments of the machine that this runs on, and keep what was captured."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from takeout.errors import DirectoryError, DiskError, Where
from takeout.workspace.onhub.main import takeout_capture

DOCUMENT = "takeout-environment.json"
"""The file in a home that says what its notebooks need; a plain name, so that every file browser shows it."""


def capture(root: Path) -> dict[str, Any]:
    """Return the document for a home on this machine; see ``takeout.workspace.script`` for a hub without Takeout.

    Raises:
        DirectoryError: When ``root`` is no directory.
    """
    if not root.is_dir():
        raise DirectoryError("not a directory", where=Where(str(root)), hint="give the home directory")
    return takeout_capture(str(root.absolute()))


def save_document(document: Mapping[str, Any], to: Path) -> None:
    """Write a document whole or not at all.

    Raises:
        DiskError: When it cannot be written.
    """
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    try:
        replace_text(to, text)
    except OSError as error:
        raise DiskError(
            f"cannot write the document: {error.strerror or error}",
            where=Where(str(to)),
            hint="give another file with -o; it must then come along with the home",
        ) from error


def replace_text(file: Path, text: str) -> None:
    """Write a file beside ``file`` and put it in its place, so that nobody ever reads half of it.

    Raises:
        OSError: When that fails; nothing is left over then.
    """
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(file)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
