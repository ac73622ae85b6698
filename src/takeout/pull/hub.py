"""A JupyterHub, through its REST interface: whose token it is, is the server running, start it, stop it.

Source: https://jupyterhub.readthedocs.io/en/stable/reference/rest-api.html
"""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from takeout.errors import NetworkError, TokenError, UnknownHubError, Where
from takeout.progress import Progress, silent
from takeout.pull.answers import AbsentError, AskAgainError, FailedError, GaveUpError, RefusedError
from takeout.pull.connection import Connection
from takeout.pull.token import HINT

START_SECONDS = 900.0
"""A node that has to be made first takes minutes; JupyterHub itself gives up earlier than this."""
_POLL_SECONDS = 1.0
_STREAM_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class UserServer:
    """A server as the hub sees it.

    Attributes:
        ready: Whether it runs.
        pending: What the hub is at with it: ``spawn``, ``stop``, or empty.
        url: Its path, where the hub tells.
    """

    ready: bool
    pending: str
    url: str = ""


class Hub:
    """A hub.

    Args:
        connection: To the hub, its base being the hub's path.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def address(self) -> str:
        """The hub's address."""
        return self._connection.address

    def close(self) -> None:
        """Close every connection, and end what still waits for the hub."""
        self._connection.pace.stop()
        self._connection.close()

    def whose(self) -> str:
        """Return the name of the token's user.

        Raises:
            TokenError: When the hub does not accept the token.
            NetworkError: When the hub does not answer.
        """
        model = self._json("api/user")
        name = model.get("name") if isinstance(model, dict) else None
        if not isinstance(name, str) or model.get("kind", "user") != "user":
            raise TokenError("the token is not a user's", where=Where(self.address), hint=HINT)
        return name

    def server(self, user: str, name: str) -> UserServer | None:
        """Return a user's server; None where it is stopped.

        Raises:
            TokenError: When the token may not see it.
            UnknownHubError: When there is no such user.
        """
        try:
            model = self._json(f"api/users/{quote(user, safe='')}")
        except AbsentError as error:
            hint = "look at the address: is the server another user's than the token?"
            raise UnknownHubError(f"the hub knows no user {user}", where=Where(self.address), hint=hint) from error
        servers = model.get("servers") if isinstance(model, dict) else None
        if not isinstance(servers, dict):
            # Without the scope for the servers' states the hub names only the default server, if it runs.
            url = model.get("server") if isinstance(model, dict) else None
            return UserServer(True, "", url) if isinstance(url, str) and not name else None
        found = servers.get(name)
        if not isinstance(found, dict):
            return None
        return UserServer(bool(found.get("ready")), str(found.get("pending") or ""), str(found.get("url") or ""))

    def start(self, user: str, name: str, progress: Progress = silent) -> UserServer:
        """Start a server and wait until it runs.

        Raises:
            TokenError: When the token may not start it.
            NetworkError: When it does not start; the hub's own words are in the message.
        """
        has_begun = self._ask_to_start(user, name)
        return self._until_ready(user, name, progress, has_begun=has_begun)

    def _ask_to_start(self, user: str, name: str) -> bool:
        """Return whether the hub has begun to start the server; not while it runs, starts or stops."""
        try:
            self._connection.json(_server_path(user, name), method="POST", body={})
        except RefusedError as error:
            raise self._refused("start the server", error) from error
        except FailedError as error:
            # 400: it runs, is being started or being stopped; whatever it is, the state tells.
            if error.status != 400:  # noqa: PLR2004 - RFC 9110, 15.5.1
                raise self._not_started(f"the hub fails to start the server ({error})") from error
            return False
        return True

    def stop(self, user: str, name: str) -> bool:
        """Stop a server; return whether the hub has begun to."""
        try:
            self._connection.json(_server_path(user, name), method="DELETE")
        except (AbsentError, RefusedError, FailedError, GaveUpError, NetworkError, TokenError):
            return False
        return True

    def _until_ready(self, user: str, name: str, progress: Progress, *, has_begun: bool) -> UserServer:
        last = ""
        pace = self._connection.pace
        waited = 0.0
        while waited < START_SECONDS:
            try:
                with closing(self._events(user, name)) as events:
                    for event in events:
                        last = str(event.get("message") or last)
                        step = int(event.get("progress") or 0)
                        progress(f"starting the server: {last}", step, 100)
                        if event.get("failed"):
                            raise self._not_started(f"the server does not start: {last}")
            except (AskAgainError, AbsentError, FailedError, RefusedError):
                pass  # The stream is for people; the state below decides.
            found = self.server(user, name)
            if found is not None and found.ready:
                return found
            if found is None and not has_begun:
                # It was being stopped when it was asked for; now that it is gone it can be started.
                has_begun = self._ask_to_start(user, name)
                waited = 0.0 if has_begun else waited
            elif found is None and waited > 3 * _POLL_SECONDS:
                raise self._not_started(f"the server does not start: {last or 'the hub does not say why'}")
            pace.stopped.wait(_POLL_SECONDS)
            waited += _POLL_SECONDS
        raise self._not_started(f"the server did not start in {START_SECONDS:.0f} seconds: {last}")

    def _not_started(self, what: str) -> NetworkError:
        hint = "look at the hub in a browser; run the same command again once the server starts"
        return NetworkError(what, where=Where(self.address), hint=hint)

    def _events(self, user: str, name: str) -> Generator[dict[str, Any]]:
        """Yield what the hub says while a server starts. Source: the hub's server-sent events."""
        path = f"{_server_path(user, name)}/progress"
        with self._connection.ask(
            path, headers={"Accept": "text/event-stream"}, body_seconds=_STREAM_SECONDS
        ) as answer:
            rest = b""
            for chunk in answer.body:
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    if line.startswith(b"data:"):
                        event = json.loads(line[5:])
                        yield event
                        if event.get("ready") or event.get("failed"):
                            return

    def _json(self, path: str) -> Any:
        try:
            return self._connection.json(path)
        except RefusedError as error:
            raise self._refused("see the user", error) from error
        except (FailedError, GaveUpError) as error:
            hint = "look at the hub in a browser; run the same command again once it answers there"
            raise NetworkError(
                f"the hub does not answer as a hub: {error}", where=Where(self.address), hint=hint
            ) from error

    def _refused(self, what: str, error: RefusedError) -> TokenError:
        return TokenError(
            f"the hub does not let this token {what} (status {error.status})", where=Where(self.address), hint=HINT
        )


def _server_path(user: str, name: str) -> str:
    quoted = quote(user, safe="")
    return f"api/users/{quoted}/servers/{quote(name, safe='')}" if name else f"api/users/{quoted}/server"
