"""The server's tree through its contents interface, which shows neither hidden files nor what is a link."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from takeout.archive.home.entry import Kind
from takeout.archive.home.presets import CACHE_TAG, CACHE_TAG_START, Preset
from takeout.progress import Progress, silent
from takeout.pull.answers import AbsentError, AskAgainError, FailedError, GaveUpError, RefusedError
from takeout.pull.choose import IGNORE, Chooser, Place
from takeout.pull.connection import Connection
from takeout.pull.contents import Folder, listed, there
from takeout.pull.model import Found, Named, Options, RemoteEntry
from takeout.pull.workers import Ends, Task, Workers

HIDDEN_NOTE = (
    "the server shows no hidden files (names that begin with a dot, and directories that it may not enter), nor "
    "__pycache__, *.pyc and names that end in ~; --through kernel takes them too"
)
BLIND_NOTE = (
    "the server's file interface tells neither permissions nor links: what links point to came as files, and "
    "no file here is executable; --through kernel takes them as they are"
)
_DEEPEST = 200
"""No one has directories this deep; a circle of links that changes while it is walked is cut here."""
_TURNS = 9
"""How many more times a circle is gone round before it is believed; no one has such directories that are real."""
_CLIMB = "../"


@dataclass(frozen=True, slots=True)
class Turn:
    """A directory to list.

    Attributes:
        place: Where it is, and which patterns hold there.
        above: What the directories above look like, outermost first, to know a link that leads back.
    """

    place: Place
    above: tuple[bytes, ...] = ()


@dataclass(slots=True)
class Walk:
    """What a walk has found so far; complete once the iterator of ``walk`` ends."""

    not_taken: list[Named] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    hidden_seen: bool = False
    returning: list[str] = field(default_factory=list)

    def found(self, chooser: Chooser) -> Found:
        """Return the sum."""
        notes = [BLIND_NOTE] if self.hidden_seen else [HIDDEN_NOTE, BLIND_NOTE]
        return Found(
            tuple(self.not_taken),
            tuple(chooser.left_out),
            tuple(self.unlisted),
            blind=not self.hidden_seen,
            notes=tuple(notes),
        )


def walk(
    connection: Connection, workers: Workers, options: Options, progress: Progress = silent
) -> tuple[Iterator[RemoteEntry], Walk, Chooser]:
    """Walk over the server's tree.

    Returns:
        The entries, a parent before what is in it; what else is found, complete once they end; what was left out.
    """
    chooser = Chooser(options)
    seen = Walk()
    return _entries(connection, workers, chooser, seen, progress), seen, chooser


def _entries(
    connection: Connection, workers: Workers, chooser: Chooser, seen: Walk, progress: Progress
) -> Iterator[RemoteEntry]:
    stack = [Turn(chooser.top())]
    ends: Ends[Folder] = Ends()
    running: dict[Task[Folder], Turn] = {}
    count = 0
    while stack or running:
        while stack and len(running) < 2 * workers.count:
            turn = stack.pop()
            running[workers.submit(ends, listed, connection, turn.place.path)] = turn
        for task in ends.take():
            turn = running.pop(task)
            try:
                listing = task.result()
            except (AbsentError, RefusedError, FailedError, GaveUpError) as error:
                seen.unlisted.append(turn.place.path)
                seen.not_taken.append(Named(turn.place.path, _why_unlisted(error)))
                continue
            for entry in _take(connection, turn, listing, chooser=chooser, seen=seen, stack=stack):
                count += 1
                yield entry
            progress("listed", count, 0)


def _take(
    connection: Connection, turn: Turn, listing: Folder, *, chooser: Chooser, seen: Walk, stack: list[Turn]
) -> Iterator[RemoteEntry]:
    """Yield what is wanted of one directory, and put its directories on the stack."""
    place = turn.place
    up = _circle(connection, turn, listing.look)
    if up:
        # The directory itself has its entry already; the link takes its place.
        yield RemoteEntry(place.path, Kind.SYMLINK, target=(_CLIMB * (up - 1)).rstrip("/") or ".")
        return
    if len(turn.above) > _DEEPEST:
        seen.unlisted.append(place.path)
        seen.not_taken.append(Named(place.path, f"it is more than {_DEEPEST} directories deep"))
        return
    seen.not_taken += [item for item in listing.refused if not chooser.leaves_out(place, item.path, Kind.FILE)]
    names = {entry.path.rpartition("/")[2] for entry in listing.entries}
    ignore = _small(connection, place, IGNORE.decode(), 1 << 20) if IGNORE.decode() in names else b""
    cache = chooser.preset is Preset.SLIM and CACHE_TAG.decode() in names
    tagged = cache and _small(connection, place, CACHE_TAG.decode(), 64).startswith(CACHE_TAG_START)
    if not chooser.enter(place, names, ignore, cache=tagged):
        return
    below: list[Turn] = []
    for entry in listing.entries:
        seen.hidden_seen = seen.hidden_seen or entry.path.rpartition("/")[2].startswith(".")
        if chooser.leaves_out(place, entry.path, entry.kind):
            continue
        yield entry
        if entry.kind is Kind.DIRECTORY:
            below.append(Turn(chooser.below(place, entry.path), (*turn.above, listing.look)))
    stack.extend(reversed(below))


def _circle(connection: Connection, turn: Turn, look: bytes) -> int:
    """Return how many directories up the one is that a link leads back to; 0 where it is no such link."""
    if not look or look not in turn.above:
        return 0
    up = len(turn.above) - turn.above.index(look)
    names = turn.place.path.split("/")[-up:]
    try:
        again = listed(connection, "/".join([turn.place.path, *names * _TURNS]))
    except (AbsentError, RefusedError, FailedError, GaveUpError):
        return 0
    return up if again.look == look else 0


def _small(connection: Connection, place: Place, name: str, most_bytes: int) -> bytes:
    """Return the beginning of a small file; nothing where it cannot be had."""
    path = f"{place.path}/{name}" if place.path else name

    def once() -> bytes:
        headers = {"Range": f"bytes=0-{most_bytes - 1}"}
        with connection.ask(f"files/{there(connection, path)}", headers=headers) as answer:
            got = bytearray()
            for chunk in answer.body:
                got += chunk
                if len(got) >= most_bytes:
                    break
            return bytes(got[:most_bytes])

    try:
        return connection.insist(once)
    except (AbsentError, RefusedError, FailedError, GaveUpError, AskAgainError):
        return b""


def _why_unlisted(error: Exception) -> str:
    match error:
        case AbsentError():
            return "the server lists the directory's name and not what is in it: it may not be readable"
        case RefusedError():
            return "the server refuses to list the directory"
        case FailedError(status=status):
            return f"the server fails to list the directory (status {status})"
        case GaveUpError(reason=reason):
            return f"the directory could not be listed: {reason}"
    return "the directory could not be listed"
