"""The agent on the server: what it lists and what it reads, over a channel that is opened anew when it breaks."""

from __future__ import annotations

import base64
import json
import posixpath
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from takeout.errors import ToolError
from takeout.pull.agent import LOST
from takeout.pull.answers import AskAgainError, GaveUpError
from takeout.pull.channel import OTHER_WAY, Channel
from takeout.pull.connection import Connection
from takeout.pull.kernel import KernelChannel
from takeout.pull.terminal import TerminalChannel

_PIECE_BYTES = 2 << 20


class Agent:
    """The agent, in a channel that is opened anew when it breaks.

    Args:
        connection: The server.
        through: What to start on the server.
        root: The directory there; the home, in what the server's file interface shows, where empty.
    """

    def __init__(self, connection: Connection, through: str, root: str = "") -> None:
        self._connection = connection
        self._through = through
        self._root = root
        self._channel: Channel | None = None

    def close(self) -> None:
        """End what was started on the server."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _call(self, function: str, *arguments: object) -> str:
        def once() -> str:
            try:
                if self._channel is None:
                    kind = KernelChannel if self._through == "kernel" else TerminalChannel
                    self._channel = kind(self._connection)
                if not self._root:
                    self._root = base64.b64decode(
                        self._channel.evaluate(f"base64.b64encode(os.fsencode({self._channel.root})).decode()")
                    ).decode("utf-8", "surrogateescape")
                    if self._connection.folder:
                        self._root = posixpath.join(self._root, self._connection.folder)
                given = ", ".join([repr(self._root), *(repr(argument) for argument in arguments)])
                return self._channel.evaluate(f"{function}({given})")
            except AskAgainError:
                self.close()
                raise

        try:
            return self._connection.insist(once)
        except GaveUpError as error:
            what = f"the {self._through} on the server breaks every time: {error.reason}"
            raise ToolError(what, hint=OTHER_WAY) from error

    def directories(self) -> list[Any]:
        """Return every directory as the agent lists it, each before what is in it."""
        packed, piece = bytearray(), 0
        while True:
            text = self._call("takeout_walk", piece, _PIECE_BYTES)
            if text == LOST:
                packed, piece = bytearray(), 0
                continue
            data = base64.b64decode(text)
            packed += data
            piece += 1
            if len(data) < _PIECE_BYTES:
                return list(json.loads(zlib.decompress(bytes(packed))))

    def read(self, wanted: list[tuple[str, int, int]]) -> list[tuple[int, int, bytes, str]]:
        """Return pieces of files: each file's length and time, the data, or why not."""
        found = zlib.decompress(base64.b64decode(self._call("takeout_read", wanted)))
        head, _, rest = found.partition(b"\n")
        answers, at = [], 0
        for size, mtime, length, error in json.loads(head):
            answers.append((size, mtime, rest[at : at + length], str(error)))
            at += length
        return answers


@contextmanager
def opened(connection: Connection, through: str) -> Iterator[Agent | None]:
    """Give an agent for the time of a pull, where one was asked for."""
    agent = Agent(connection, through) if through else None
    try:
        yield agent
    finally:
        if agent is not None:
            agent.close()
