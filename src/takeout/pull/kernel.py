"""The agent in a Python kernel of the server.

Source: https://jupyter-client.readthedocs.io/en/stable/messaging.html (execute_request, user_expressions: their
values come on the shell channel, which no rate limit of the server cuts).
"""

from __future__ import annotations

import ast
import json
import time
import uuid
from typing import Any
from urllib.parse import quote

import websocket

from takeout.errors import ToolError
from takeout.pull.answers import AbsentError, AskAgainError, FailedError
from takeout.pull.channel import ANSWER_SECONDS, OTHER_WAY, agent_text, close, ended, opened, started
from takeout.pull.connection import Connection

_LOOK_SECONDS = 5.0
"""After so long a silence the server is asked whether the kernel is still there."""
_MOST_IDLE = 4
"""So many times in a row it may have nothing to do before what it was asked counts as lost."""


class KernelChannel:
    """A Python kernel, in the directory that the server's file interface shows.

    Without a session a server starts it where the server itself was started, which may be anywhere.

    Args:
        connection: The server.
        text: What it runs first; the agent where empty.
        answer_seconds: The longest wait for one answer.

    Raises:
        ToolError: When the server has no Python kernel.
        AskAgainError: When it cannot be reached.
    """

    root = "os.getcwd()"

    def __init__(self, connection: Connection, text: str = "", *, answer_seconds: float = ANSWER_SECONDS) -> None:
        self._connection = connection
        self._answer_seconds = answer_seconds
        self._session = uuid.uuid4().hex
        self._loaded = False
        name = _python_kernel(connection)
        about = {
            "path": f"takeout-{self._session}",
            "name": "takeout",
            "type": "console",
            "kernel": {"name": name},
        }
        model = started(connection, "api/sessions", about)
        self._started = f"api/sessions/{quote(str(model['id']), safe='')}"
        try:
            self._kernel = f"api/kernels/{quote(str(model['kernel']['id']), safe='')}"
            self._socket = opened(connection, f"{self._kernel}/channels?session_id={self._session}")
        except BaseException:
            ended(connection, self._started)
            raise
        try:
            self._socket.settimeout(_LOOK_SECONDS)
            self._run(text or agent_text(), {})
            self._loaded = True
        except BaseException:
            self.close()
            raise

    def evaluate(self, expression: str) -> str:
        """Return the text that an expression of Python gives."""
        found = self._run("", {"r": expression}).get("r", {})
        if found.get("ename") == "NameError":
            raise AskAgainError("the kernel was restarted, and knows nothing of what it was told")
        if found.get("status") != "ok":
            raise _failed(found)
        return str(ast.literal_eval(found["data"]["text/plain"]))

    def _run(self, code: str, expressions: dict[str, str]) -> dict[str, Any]:
        message_id = uuid.uuid4().hex
        header = {
            "msg_id": message_id, "msg_type": "execute_request", "session": self._session, "username": "takeout",
            "version": "5.3", "date": "1970-01-01T00:00:00Z",
        }  # fmt: skip
        content = {
            "code": code, "silent": True, "store_history": False, "user_expressions": expressions,
            "allow_stdin": False, "stop_on_error": False,
        }  # fmt: skip
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        try:
            self._socket.send(json.dumps(message))
            return self._reply(message_id)
        except (websocket.WebSocketException, OSError) as error:
            raise AskAgainError(f"the kernel's connection broke: {error}") from error

    def _reply(self, message_id: str) -> dict[str, Any]:
        end = time.monotonic() + self._answer_seconds
        idle = 0
        while time.monotonic() < end:
            try:
                text = self._socket.recv()
            except websocket.WebSocketTimeoutException:
                idle = idle + 1 if self._look() else 0
                if idle == _MOST_IDLE:
                    raise AskAgainError("the kernel was restarted") from None
                continue
            if not text:
                raise AskAgainError("the kernel's connection was closed")
            message = json.loads(text)
            if message.get("msg_type") == "status":
                self._see_alive(message["content"].get("execution_state"))
            if message.get("parent_header", {}).get("msg_id") != message_id:
                continue
            if message.get("msg_type") == "execute_reply":
                content = message["content"]
                if content.get("status") != "ok":
                    raise _failed(content)
                return dict(content.get("user_expressions") or {})
        raise AskAgainError("the kernel did not answer in time")

    def _look(self) -> bool:
        """Ask the server after a kernel that says nothing; of one that was ended or restarted it may say nothing.

        Returns:
            Whether it has nothing to do; what it was asked may still be on its way, or be lost.

        Raises:
            AskAgainError: When it is gone, or the server does not answer.
        """
        try:
            with self._connection.ask(self._kernel) as answer:
                return b'"idle"' in answer.read()
        except AbsentError:
            raise AskAgainError("the kernel ended") from None
        except FailedError:
            return False

    def _see_alive(self, state: object) -> None:
        """Hear what a kernel, or its server, says of its life.

        Raises:
            AskAgainError: When it ended, or was restarted: it answers no more to what it was asked before.
        """
        if state in ("dead", "restarting") or (state == "starting" and self._loaded):
            raise AskAgainError("the kernel ended")

    def close(self) -> None:
        """End the kernel."""
        close(self._socket)
        ended(self._connection, self._started)


def _failed(reply: dict[str, Any]) -> ToolError:
    said = f"{reply.get('ename', '')} {reply.get('evalue', '')}".strip()
    return ToolError(f"the kernel failed: {said}", hint=OTHER_WAY)


def _python_kernel(connection: Connection) -> str:
    model = connection.json("api/kernelspecs")
    specs = model.get("kernelspecs", {}) if isinstance(model, dict) else {}
    python = [
        name for name, spec in specs.items() if str(spec.get("spec", {}).get("language", "")).lower() == "python"
    ]
    default = model.get("default") if isinstance(model, dict) else None
    if not python:
        raise ToolError("the server has no Python kernel", hint="try --through terminal")
    return str(default) if default in python else "python3" if "python3" in python else min(python)
