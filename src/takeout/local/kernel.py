"""A cell over a kernel's websocket, by the Jupyter messaging protocol 5.4."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import websocket


class CellError(Exception):
    """A cell failed, or had no result in time."""


def execute(channel: websocket.WebSocket, session: str, code: str, timeout_seconds: float) -> str:
    """Run ``code`` and return what it printed.

    Args:
        channel: The kernel's open websocket.
        session: The session that the websocket was opened with.
        code: The cell.
        timeout_seconds: How long it may take.

    Raises:
        CellError: When it fails, or has no result in time.
        WebSocketException: When the connection breaks.
    """
    channel.send(json.dumps(_request(code, session)))
    return _answer(channel, session, timeout_seconds)


def new_session() -> str:
    """Return a name for a session that no other has."""
    return uuid.uuid4().hex


def _request(code: str, session: str) -> dict[str, Any]:
    """Return an ``execute_request`` of the Jupyter messaging protocol 5.4."""
    return {
        "channel": "shell",
        "header": {
            "msg_id": session,
            "msg_type": "execute_request",
            "username": "",
            "session": session,
            "version": "5.4",
        },
        "parent_header": {},
        "metadata": {},
        "content": {"code": code, "silent": False, "store_history": False, "allow_stdin": False},
    }


def _answer(channel: websocket.WebSocket, session: str, timeout_seconds: float) -> str:
    """Read until the kernel is idle again and return what was printed."""
    printed: list[str] = []
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        message = json.loads(channel.recv())
        if message.get("parent_header", {}).get("msg_id") != session:
            continue
        match message["msg_type"], message["content"]:
            case "stream", {"text": str(text)}:
                printed.append(text)
            case "error", {"ename": name, "evalue": value}:
                raise CellError(f"the cell fails: {name}: {value}")
            case "status", {"execution_state": "idle"}:
                return "".join(printed)
    raise CellError(f"the cell has no result in {timeout_seconds:.0f} seconds")
