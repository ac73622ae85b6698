"""A user's session with a hub by a token alone, so that it works whatever the hub's login is."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import httpx

from takeout.local.browser import Browser, StepError

_PAUSE_SECONDS = 0.5
_NO_CONTENT, _CREATED, _ACCEPTED = 204, 201, 202


class TokenSession(Browser):
    """A session of one user, by a token of theirs.

    Args:
        url: The hub's address with its base path.
        user: The user's name.
        token: The token; it is sent in a header and shown nowhere.
    """

    def api(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Return what the hub's REST API answers."""
        return self._client.request(method, f"{self.url}hub/api/{path}", json=body)

    def start(self, profile: str, timeout_seconds: float) -> None:
        """Start a server with ``profile`` (empty for a hub without profiles) and wait until it answers.

        Raises:
            StepError: When it does not start in time; says what the hub says.
        """
        options = {"profile": profile} if profile else {}
        answer = self.api("POST", f"users/{self._name}/server", options)
        if answer.status_code not in (_CREATED, _ACCEPTED):
            raise StepError(f"the hub does not start the server ({answer.status_code}): {_message(answer)}")
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            state = self.api("GET", f"users/{self._name}")
            server = (state.json().get("servers") or {}).get("") if state.status_code == httpx.codes.OK else {}
            if server is None:
                raise StepError(f"the server does not start: {self._last_words()}")
            if server and server.get("ready"):
                break
            time.sleep(_PAUSE_SECONDS)
        else:
            raise StepError(f"the server does not start in {timeout_seconds:.0f} seconds: {self._last_words()}")
        self._answers(deadline)

    def stop(self, timeout_seconds: float) -> None:
        """Stop the server and wait until it is gone.

        Raises:
            StepError: When it does not stop in time.
        """
        answer = self.api("DELETE", f"users/{self._name}/server")
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise StepError(f"the hub does not stop the server ({answer.status_code}): {_message(answer)}")
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            state = self.api("GET", f"users/{self._name}")
            if state.status_code == httpx.codes.OK and not state.json().get("servers"):
                return
            time.sleep(_PAUSE_SECONDS)
        raise StepError(f"the server does not stop in {timeout_seconds:.0f} seconds")

    def status_of(self, address: str) -> int:
        """Return the status with which an address below the hub's answers; a way to a login counts as 403."""
        answer = self._client.get(self.url + address, follow_redirects=False)
        if answer.is_redirect and "login" in answer.headers.get("location", ""):
            return httpx.codes.FORBIDDEN
        if answer.is_redirect and "oauth2/authorize" in answer.headers.get("location", ""):
            return httpx.codes.FORBIDDEN
        return answer.status_code

    @property
    def _name(self) -> str:
        return quote(self.user, safe="@~")

    def _answers(self, deadline: float) -> None:
        """Wait until the proxy's route leads to the server: the hub says that it is ready a moment before."""
        while True:
            answer = self._client.get(f"{self.server}api/status", follow_redirects=False)
            if answer.status_code == httpx.codes.OK:
                return
            if time.monotonic() > deadline:
                raise StepError(f"the server runs and does not answer ({answer.status_code})")
            time.sleep(_PAUSE_SECONDS)

    def _last_words(self) -> str:
        """Return what the hub said last about the start; its stream repeats it for whoever comes late."""
        said = ""
        try:
            address = f"{self.url}hub/api/users/{self._name}/server/progress"
            with self._client.stream("GET", address, timeout=5) as stream:
                for line in stream.iter_lines():
                    if line.startswith("data:"):
                        event = json.loads(line[5:])
                        said = str(event.get("message") or said)
                        if event.get("failed"):
                            return said
        except (httpx.HTTPError, ValueError):
            pass
        return said or "the hub does not say why; see the hub's log"


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("message") or answer.text)[:300]
    except ValueError:
        return answer.text[:300]
