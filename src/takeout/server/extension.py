"""Hang Takeout into a Jupyter Server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server.services.contents.fileio import FileManagerMixin
from jupyter_server.utils import url_path_join

from takeout.server.archive_handler import ArchiveHandler
from takeout.server.base import SETTING
from takeout.server.config import Takeout
from takeout.server.downloads import Downloads
from takeout.server.inventory_handler import InventoryHandler
from takeout.server.listing_handler import ListingHandler
from takeout.server.page_handlers import HANDLERS

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

ENDPOINTS = [
    *HANDLERS,
    (r"/takeout/archive((?:/.*)?)", ArchiveHandler, {}),
    (r"/takeout/inventory((?:/.*)?)", InventoryHandler, {}),
    (r"/takeout/listing((?:/.*)?)", ListingHandler, {}),
]
"""Every endpoint: pattern below the base address, handler, its arguments."""


def link(server: ServerApp) -> None:
    """Let ``jupyter server --help-all`` and the command line know the settings."""
    if Takeout not in server.classes:
        server.classes = [*server.classes, Takeout]


def load(server: ServerApp) -> None:
    """Add the endpoints."""
    config = Takeout(parent=server)
    manager = server.contents_manager
    # Every contents manager has a root, ``/`` if nothing else; only for these it is a directory on a disk.
    root = str(manager.root_dir) if isinstance(manager, FileManagerMixin) else ""
    downloads = Downloads(config, root)
    server.web_app.settings[SETTING] = downloads
    base = server.web_app.settings["base_url"]
    server.web_app.add_handlers(  # type: ignore[no-untyped-call]
        ".*$", [(url_path_join(base, pattern), handler, arguments) for pattern, handler, arguments in ENDPOINTS]
    )
