"""Requests to one server: over few connections that are kept, with the token, never following a redirect."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from takeout import __version__
from takeout.errors import NetworkError, TokenError, Where
from takeout.pull.answers import AbsentError, AskAgainError, FailedError, GaveUpError, RefusedError, judge
from takeout.pull.line import Answer, CutError, SilentError
from takeout.pull.lines import Lines
from takeout.pull.pace import Pace
from takeout.pull.site import Site
from takeout.pull.token import HINT, Token

ATTEMPTS = 8
"""How often one thing is tried without any progress, while the server answers others."""
_READ_SECONDS = 60.0
_MOST_JSON_BYTES = 1 << 30
_AGENT = f"jupyterhub-takeout/{__version__}"

Result = TypeVar("Result")
Revive = Callable[[], bool]
"""Brings a stopped server back; False where that cannot be done."""


class Connection:
    """Requests to one server.

    Args:
        origin: Scheme, host and port.
        base: Path of the server, with a final slash.
        token: The token; None for what needs none.
        pace: How many requests may be in flight.
        hub: Path of the hub; empty where there is none.
        patience_seconds: How long to try while nothing is answered.

    Attributes:
        folder: The folder of the server that is the home, without slashes around it; empty for all that it shows.
    """

    def __init__(
        self, origin: str, base: str, token: Token | None, pace: Pace, *, hub: str, patience_seconds: float
    ) -> None:
        self.origin = origin
        self.base = base
        self.folder = ""
        self.pace = pace
        self.hub = hub
        self.revive: Revive | None = None
        self._token = token
        self._patience_seconds = patience_seconds
        self._lines = Lines(Site.of(origin))
        self._sent = {"User-Agent": _AGENT, **({"Authorization": token.header()} if token else {})}
        self._reviving = threading.Lock()
        self._checked = threading.Lock()
        self._token_good_at = -1e9

    @property
    def address(self) -> str:
        """The server's address."""
        return f"{self.origin}{self.base}"

    @property
    def home_address(self) -> str:
        """The home's address: what is pulled from another one is another home."""
        return f"{self.address}tree/{self.folder}" if self.folder else self.address

    def close(self) -> None:
        """Close every connection, for good."""
        self._lines.close()

    def header(self) -> str:
        """Return the value of the ``Authorization`` header."""
        return self._token.header() if self._token else ""

    def hide(self, text: str) -> str:
        """Return ``text`` without the token."""
        return self._token.hidden_in(text) if self._token else text

    @contextmanager
    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: object = None,
        head_seconds: float = _READ_SECONDS,
        body_seconds: float = _READ_SECONDS,
    ) -> Iterator[Answer]:
        """Make one request and give its answer, which is read while the context lasts.

        Args:
            path: Path below the base, quoted; or an absolute one.
            method: The method.
            headers: More headers.
            body: What to send, as JSON.
            head_seconds: The longest silence to bear before the answer begins.
            body_seconds: The same while it comes.

        Raises:
            AskAgainError: When the answer may be better in a while, or the connection broke.
            RefusedError: When the server wants another token.
            AbsentError: When there is no such thing.
            FailedError: When the server cannot do it.
            StoppedError: When all work is to end.
        """
        target = path if path.startswith("/") else f"{self.base}{path}"
        sent = {**self._sent, **(headers or {})}
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        with self.pace.slot():
            line, answer = self._lines.own(), None
            try:
                answer = line.ask(method, target, sent, body=content, seconds=(head_seconds, body_seconds))
                judge(answer.status, answer.headers, self.hub)
                yield answer
                self.pace.good()
            except SilentError as error:
                reason = "no answer in time" if answer is None else "the answer stopped half-way"
                raise AskAgainError(reason, overloaded=True) from error
            except CutError as error:
                raise AskAgainError(str(error)) from error
            finally:
                line.done(answer)

    def json(self, path: str, *, method: str = "GET", body: object = None) -> Any:
        """Make a request whose answer is JSON, again and again where that may help.

        Raises:
            AbsentError: When there is no such thing.
            FailedError: When the server cannot do it.
            TokenError: When the token is not accepted.
            NetworkError: When nothing is answered for too long.
            StoppedError: When all work is to end.
        """

        def once() -> Any:
            with self.ask(path, method=method, body=body) as answer:
                data = answer.read()
            if not data:
                return None
            try:
                return json.loads(data)
            except ValueError as error:
                if b"<html" in data[:2000].lower():
                    raise RefusedError(answer.status) from error
                raise AskAgainError("an answer that is not JSON") from error

        return self.insist(once)

    def insist(self, once: Callable[[], Result], progress: Callable[[], int] = lambda: 0) -> Result:
        """Do something until it succeeds, as long as there is hope.

        Args:
            once: What to do.
            progress: A number that grows with what was reached; attempts count from its last growth.

        Raises:
            AbsentError: When there is no such thing.
            FailedError: When the server cannot do it, also after some attempts.
            RefusedError: When the server refuses this, though it accepts the token.
            TokenError: When the token is not accepted.
            NetworkError: When nothing is answered for too long.
            StoppedError: When all work is to end.
        """
        attempt, reached, began = 0, progress(), time.monotonic()
        while True:
            try:
                return once()
            except AskAgainError as error:
                # Without what led to it: that leads here, and all that it holds would stay until Python tidies up.
                again = error.with_traceback(None)
            except RefusedError as error:
                self._look_at_refusal(error)
                raise
            if progress() > reached:
                attempt, reached, began = 0, progress(), time.monotonic()
            attempt += 1
            self.pace.bad(overloaded=again.overloaded, pause_seconds=again.pause_seconds)
            if again.server_down:
                self._bring_back()
            self._hope(attempt, began, again)
            if attempt > 1 or again.overloaded or again.server_down:
                # A connection that was cut for the first time is made anew at once.
                self.pace.wait(attempt)

    def _hope(self, attempt: int, began: float, again: AskAgainError) -> None:
        if attempt >= ATTEMPTS and self.pace.good_since(began):
            raise GaveUpError(again.reason)
        silent = self.pace.silent_seconds()
        if silent > self._patience_seconds:
            raise NetworkError(
                f"the server has answered nothing for {silent:.0f} seconds: {again.reason}",
                where=Where(self.address),
                hint="run the same command again once the server answers; what is here already is kept",
            )

    def _bring_back(self) -> None:
        """Have a stopped server started again, once for all who noticed."""
        if self.revive is None:
            return
        noticed = time.monotonic()
        with self._reviving:
            if not self.pace.good_since(noticed) and not self.revive():
                raise NetworkError(
                    "the server was stopped",
                    where=Where(self.address),
                    hint="start it again and run the same command; what is here already is kept",
                )

    def _look_at_refusal(self, refused: RefusedError) -> None:
        """Find out whether the token is refused, or this one thing.

        Raises:
            TokenError: When it is the token.
        """
        noticed = time.monotonic()
        with self._checked:
            if self._token_good_at > noticed:
                # Another thread has asked since; one that has asked before knows nothing of this moment.
                return
            asked = time.monotonic()
            try:
                with self.ask("api/contents/?content=0") as answer:
                    json.loads(answer.read())
                self._token_good_at = asked
            except (RefusedError, ValueError) as error:
                what = (
                    "the server asks for a login" if refused.location else "the server does not accept the token"
                )
                hint = (
                    f"it may have expired; {HINT}; then run the same command again, what is here already is kept"
                )
                raise TokenError(what, where=Where(self.address), hint=hint) from error
            except (AskAgainError, AbsentError, FailedError):
                return
