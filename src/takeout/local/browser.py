"""A person's session with a hub, over HTTP alone: log in, choose, wait, run a cell, stop.

It knows JupyterHub's pages and nothing of where the hub runs, so it tries a hub on this machine and one on a
cluster the same way. It needs JupyterHub 4.1 or newer, for its cross-site protection.
"""

from __future__ import annotations

import time
from typing import Self
from urllib.parse import quote, urljoin, urlsplit

import httpx
import websocket

from takeout.local.kernel import CellError, execute, new_session
from takeout.local.pages import hidden, profiles_of, words

_PAUSE_SECONDS = 0.3
_REQUEST_SECONDS = 60.0


class StepError(Exception):
    """A step of a session did not do what it should."""


class Browser:
    """A session of one user.

    Args:
        url: The hub's address with its base path.
        user: The user's name.
        token: A token of the user's, in place of a login.
    """

    def __init__(self, url: str, user: str, token: str = "") -> None:
        self.url = url.rstrip("/") + "/"
        self.user = user
        self._authorization = {"Authorization": f"token {token}"} if token else {}
        self._client = httpx.Client(
            follow_redirects=True, timeout=_REQUEST_SECONDS, trust_env=False, headers=self._authorization
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def server(self) -> str:
        """The address of the user's server."""
        return f"{self.url}user/{quote(self.user, safe='@~')}/"

    def log_in(self, password: str) -> None:
        """Log in with name and password.

        Raises:
            StepError: When the hub does not let the user in.
        """
        page = self._get("hub/login")
        form = {"_xsrf": self._xsrf("/hub/"), **hidden(page.text), "username": self.user, "password": password}
        # Without a place to go on to, the hub would start a server at once where there is no form.
        home = {"next": f"{urlsplit(self.url).path}hub/home"}
        answer = self._client.post(
            f"{self.url}hub/login", params=home, data=form, headers={"Referer": str(page.url)}
        )
        if "hub/login" in str(answer.url) or answer.status_code >= httpx.codes.BAD_REQUEST:
            raise StepError(f"the hub does not let {self.user} in ({answer.status_code}): {words(answer.text)}")

    def profiles(self) -> list[str]:
        """Open the form and return the slugs of the profiles that it offers; none where there is no form.

        Raises:
            StepError: When the form cannot be shown.
        """
        page = self._get("hub/home")
        page = self._client.get(f"{self.url}hub/spawn", follow_redirects=False)
        if page.is_redirect:
            return []
        if page.status_code >= httpx.codes.BAD_REQUEST:
            raise StepError(f"the form cannot be shown ({page.status_code}): {words(page.text)}")
        return profiles_of(page.text)

    def start(self, profile: str, timeout_seconds: float) -> None:
        """Start a server with ``profile`` (empty for a hub without a form) and wait until it answers.

        Raises:
            StepError: When it does not start in time.
        """
        if profile:
            page = self._client.get(f"{self.url}hub/spawn")
            action = f"{self.url}hub/spawn/{quote(self.user, safe='@~')}"
            form = {**hidden(page.text), "profile": profile, "_xsrf": self._xsrf("/hub/")}
            answer = self._client.post(
                action, params={"_xsrf": form["_xsrf"]}, data=form, headers={"Referer": str(page.url)}
            )
            if answer.status_code >= httpx.codes.BAD_REQUEST:
                raise StepError(f"the hub refuses ({answer.status_code}): {words(answer.text)}")
        else:
            answer = self._client.get(f"{self.url}hub/spawn")
        deadline = time.monotonic() + timeout_seconds
        pending = f"{self.url}hub/spawn-pending/{quote(self.user, safe='@~')}"
        while time.monotonic() < deadline:
            path = urlsplit(str(answer.url)).path
            if (
                path.startswith(urlsplit(self.server).path)
                and answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR
            ):
                return
            if answer.status_code >= httpx.codes.BAD_REQUEST and "spawn" in path:
                raise StepError(f"the server does not start ({answer.status_code}): {words(answer.text)}")
            time.sleep(_PAUSE_SECONDS)
            answer = self._client.get(pending)
        raise StepError(f"the server does not start in {timeout_seconds:.0f} seconds")

    def run_cell(self, code: str, timeout_seconds: float) -> str:
        """Run ``code`` in a new kernel, over the websocket, and return what it printed.

        Raises:
            StepError: When there is no kernel, or no answer in time, or the code fails.
        """
        self._client.get(f"{self.server}api/")
        opened = self._client.get(f"{self.server}tree")
        headers = {"X-XSRFToken": self._xsrf(urlsplit(self.server).path), "Referer": str(opened.url)}
        made = self._client.post(f"{self.server}api/kernels", json={}, headers=headers)
        if made.status_code != httpx.codes.CREATED:
            raise StepError(f"no kernel starts ({made.status_code}): {words(made.text)}")
        kernel = f"{self.server}api/kernels/{made.json()['id']}"
        try:
            return self._execute(f"{kernel}/channels", code, timeout_seconds)
        except CellError as error:
            raise StepError(str(error)) from error
        except (websocket.WebSocketException, OSError) as error:
            raise StepError(f"the kernel's websocket fails: {error}") from error
        finally:
            self._client.delete(kernel, headers=headers)

    def get_file(self, path: str) -> int:
        """Return the status of a page of the user's server."""
        return self._client.get(urljoin(self.server, path)).status_code

    def stop(self, timeout_seconds: float) -> None:
        """Stop the server and wait until it is gone.

        Raises:
            StepError: When it does not stop in time.
        """
        self._get("hub/home")
        address = f"{self.url}hub/api/users/{quote(self.user, safe='@~')}"
        headers = {"X-XSRFToken": self._xsrf("/hub/"), "Referer": f"{self.url}hub/home"}
        answer = self._client.delete(f"{address}/server", headers=headers)
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise StepError(f"the hub does not stop the server ({answer.status_code}): {words(answer.text)}")
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            state = self._client.get(address, headers=headers)
            if state.status_code == httpx.codes.OK and not state.json().get("servers"):
                return
            time.sleep(_PAUSE_SECONDS)
        raise StepError(f"the server does not stop in {timeout_seconds:.0f} seconds")

    def _execute(self, address: str, code: str, timeout_seconds: float) -> str:
        session = new_session()
        cookies = "; ".join(
            f"{c.name}={c.value}" for c in self._client.cookies.jar if self.server_path_fits(c.path)
        )
        token = self._xsrf(urlsplit(self.server).path)
        channel = websocket.create_connection(
            f"ws{address.removeprefix('http')}?session_id={session}&_xsrf={quote(token)}",
            cookie=cookies,
            header=self._authorization,
            origin="{0.scheme}://{0.netloc}".format(urlsplit(self.url)),
            timeout=timeout_seconds,
        )
        try:
            return execute(channel, session, code, timeout_seconds)
        finally:
            channel.close()
            # One that the other side has closed first is only marked as closed by that.
            channel.shutdown()  # type: ignore[no-untyped-call]

    def server_path_fits(self, path: str) -> bool:
        """Whether a cookie of ``path`` is sent to the user's server."""
        return urlsplit(self.server).path.startswith(path)

    def _get(self, path: str) -> httpx.Response:
        answer = self._client.get(self.url + path)
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise StepError(f"{path} answers {answer.status_code}: {words(answer.text)}")
        return answer

    def _xsrf(self, path: str) -> str:
        """Return the cross-site token for the longest cookie path that fits ``path``."""
        if not path.startswith(urlsplit(self.url).path):
            path = urlsplit(self.url).path.rstrip("/") + path
        fitting = [c for c in self._client.cookies.jar if c.name == "_xsrf" and path.startswith(c.path)]
        best = max(fitting, key=lambda cookie: len(cookie.path), default=None)
        return (best.value or "") if best else ""
