"""A way to run the agent on the server: a kernel or a terminal, started for it and closed after.

Source: https://jupyter-client.readthedocs.io/en/stable/messaging.html (execute_request, user_expressions: their
values come on the shell channel, which no rate limit of the server cuts); the terminals interface of
jupyter_server_terminals, which classic notebook servers have too.
"""

from __future__ import annotations

import ast
import base64
import json
import ssl
import time
import uuid
from importlib import resources
from typing import Any, Protocol
from urllib.parse import quote

import websocket

from takeout.errors import ToolError, Where
from takeout.pull.answers import AbsentError, AskAgainError, FailedError, RefusedError
from takeout.pull.connection import Connection, GaveUpError

_ANSWER_SECONDS = 120.0
"""The longest wait for one answer; a listing of a large home on a slow file server takes its time."""
_START_SECONDS = 60.0
_BEGIN, _END = "\x02", "\x03"


class Channel(Protocol):
    """Evaluates expressions on the server, with the agent's functions at hand."""

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


class KernelChannel:
    """A Python kernel.

    Args:
        connection: The server.
        text: What it runs first; the agent where empty.
        answer_seconds: The longest wait for one answer.

    Raises:
        ToolError: When the server has no Python kernel.
        AskAgainError: When it cannot be reached.
    """

    def __init__(self, connection: Connection, text: str = "", *, answer_seconds: float = _ANSWER_SECONDS) -> None:
        self._connection = connection
        self._answer_seconds = answer_seconds
        self._session = uuid.uuid4().hex
        name = _python_kernel(connection)
        model = _started(connection, "api/kernels", {"name": name})
        self._kernel = quote(str(model["id"]), safe="")
        try:
            self._socket = _socket(connection, f"api/kernels/{self._kernel}/channels?session_id={self._session}")
            self._socket.settimeout(answer_seconds)
            self._run(text or agent_text(), {})
        except BaseException:
            _ended(connection, f"api/kernels/{self._kernel}")
            raise

    def evaluate(self, expression: str) -> str:
        """Return the text that an expression of Python gives."""
        found = self._run("", {"r": expression}).get("r", {})
        if found.get("status") != "ok":
            raise ToolError(f"the kernel failed: {found.get('ename', '')} {found.get('evalue', '')}".strip())
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
        while time.monotonic() < end:
            text = self._socket.recv()
            if not text:
                raise AskAgainError("the kernel's connection was closed")
            message = json.loads(text)
            if message.get("msg_type") == "status" and message["content"].get("execution_state") == "dead":
                raise AskAgainError("the kernel died")
            if message.get("parent_header", {}).get("msg_id") != message_id:
                continue
            if message.get("msg_type") == "execute_reply":
                content = message["content"]
                if content.get("status") != "ok":
                    raise ToolError(f"the kernel failed: {content.get('ename', '')} {content.get('evalue', '')}")
                return dict(content.get("user_expressions") or {})
        raise AskAgainError("the kernel did not answer in time")

    def close(self) -> None:
        """End the kernel."""
        _closed(self._socket)
        _ended(self._connection, f"api/kernels/{self._kernel}")


