"""``GET …/takeout/inventory/<path>``: what a directory holds, told while it is looked through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from takeout.archive.home.entry import shown
from takeout.errors import TakeoutError
from takeout.server.base import TakeoutHandler
from takeout.server.events import event
from takeout.server.refusal import Refusal, refusal_of
from takeout.server.shelf import Key
from takeout.server.summary import summary

_EVERY_SECONDS = 0.25


class EventsHandler(TakeoutHandler):
    """The base of handlers that answer with a stream of events."""

    async def tell(self, name: str, data: object) -> None:
        """Send one event.

        Raises:
            StreamClosedError: When nobody listens any more.
        """
        if not self._headers_written:
            self.set_header("Content-Type", "text/event-stream; charset=utf-8")
        self.write(event(name, data))
        await self.flush()


class InventoryHandler(EventsHandler):
    """Look through a directory: events ``progress``, then one ``inventory`` or one ``failed``."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Look through it."""
        await self.answer(self._get(path))

    async def _get(self, path: str) -> None:
        self.check_origin_of_work()
        _, place, key = self.asked(path)
        with self.downloads.walking.place():
            pass
        self.note_activity()
        entries = 0

        def told(count: int) -> None:
            nonlocal entries
            entries = count

        task = asyncio.ensure_future(self._summarised(key, told))
        try:
            while not task.done():
                await self.tell("progress", {"entries": entries})
                await asyncio.wait({task}, timeout=_EVERY_SECONDS)
            names = {"name": place.name, "path": place.below, "directory": place.directory}
            readable = {key: shown(value) if value else "" for key, value in names.items()}
            await self.tell("inventory", {**await task, **readable})
        except StreamClosedError:
            self.gone = True
        except Refusal as refusal:
            await self.tell("failed", refusal.to_json())
        except TakeoutError as error:
            await self.tell("failed", refusal_of(error).to_json())
        finally:
            await asyncio.gather(task, return_exceptions=True)

    async def _summarised(self, key: Key, told: Callable[[int], None]) -> dict[str, object]:
        inventory = await self.downloads.walk(key, told=told, gone=lambda: self.gone)
        formats = self.downloads.config.formats
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.downloads.executor, summary, inventory, formats)
