"""The page, its files, and what it asks for beside the inventory."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_server.auth.decorator import allow_unauthenticated, authorized
from jupyter_server.utils import url_path_join
from tornado import web
from tornado.iostream import StreamClosedError

from takeout import __version__
from takeout.server.base import STATIC, TakeoutHandler
from takeout.server.inventory_handler import EventsHandler
from takeout.server.refusal import Refusal

_EVERY_SECONDS = 0.5
_LONGEST_SECONDS = 3600.0
_REPEATED_SECONDS = 15
"""Proxies close connections on which nothing comes for long."""


class PageHandler(TakeoutHandler):
    """The page itself; what it shows it asks for with the rights of whoever looks at it."""

    @property
    def content_security_policy(self) -> str:
        """Only what this server itself holds runs on the page."""
        own = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
        return f"{super(TakeoutHandler, self).content_security_policy}; {own}; base-uri 'none'; form-action 'none'"

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Send the page, and the cookie without which JupyterHub lets its scripts ask for nothing."""
        _ = self.xsrf_token
        self.set_header("Content-Type", "text/html; charset=utf-8")
        await self.finish((STATIC / "page.html").read_bytes())

    @web.authenticated
    @authorized
    async def head(self) -> None:
        """Say that there is a page."""
        self.set_header("Content-Type", "text/html; charset=utf-8")


class PageAddressHandler(TakeoutHandler):
    """The page's address without its last slash."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Lead to the page."""
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(self.page_address + query)


class PageFilesHandler(TakeoutHandler, web.StaticFileHandler):
    """The page's scripts and styles, which anybody may have: they are published, and tell nothing of this server.

    A browser asks for the modules of a script without the token that JupyterHub 4.1 and newer wants beside its
    cookie, and would be sent to the hub and back for ever.
    """

    @allow_unauthenticated
    async def get(self, path: str, include_body: bool = True) -> None:
        """Send a file."""
        await web.StaticFileHandler.get(self, path, include_body)

    @allow_unauthenticated
    async def head(self, path: str) -> None:
        """Describe a file."""
        await web.StaticFileHandler.get(self, path, include_body=False)

    def compute_etag(self) -> str | None:
        """Return a tag of the file's content."""
        return web.StaticFileHandler.compute_etag(self)

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002 - tornado's signature
        """Let a browser keep a file, and ask each time whether there is a newer one."""
        self.set_header("Cache-Control", "no-cache")


class StatusHandler(TakeoutHandler):
    """What is possible on this server; other programs find out here whether Takeout is installed."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Tell it."""
        await self.answer(self._get())

    async def _get(self) -> None:
        self.check_origin_of_work()
        config = self.downloads.config
        status: dict[str, Any] = {
            "version": __version__,
            "enabled": config.enabled,
            "formats": list(config.formats),
            "presets": list(config.presets),
            "hidden": config.hidden,
            "start": self._start(),
            "hub": self._hub(),
        }
        await self.finish(status)

    def _start(self) -> str:
        """Return the path of the home, ready for an address; empty where the root is the home or below it."""
        try:
            root = os.path.realpath(self.downloads.root)
        except Refusal:
            return ""
        home = os.path.realpath(os.fsencode(Path.home()))
        inside = home != root and home.startswith(root.rstrip(b"/") + b"/")
        return quote(home[len(root.rstrip(b"/")) + 1 :]) if inside else ""

    def _hub(self) -> dict[str, str]:
        """Return where the hub's pages are, where this server belongs to one."""
        prefix = os.environ.get("JUPYTERHUB_BASE_URL", "") if os.environ.get("JUPYTERHUB_API_TOKEN") else ""
        return {"token": url_path_join(prefix, "hub/token")} if prefix else {}


class TransferHandler(EventsHandler):
    """How far a download is, as the server sees it: events ``transfer`` until it is over."""

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """Tell it."""
        await self.answer(self._get(name))

    async def _get(self, name: str) -> None:
        self.check_origin_of_work()
        transfer = self.downloads.transfers.named(name)
        told: dict[str, object] = {}
        silent_seconds = 0.0
        try:
            while silent_seconds < _LONGEST_SECONDS and not self.gone:
                now = transfer.to_json()
                silent_seconds = silent_seconds + _EVERY_SECONDS if now == told else 0.0
                if now != told or silent_seconds % _REPEATED_SECONDS == 0:
                    await self.tell("transfer", now)
                told = now
                if transfer.state == "done":
                    return
                await asyncio.sleep(_EVERY_SECONDS)
        except StreamClosedError:
            return


HANDLERS: list[tuple[str, type[TakeoutHandler], dict[str, object]]] = [
    (r"/takeout", PageAddressHandler, {}),
    (r"/takeout/", PageHandler, {}),
    (r"/takeout/static/([a-z]+\.(?:js|css|svg))", PageFilesHandler, {"path": str(STATIC)}),
    (r"/takeout/status", StatusHandler, {}),
    (r"/takeout/transfer/([0-9a-f]{8,64})", TransferHandler, {}),
]
