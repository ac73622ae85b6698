"""What all handlers of Takeout have in common: who may ask, and how a no is said."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable
from datetime import UTC, datetime
from html import escape
from http import HTTPStatus
from pathlib import Path
from string import Template
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError

from takeout.errors import TakeoutError
from takeout.server.arguments import Wish, read_wish
from takeout.server.downloads import Downloads
from takeout.server.place import Place, find_directory
from takeout.server.refusal import Refusal, refusal_of
from takeout.server.shelf import Key
from takeout.server.walks import GoneError

STATIC = Path(__file__).parent / "static"
SETTING = "takeout_downloads"
_ACTIVITY = "takeout_last_activity"
"""Jupyter Server counts every setting whose name ends so as activity; the hub's culler asks for it."""


class TakeoutHandler(JupyterHandler):
    """The base of all handlers."""

    auth_resource = "contents"
    gone = False

    @property
    def downloads(self) -> Downloads:
        """What all requests share."""
        downloads: Downloads = self.settings[SETTING]
        return downloads

    @property
    def page_address(self) -> str:
        """Where the page is."""
        return url_path_join(self.base_url, "takeout/")

    @property
    def content_security_policy(self) -> str:
        """Nothing that is answered here runs anything."""
        return f"{super().content_security_policy}; default-src 'none'; style-src 'self'; sandbox"

    def set_default_headers(self) -> None:
        """Add that nothing may be kept by anybody on the way, or be collected by a proxy first."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")

    def on_connection_close(self) -> None:
        """Note that whoever asked has left; walks look at it."""
        self.gone = True
        super().on_connection_close()

    def note_activity(self) -> None:
        """Keep the server from being culled: something is going on."""
        self.settings[_ACTIVITY] = datetime.now(UTC)

    def check_origin_of_work(self) -> None:
        """Let nobody else's page start work here.

        Jupyter Server's own check comes first, as its handler of files has it. A browser says by itself where a
        request began; a link on another site is refused even where the check above accepts navigation, as
        JupyterHub's does.

        Raises:
            HTTPError: 403.
            Refusal: 403.
        """
        self.check_xsrf_cookie()
        site = self.request.headers.get("Sec-Fetch-Site", "none")
        if not self.token_authenticated and site not in ("same-origin", "none"):
            hint = "open the page of Takeout on this server and begin there"
            raise Refusal(403, "cross-site", "this request was begun by another site", hint)

    def asked(self, path: str) -> tuple[Wish, Place, Key]:
        """Return what a request asks for.

        Raises:
            Refusal: When it may not, or makes no sense.
        """
        config = self.downloads.config
        if not config.enabled:
            raise Refusal(403, "disabled", "the administrator of this server has turned downloads off")
        arguments = {
            name: [os.fsdecode(value) for value in values] for name, values in self.request.query_arguments.items()
        }
        wish = read_wish(arguments, config.formats, config.presets)
        place = find_directory(self.downloads.root, path, hidden=config.hidden)
        return wish, place, Key(place.directory, wish.format, wish.preset, wish.exclude)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:  # noqa: ARG002 - tornado's signature
        """Return the text of a part of the path; names of files are any bytes."""
        return os.fsdecode(value)

    async def answer(self, work: Awaitable[None]) -> None:
        """Do the work, and say what went wrong in the form that the client reads."""
        try:
            await work
        except Refusal as refusal:
            await self.refuse(refusal)
        except TakeoutError as error:
            await self.refuse(refusal_of(error))
        except GoneError:
            self.cut()

    def cut(self) -> None:
        """Close the connection: the only way to tell a browser that what it has is not the whole."""
        stream = getattr(self.request.connection, "stream", None)
        if stream is not None:
            stream.close()

    async def refuse(self, refusal: Refusal) -> None:
        """Say no; where the answer has begun already, cut it."""
        if self._headers_written:
            self.log.warning("takeout: cut %s: %s", self.request.path, refusal.message)
            self.cut()
            return
        self.clear()
        self.set_cors_headers()
        self.set_status(refusal.status)
        for name, value in refusal.headers.items():
            self.set_header(name, value)
        self._write_refusal(refusal)
        await self.finish()

    def _write_refusal(self, refusal: Refusal) -> None:
        if "text/html" in self.request.headers.get("Accept", ""):
            template = Template((STATIC / "refused.html").read_text(encoding="utf-8"))
            title = "This download cannot be made now"
            if refusal.code == "looking":
                # In a sandbox nothing asks again by itself.
                self.set_header("Refresh", refusal.headers["Retry-After"])
                self.set_header("Content-Security-Policy", self.content_security_policy.removesuffix("; sandbox"))
                title = "Looking at what is there"
            self.set_header("Content-Type", "text/html; charset=utf-8")
            self.write(
                template.substitute(
                    title=title,
                    status=refusal.status,
                    message=escape(_sentence(refusal.message)),
                    hint=escape(_sentence(refusal.hint)),
                    page=escape(self.page_address),
                )
            )
            return
        self.set_header("Content-Type", "application/json")
        self.write(json.dumps(refusal.to_json()))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say in the same form what Jupyter Server itself refuses."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        message = HTTPStatus(status_code).phrase if status_code in set(HTTPStatus) else "error"
        if isinstance(error, HTTPError) and error.log_message:
            message = error.log_message % error.args if error.args else error.log_message.replace("%%", "%")
        self.set_header("Cache-Control", "no-store")
        self._write_refusal(Refusal(status_code, "http", message))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
