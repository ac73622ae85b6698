"""``GET …/takeout/listing/<path>``: every entry of a directory, and where its content is in the stored zip."""

from __future__ import annotations

import asyncio
import json
import os
import zlib
from collections.abc import Iterator

from jupyter_server.auth.decorator import authorized
from tornado import web
from tornado.iostream import StreamClosedError

from takeout.archive import Inventory, Kind, StoredZip
from takeout.archive.records.zipformat import local_header
from takeout.errors import TakeoutError
from takeout.server.arguments import Wish
from takeout.server.base import TakeoutHandler
from takeout.server.pump import pumped
from takeout.server.refusal import Refusal, refusal_of
from takeout.server.shelf import Key

_EVERY_SECONDS = 1.0
_LETTERS = {Kind.DIRECTORY: "d", Kind.FILE: "f", Kind.SYMLINK: "l"}
_FORMAT = "zip"


class ListingHandler(TakeoutHandler):
    """Tell what is where, a line of JSON for each entry; nothing of a file is read for it."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Tell it."""
        await self.answer(self._get(path))

    async def _get(self, path: str) -> None:
        self.check_origin_of_work()
        wish, _, key = self.asked(path)
        _check(wish)
        with self.downloads.walking.place():
            pass
        self.note_activity()
        self.set_header("Content-Type", "application/x-ndjson")
        self.set_header("Vary", "Accept-Encoding")
        packed = "gzip" in self.request.headers.get("Accept-Encoding", "")
        if packed:
            self.set_header("Content-Encoding", "gzip")
        self._packer = zlib.compressobj(1, wbits=31) if packed else None
        try:
            await self._tell(key)
            await self._send(b"", last=True)
        except StreamClosedError:
            self.gone = True

    async def _tell(self, key: Key) -> None:
        entries = 0

        def told(count: int) -> None:
            nonlocal entries
            entries = count

        task = asyncio.ensure_future(self.downloads.walk(key, told=told, gone=lambda: self.gone))
        try:
            while not task.done():
                # Proxies close connections on which nothing comes for long.
                await self._send(_line({"entries": entries}))
                await asyncio.wait({task}, timeout=_EVERY_SECONDS)
            async with pumped(lines(await task), self.downloads.executor) as pieces:
                async for group in pieces:
                    await self._send(b"".join(group))
        except Refusal as refusal:
            await self._send(_line({"failed": refusal.to_json()}))
        except TakeoutError as error:
            await self._send(_line({"failed": refusal_of(error).to_json()}))
        finally:
            await asyncio.gather(task, return_exceptions=True)

    async def _send(self, data: bytes, *, last: bool = False) -> None:
        """Send some lines, each of them at once.

        Raises:
            StreamClosedError: When nobody reads any more.
        """
        if self._packer is not None:
            data = self._packer.compress(data) + self._packer.flush(zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH)
        self.write(data)
        await self.flush()


def _check(wish: Wish) -> None:
    if wish.format != _FORMAT:
        raise Refusal(400, "argument", "only a stored zip has places that are known beforehand", "ask for zip")


def lines(inventory: Inventory) -> Iterator[bytes]:
    """Yield the lines for an inventory: one for the archive, one for each entry, one with their number."""
    archive = StoredZip(inventory)
    layout, findings = archive.layout, inventory.findings
    sums_at = layout.sums_at + len(local_header(layout.sums_member, 0, 0, 0))
    about = {
        "tag": archive.tag,
        "length": archive.length,
        "prefix": os.fsdecode(layout.prefix),
        "sums": [sums_at, layout.sums_bytes],
        "not_taken": [[os.fsdecode(item.path), item.reason] for item in findings.not_taken],
        "left_out": [[os.fsdecode(item.path), item.rule] for item in findings.left_out],
    }
    yield _line({"archive": about})
    columns = inventory.columns
    for index, path in enumerate(inventory.paths()):
        kind, twin = Kind(columns.kinds[index]), columns.twins.get(index)
        place = -1
        if kind is Kind.FILE:
            place = layout.starts[index] + len(local_header(layout.member(index, path), 0, 0, 0))
        yield _line(
            [
                os.fsdecode(path),
                _LETTERS[kind],
                columns.sizes[index],
                columns.mtimes[index],
                columns.modes[index],
                os.fsdecode(columns.targets.get(index, b"")),
                os.fsdecode(inventory.path(twin)) if twin is not None else "",
                place,
            ]
        )
    yield _line({"end": len(inventory)})


def _line(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"
