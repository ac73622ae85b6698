"""What all requests to one server share: the administrator's decisions, held archives, gates, threads."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from time import monotonic

from takeout.archive import Inventory, Preset, Remembered, take_inventory
from takeout.server.config import Takeout
from takeout.server.formats import Archive, Seekable, make, seekable
from takeout.server.gate import Gate
from takeout.server.rate import Rate
from takeout.server.refusal import Refusal
from takeout.server.shelf import Key, Shelf
from takeout.server.transfers import Transfers
from takeout.server.walks import Walk, Walks

_WAITING_WALKS = 8


class Downloads:
    """The state of one server.

    Args:
        config: The administrator's decisions.
        contents_root: The contents manager's root; empty where its files are not on a disk.
    """

    def __init__(self, config: Takeout, contents_root: str) -> None:
        self.config = config
        self._contents_root = contents_root
        self.sending = Gate(config.max_downloads, what="downloads")
        self.walking = Gate(config.max_walks, waiting=_WAITING_WALKS, what="homes being looked through")
        self.walks = Walks(self._walk, config.wait_seconds)
        self.rate = Rate(config.rate)
        self.transfers = Transfers()
        self.shelf = Shelf(
            most_entries=config.hold_entries, keep_seconds=config.hold_seconds, volatile=config.volatile
        )
        self.executor = ThreadPoolExecutor(
            config.max_downloads + config.max_walks + 1, thread_name_prefix="takeout-server"
        )
        self._tidying: asyncio.TimerHandle | None = None
        self._remembered: Remembered | None = None
        self._lock = Lock()

    @property
    def root(self) -> bytes:
        """The directory below which everything is that may be taken.

        Raises:
            Refusal: 501 where the server's files are not on a disk.
        """
        root = self.config.root or self._contents_root
        if not root:
            hint = "the administrator can set Takeout.root to the directory of the home"
            raise Refusal(501, "root", "this server's files are not in a directory on its disk", hint)
        return os.fsencode(Path(root).expanduser())

    def remembered(self) -> Remembered:
        """Return the checksums of earlier runs; opened when they are first needed, in a thread."""
        with self._lock:
            if self._remembered is None:
                self._remembered = Remembered(self.config.cache_directory())
            return self._remembered

    async def keep(self) -> None:
        """Write down the checksums that were computed."""
        if self._remembered is not None:
            await asyncio.get_running_loop().run_in_executor(self.executor, self._remembered.flush)

    async def walk(
        self, key: Key, *, told: Callable[[int], None], gone: Callable[[], bool], answer: bool = False
    ) -> Inventory:
        """Look through a home; see ``Walks.inventory``."""
        return await self.walks.inventory(key, told=told, gone=gone, answer=answer)

    async def _walk(self, key: Key, walk: Walk) -> Inventory:
        def run() -> Inventory:
            return take_inventory(
                key.directory,
                preset=Preset(key.preset),
                exclude=(*key.exclude, *self.config.always_excluded()),
                one_file_system=self.config.one_file_system,
                # Before the walk: it makes its directory in the home.
                aside={**self.remembered().identity(), **self.config.aside()},
                progress=walk.progress,
            )

        async with self.walking.entered():
            walk.progress("", 0, 0)  # whoever asked may have left while others were before it
            return await asyncio.get_running_loop().run_in_executor(self.executor, run)

    async def archive_of(self, key: Key, inventory: Inventory, tag: str, *, begin: bool = True) -> Archive:
        """Return the archive to send: the one that a tag names, where the home is still the same, or a new one.

        Args:
            key: What is wanted.
            inventory: The home as it is now.
            tag: The archive that the client has a part of; empty where it has none.
            begin: Whether it is sent now, and to be held.
        """
        loop = asyncio.get_running_loop()
        archive = await loop.run_in_executor(self.executor, make, key.format, inventory, self._remembered)
        if not begin or not seekable(archive):
            return archive
        current = await loop.run_in_executor(self.executor, lambda: archive.tag)
        if tag and tag != current:
            held = self.shelf.find(key, tag)
            same = await loop.run_in_executor(self.executor, self.shelf.resumable, key, tag, inventory)
            if held and same:
                return self._hold(key, *held)
        return self._hold(key, archive, inventory)

    def _hold(self, key: Key, archive: Seekable, inventory: Inventory) -> Seekable:
        archive = self.shelf.put(key, archive, inventory, monotonic())
        self._tidy_later()
        return archive

    def _tidy_later(self) -> None:
        if self._tidying is None and len(self.shelf):
            delay = self.config.hold_seconds + 1
            self._tidying = asyncio.get_running_loop().call_later(delay, self._tidy)

    def _tidy(self) -> None:
        self._tidying = None
        self.shelf.tidy(monotonic())
        self.walks.tidy(monotonic())
        self._tidy_later()