class TerminalChannel:
    """A terminal, in which Python runs.

    Args:
        connection: The server.

    Raises:
        ToolError: When the server has no terminals, or no Python in them.
        AskAgainError: When it cannot be reached.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        model = _started(connection, "api/terminals", {})
        self._name = quote(str(model["name"]), safe="")
        self._rest = ""
        try:
            self._socket = _socket(connection, f"terminals/websocket/{self._name}")
            self._begin()
        except BaseException:
            _ended(connection, f"api/terminals/{self._name}")
            raise

    def _begin(self) -> None:
        # The text has no byte of the marks themselves: a terminal shows what is typed.
        loop = (
            "import sys,os,json,base64,tty;tty.setraw(0);i=os.fdopen(0,'rb',0,closefd=False);"
            "b=chr(2);e=chr(3);w=lambda s:(sys.stdout.write(b+s+e),sys.stdout.flush());"
            "r=lambda:base64.b64decode(i.readline()).decode();w('ready');g={};exec(r(),g);w('loaded')\n"
            "while True:\n"
            " try:\n  s=r()\n  w('+'+eval(s,g)) if s else sys.exit()\n"
            " except Exception as x: w('-'+base64.b64encode(repr(x).encode()).decode())\n"
        )
        packed = base64.b64encode(loop.encode()).decode()
        start = f"import base64;exec(base64.b64decode('{packed}'))"
        self._send(f' exec $(command -v python3 || command -v python) -u -c "{start}"\r')
        try:
            self._answer(_START_SECONDS, "ready")
        except AskAgainError as error:
            hint = "try --through kernel"
            raise ToolError("no Python answers in a terminal of the server", hint=hint) from error
        self._send(base64.b64encode(agent_text().encode()).decode() + "\n")
        self._answer(_START_SECONDS, "loaded")

    def evaluate(self, expression: str) -> str:
        """Return the text that an expression of Python gives."""
        self._send(base64.b64encode(expression.encode()).decode() + "\n")
        text = self._answer(_ANSWER_SECONDS, "")
        if text.startswith("-"):
            raise ToolError(
                f"Python on the server failed: {base64.b64decode(text[1:]).decode('utf-8', 'replace')}"
            )
        return text[1:]

    def _send(self, text: str) -> None:
        try:
            # A terminal's input buffer holds 4096 bytes; a longer write waits in the server, which may drop it.
            for start in range(0, len(text), 1024):
                self._socket.send(json.dumps(["stdin", text[start : start + 1024]]))
        except (websocket.WebSocketException, OSError) as error:
            raise AskAgainError(f"the terminal's connection broke: {error}") from error

    def _answer(self, seconds: float, wanted: str) -> str:
        end = time.monotonic() + seconds
        parts: list[str] = []
        inside = False
        while time.monotonic() < end:
            data = self._rest or self._received()
            self._rest = ""
            if not inside:
                _, mark, data = data.partition(_BEGIN)
                inside = bool(mark)
            if inside:
                body, mark, self._rest = data.partition(_END)
                parts.append(body)
                if mark:
                    text = "".join(parts)
                    if not wanted or text == wanted:
                        return text
                    parts, inside = [], False
        raise AskAgainError("the terminal did not answer in time")

    def _received(self) -> str:
        try:
            text = self._socket.recv()
        except (websocket.WebSocketException, OSError) as error:
            raise AskAgainError(f"the terminal's connection broke: {error}") from error
        if not text:
            raise AskAgainError("the terminal's connection was closed")
        message = json.loads(text)
        if message[0] == "disconnect":
            raise AskAgainError("the terminal ended")
        return str(message[1]) if message[0] == "stdout" else ""

    def close(self) -> None:
        """End the terminal."""
        _closed(self._socket)
        _ended(self._connection, f"api/terminals/{self._name}")


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


def _started(connection: Connection, path: str, body: dict[str, str]) -> dict[str, Any]:
    where = Where(connection.address)
    try:
        model = connection.json(path, method="POST", body=body)
    except (AbsentError, RefusedError) as error:
        raise ToolError(f"the server does not let one be started at {path}", where=where) from error
    except (FailedError, GaveUpError) as error:
        raise ToolError(f"the server fails to start one at {path}: {error}", where=where) from error
    if not isinstance(model, dict):
        raise ToolError(f"the server did not say what it started at {path}", where=where)
    return model


def _ended(connection: Connection, path: str) -> None:
    try:
        with connection.ask(path, method="DELETE"):
            return
    except Exception:  # noqa: BLE001 - it is being left anyway, and the server ends it with itself
        return


def _socket(connection: Connection, path: str) -> websocket.WebSocket:
    address = f"ws{connection.address.removeprefix('http')}{path}"
    context = ssl.create_default_context() if address.startswith("wss") else None
    try:
        return websocket.create_connection(
            address,
            timeout=_ANSWER_SECONDS,
            header=[f"Authorization: {connection.header()}"],
            sslopt={"context": context} if context else None,
            max_size=None,
        )
    except (websocket.WebSocketException, OSError) as error:
        raise AskAgainError(f"no web socket: {connection.hide(str(error))}") from error


def _closed(socket: websocket.WebSocket) -> None:
    try:
        socket.close(timeout=1)
    except (websocket.WebSocketException, OSError):
        return
