"""The agent in a terminal of the server, in which Python runs.

Source: the terminals interface of jupyter_server_terminals, which classic notebook servers have too.
"""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import quote

import websocket

from takeout.errors import ToolError
from takeout.pull.answers import AskAgainError
from takeout.pull.channel import ANSWER_SECONDS, OTHER_WAY, agent_text, close, ended, opened, started
from takeout.pull.connection import Connection

_START_SECONDS = 60.0
_BEGIN, _END = "\x02", "\x03"


class TerminalChannel:
    """A terminal, in which Python runs.

    Args:
        connection: The server.

    Raises:
        ToolError: When the server has no terminals, or no Python in them.
        AskAgainError: When it cannot be reached.
    """

    root = "os.environ.get('JUPYTER_SERVER_ROOT') or os.getcwd()"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        model = started(connection, "api/terminals", {})
        self._name = quote(str(model["name"]), safe="")
        self._rest = ""
        try:
            self._socket = opened(connection, f"terminals/websocket/{self._name}")
        except BaseException:
            ended(connection, f"api/terminals/{self._name}")
            raise
        try:
            self._begin()
        except BaseException:
            self.close()
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
        text = self._answer(ANSWER_SECONDS, "")
        if text.startswith("-"):
            said = base64.b64decode(text[1:]).decode("utf-8", "replace")
            raise ToolError(f"Python on the server failed: {said}", hint=OTHER_WAY)
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
        close(self._socket)
        ended(self._connection, f"api/terminals/{self._name}")
