"""``GET …/takeout/archive/<path>``: a directory as one file."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import monotonic

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from takeout.archive import Chunk, Inventory
from takeout.errors import DiskError, StaleError, TakeoutError
from takeout.server.arguments import Wish
from takeout.server.base import TakeoutHandler
from takeout.server.disposition import content_disposition, file_name
from takeout.server.formats import Archive, seekable
from takeout.server.place import Place
from takeout.server.pump import pumped
from takeout.server.ranges import Span, UnsatisfiableError, any_tags, requested, strong_tags
from takeout.server.refusal import Refusal
from takeout.server.shelf import Key
from takeout.server.transfers import State, Transfer

_HEAD_SECONDS = 10.0
"""So long an answer's head waits for the first bytes; proxies give up after about a minute."""

_KEEP_SECONDS = 60.0
"""A server that is killed loses no more checksums than those of the last minute."""


class ArchiveHandler(TakeoutHandler):
    """Send an archive, or the part of it that is still missing."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Send it."""
        await self.answer(self._get(path))

    @web.authenticated
    @authorized
    async def head(self, path: str) -> None:
        """Say what would be sent: the exact length and the tag."""
        await self.answer(self._head(path))

    def compute_etag(self) -> str | None:
        """Leave the tag alone that was set; tornado would make one of the body."""
        return self._headers.get("Etag")

    async def _head(self, path: str) -> None:
        self.check_origin_of_work()
        _, place, key = self.asked(path)
        inventory = await self.downloads.walk(key, told=lambda _: None, gone=lambda: self.gone, answer=True)
        archive = await self.downloads.archive_of(key, inventory, "", begin=False)
        self._describe(archive, place)
        if self._has(archive):
            self.set_status(304)

    async def _get(self, path: str) -> None:
        self.check_origin_of_work()
        wish, place, key = self.asked(path)
        transfer = self.downloads.transfers.named(wish.transfer)
        ended: State = "cut"
        try:
            with self.downloads.sending.place():
                await self._send(wish, place, key, transfer)
        except Refusal as refusal:
            if refusal.code == "looking":
                ended = "looking"
            else:
                ended, transfer.message = "refused", refusal.message
            raise
        except TakeoutError as error:
            transfer.message = error.message
            raise
        finally:
            if transfer.state != "done":
                transfer.state = ended

    async def _send(self, wish: Wish, place: Place, key: Key, transfer: Transfer) -> None:
        transfer.state = "looking"
        self.note_activity()

        def told(entries: int) -> None:
            transfer.entries = entries

        inventory = await self.downloads.walk(key, told=told, gone=lambda: self.gone, answer=True)
        archive, span = await self._chosen(wish, key, inventory)
        if self._has(archive):
            self._describe(archive, place)
            self.set_status(304)
            transfer.state = "done"
            return
        try:
            await self._deliver(archive, span, place, key, transfer)
        except StaleError:
            # What the client has cannot be continued: not now, and not when it tries again.
            self.downloads.shelf.forget(key, archive.tag)
            if self._headers_written:
                raise
            archive = await self.downloads.archive_of(key, inventory, "")
            await self._deliver(archive, None, place, key, transfer)

    async def _chosen(self, wish: Wish, key: Key, inventory: Inventory) -> tuple[Archive, Span | None]:
        """Return the archive to send and which part of it; None for the whole.

        A part is sent only of the archive that the client has the beginning of. ``If-Range`` says which one that
        is; or the argument ``tag``, for clients that cannot send that; or, where neither is there, it is the one
        that was last begun here.
        """
        range_header, if_range = self.request.headers.get("Range"), self.request.headers.get("If-Range")
        if if_range is None:
            known = self.downloads.shelf.begun(key, wish.tag)
        else:
            known = next(iter(strong_tags(if_range)), "-")
        archive = await self.downloads.archive_of(key, inventory, known if range_header else "")
        if not seekable(archive):
            return archive, None
        wanted = strong_tags(self.request.headers.get("If-Match"))
        if wanted and archive.tag not in wanted:
            raise Refusal(412, "stale", "the home has changed since", "begin again without the condition")
        if known and known != archive.tag:
            return archive, None
        try:
            return archive, requested(range_header, archive.length)
        except UnsatisfiableError:
            message = f"the range begins beyond the end: the archive has {archive.length} bytes"
            headers = {"Content-Range": f"bytes */{archive.length}"}
            raise Refusal(416, "range", message, "you may have all of it already", headers=headers) from None

    def _has(self, archive: Archive) -> bool:
        """Whether the client says that it has this very archive."""
        tags = any_tags(self.request.headers.get("If-None-Match"))
        return seekable(archive) and (archive.tag in tags or "*" in tags)

    def _describe(self, archive: Archive, place: Place) -> None:
        self.set_header("Content-Type", archive.media_type)
        self.set_header("Content-Disposition", content_disposition(file_name(place.name, archive.suffix)))
        if seekable(archive):
            self.set_header("Accept-Ranges", "bytes")
            self.set_header("Etag", f'"{archive.tag}"')
            self.set_header("Content-Length", str(archive.length))
        else:
            self.set_header("Accept-Ranges", "none")

    async def _deliver(
        self, archive: Archive, span: Span | None, place: Place, key: Key, transfer: Transfer
    ) -> None:
        """Send an archive, or the part of it.

        Raises:
            StaleError: When the part does not fit the one that was sent before; perhaps before anything is sent.
            TakeoutError: When the home cannot be read.
        """
        self.set_status(200 if span is None else 206)
        self.clear_header("Content-Range")
        self._describe(archive, place)
        if seekable(archive):
            transfer.at_byte, stop = (span.start, span.stop) if span else (0, archive.length)
            transfer.length = archive.length
            self.set_header("Content-Length", str(stop - transfer.at_byte))
            if span:
                self.set_header("Content-Range", span.content_range(archive.length))
            content = archive.read(transfer.at_byte, stop)
        else:
            transfer.at_byte = transfer.length = 0
            content = archive.read()
        transfer.state = "sending"
        head = asyncio.get_running_loop().call_later(_HEAD_SECONDS, self._send_head)
        try:
            await self._stream(content, transfer, key, archive)
        finally:
            head.cancel()
            await self.downloads.keep()

    def _send_head(self) -> None:
        """Tell a client, and the proxies on the way, that something is coming."""
        if not self._headers_written and not self.gone:
            self.flush()

    async def _write(self, piece: Chunk) -> None:
        """Send a piece without a copy of it, which ``write`` would make.

        Raises:
            StreamClosedError: When the reader has left.
        """
        if not self._headers_written:
            await self.flush()
        if self.request.connection is None:
            raise StreamClosedError
        await self.request.connection.write(piece)  # type: ignore[arg-type] # the stream below takes views too

    async def _stream(self, content: Iterator[Chunk], transfer: Transfer, key: Key, archive: Archive) -> None:
        kept = monotonic()
        try:
            async with pumped(content, self.downloads.executor) as pieces:
                async for group in pieces:
                    size = sum(map(len, group))
                    for piece in group:
                        await self._write(piece)
                    transfer.at_byte += size
                    self.note_activity()
                    now = monotonic()
                    self.downloads.shelf.touch(key, archive.tag, now)
                    if now - kept > _KEEP_SECONDS:
                        kept = now
                        await self.downloads.keep()
                    await asyncio.sleep(self.downloads.rate.wait_seconds(size, monotonic()))
        except StreamClosedError:
            self.log.info("takeout: the reader of %s left at byte %d", self.request.path, transfer.at_byte)
        except OSError as error:
            raise DiskError(f"the home cannot be read: {error}") from error
        else:
            transfer.state = "done"
