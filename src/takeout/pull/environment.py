"""What the notebooks of a home need, captured on the server by a kernel, for ``takeout home work``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from takeout.errors import ToolError
from takeout.progress import Progress, silent
from takeout.pull.answers import AskAgainError
from takeout.pull.connection import Connection
from takeout.pull.kernel import KernelChannel

_CAPTURE_SECONDS = 900.0
"""Conda lists a large environment in a minute; a distant home with thousands of notebooks takes longer."""
_TURNS = 3


def capture_environment(connection: Connection, destination: Path, progress: Progress = silent) -> str:
    """Write the document that ``takeout home work`` reads into a home; ended kernels are tried anew.

    Args:
        connection: The server.
        destination: The home, here.
        progress: Told that it goes on.

    Returns:
        Why it could not be captured; empty where it was.

    Raises:
        DiskError: When the document cannot be written.
        TokenError: When the token is not accepted.
        NetworkError: When the server is gone.
    """
    from takeout.workspace.capture import DOCUMENT, save_document  # noqa: PLC0415 - few pulls need it
    from takeout.workspace.script import capture_script  # noqa: PLC0415 - the same

    progress("looking at the environments there", 0, 0)
    reason = ""
    for _ in range(_TURNS):
        try:
            document = _captured(connection, capture_script())
        except ToolError as error:
            return error.message
        except AskAgainError as again:
            reason = again.reason
        except ValueError:
            return "the kernel sent no document"
        else:
            save_document(document, destination / DOCUMENT)
            return ""
    return reason


def _captured(connection: Connection, script: str) -> dict[str, Any]:
    channel = KernelChannel(connection, script, answer_seconds=_CAPTURE_SECONDS)
    try:
        root = f"os.path.join(os.getcwd(), {connection.folder!r})" if connection.folder else "os.getcwd()"
        document = json.loads(channel.evaluate(f"json.dumps(takeout_capture({root}))"))
    finally:
        channel.close()
    if not isinstance(document, dict):
        raise ValueError("no document")  # noqa: TRY004 - wrong content, as where it is no JSON
    return document
