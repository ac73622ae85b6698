"""The server's tree as Takeout's extension there lists it: whole, exact, and with places in its archive.

Source: docs/reference/server.md, "The listing".
"""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

from takeout.progress import Progress, silent
from takeout.pull.answers import AbsentError, AskAgainError, FailedError, GaveUpError, RefusedError
from takeout.pull.connection import Connection
from takeout.pull.contents import there
from takeout.pull.disk import disk_error
from takeout.pull.listing_lines import Listing, Reader
from takeout.pull.model import Options, RemoteEntry

READ_SECONDS = 300.0
"""The server looks through the whole home before it answers; a distant disk takes its time."""
_MOST_LINE_BYTES = 64 << 20
_MOST_SPOOLED_BYTES = 16 << 20


class UnlistedError(Exception):
    """The server has no such extension, or does not let it be used."""


def fetch_listing(
    connection: Connection,
    options: Options,
    put: Callable[[RemoteEntry], None],
    served: Callable[[str], bool],
    progress: Progress = silent,
) -> Listing:
    """Ask for the listing.

    Args:
        connection: The server.
        options: What was asked for.
        put: Takes the entries, a parent before what is in it; called only when the whole listing is there.
        served: Whether the server's file interface gives a path, too.
        progress: Told how many entries were found.

    Raises:
        UnlistedError: When the extension is not there, or may not be used.
        TokenError: When the token is not accepted.
        NetworkError: When the server does not answer.
    """
    arguments = [
        ("format", "zip"),
        ("preset", str(options.preset)),
        *(("exclude", text) for text in options.exclude),
    ]
    query = urlencode(arguments, errors="surrogateescape")

    below = f"/{there(connection, '')}" if connection.folder else ""

    # Without a slash at the end: a server without the extension answers that with a redirect, as for a login.
    def once() -> IO[bytes]:
        spool = tempfile.SpooledTemporaryFile(_MOST_SPOOLED_BYTES)  # noqa: SIM115 - whoever reads it closes it
        try:
            _fill(spool, connection, f"takeout/listing{below}?{query}", progress)
        except BaseException:
            spool.close()
            raise
        return spool

    try:
        with connection.insist(once) as spool:
            spool.seek(0)
            reader = Reader(f"takeout/archive{below}?{query}", put, served)
            for line in spool:
                reader.take(line)
            return reader.result()
    except (AbsentError, RefusedError, FailedError, GaveUpError) as error:
        raise UnlistedError(str(error)) from error
    except OSError as error:
        raise disk_error(error, Path(tempfile.gettempdir())) from error


def _fill(spool: IO[bytes], connection: Connection, path: str, progress: Progress) -> None:
    """Write a listing's lines into a file.

    Raises:
        AskAgainError: When it does not come whole.
    """
    count, ended = 0, False
    with connection.ask(path, headers={"Accept-Encoding": "gzip"}, head_seconds=READ_SECONDS) as answer:
        if not answer.headers.get("content-type", "").startswith("application/x-ndjson"):
            # Some answer every address with a page.
            raise FailedError(answer.status)
        packed = answer.headers.get("content-encoding", "") == "gzip"
        for line in _lines(answer.body, packed=packed):
            spool.write(line + b"\n")
            count, ended = _heard(line, count)
            progress("listed", count, 0)
    if not ended:
        raise AskAgainError("the listing ended early")


def _heard(line: bytes, count: int) -> tuple[int, bool]:
    """Return how many entries were found, as a line tells, and whether it is the last.

    Raises:
        AskAgainError: When the server failed on its way.
        FailedError: When this is no listing.
    """
    if line.startswith(b"["):
        return count + 1, False
    try:
        value = json.loads(line)
    except ValueError as error:
        raise FailedError(200) from error
    match value:
        case {"entries": int(found)}:
            return found, False
        case {"failed": dict(refusal)}:
            raise AskAgainError(str(refusal.get("message", "the listing failed")), overloaded=True)
        case {"end": int(_)}:
            return count, True
        case {"archive": dict(_)}:
            return 0, False
    raise FailedError(200)


def _lines(chunks: Iterator[bytes], *, packed: bool) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(wbits=31)
    rest = b""
    for chunk in chunks:
        try:
            *lines, rest = (rest + (unpacker.decompress(chunk) if packed else chunk)).split(b"\n")
        except zlib.error as error:
            raise AskAgainError("a listing that is damaged") from error
        if len(rest) > _MOST_LINE_BYTES:
            raise FailedError(200)
        yield from lines
