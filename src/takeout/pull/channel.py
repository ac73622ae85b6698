"""A way to run the agent on the server: a kernel or a terminal, started for it and closed after.

What both have in common: how they are started and ended through the server's interface, and the web socket.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Mapping
from importlib import resources
from typing import Any, Protocol

import websocket

from takeout.errors import ToolError, Where
from takeout.pull.answers import AbsentError, AskAgainError, FailedError, GaveUpError, RefusedError
from takeout.pull.connection import Connection

ANSWER_SECONDS = 120.0
"""The longest wait for one answer; a listing of a large home on a slow file server takes its time."""

OTHER_WAY = "try the other one of --through kernel and --through terminal, or leave it out"


class Channel(Protocol):
    """Evaluates expressions on the server, with the agent's functions at hand.

    Attributes:
        root: An expression for the directory that the server's file interface shows.
    """

    root: str

    def evaluate(self, expression: str) -> str:
        """Return the text that an expression of Python gives.

        Raises:
            AskAgainError: When the channel broke.
            ToolError: When the expression fails.
        """

    def close(self) -> None:
        """End what was started on the server."""


def agent_text() -> str:
    """Return the agent's source."""
    return resources.files("takeout.pull").joinpath("agent.py").read_text(encoding="utf-8")


def started(connection: Connection, path: str, body: Mapping[str, object]) -> dict[str, Any]:
    """Start a kernel or a terminal, and return what the server says of it.

    Raises:
        ToolError: When it cannot be started.
    """
    where = Where(connection.address)
    try:
        model = connection.json(path, method="POST", body=body)
    except (AbsentError, RefusedError) as error:
        raise ToolError(
            f"the server does not let one be started at {path}", where=where, hint=OTHER_WAY
        ) from error
    except (FailedError, GaveUpError) as error:
        raise ToolError(
            f"the server fails to start one at {path}: {error}", where=where, hint=OTHER_WAY
        ) from error
    if not isinstance(model, dict):
        raise ToolError(f"the server did not say what it started at {path}", where=where, hint=OTHER_WAY)
    return model


def ended(connection: Connection, path: str) -> None:
    """End what was started."""
    try:
        with connection.ask(path, method="DELETE"):
            return
    except Exception:  # noqa: BLE001 - it is being left anyway, and the server ends it with itself
        return


def opened(connection: Connection, path: str) -> websocket.WebSocket:
    """Return a web socket.

    Raises:
        AskAgainError: When it cannot be opened.
    """
    address = f"ws{connection.address.removeprefix('http')}{path}"
    context = ssl.create_default_context() if address.startswith("wss") else None
    try:
        return websocket.create_connection(
            address,
            timeout=ANSWER_SECONDS,
            header=[f"Authorization: {connection.header()}"],
            sslopt={"context": context} if context else None,
            max_size=None,
            # JSON's own reader does it, in a hundredth of the time.
            skip_utf8_validation=True,
        )
    except (websocket.WebSocketException, OSError) as error:
        raise AskAgainError(f"no web socket: {connection.hide(str(error))}") from error


def close(socket: websocket.WebSocket) -> None:
    """Close a web socket; one that is broken is let go."""
    with contextlib.suppress(websocket.WebSocketException, OSError):
        socket.close(timeout=1)
    # One that the other side has closed first is only marked as closed by that.
    socket.shutdown()  # type: ignore[no-untyped-call]
