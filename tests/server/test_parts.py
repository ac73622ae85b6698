"""The parts of the server that need no server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from traitlets import TraitError
from traitlets.config import Config

from takeout.archive import StoredZip, take_inventory
from takeout.archive.home.patterns import rules_of_options
from takeout.server.arguments import MOST_EXCLUDES, read_wish
from takeout.server.config import Takeout, literal
from takeout.server.gate import Gate
from takeout.server.pump import PIECE_BYTES, pumped
from takeout.server.rate import Rate
from takeout.server.refusal import Refusal
from takeout.server.shelf import Key, Shelf
from takeout.server.transfers import Transfers


def test_what_is_not_said_is_the_administrators_first() -> None:
    wish = read_wish({"_xsrf": ["x"]}, ["tar.gz", "zip"], ["slim", "full"])

    assert (wish.format, wish.preset, wish.exclude, wish.tag) == ("tar.gz", "slim", (), "")


def test_patterns_are_taken_once_and_in_order() -> None:
    wish = read_wish({"exclude": ["b", "a", "b", ""]}, ["zip"], ["full"])

    assert wish.exclude == ("b", "a")
    with pytest.raises(Refusal, match=str(MOST_EXCLUDES)):
        read_wish({"exclude": ["x"] * (MOST_EXCLUDES + 1)}, ["zip"], ["full"])


@pytest.mark.parametrize(
    "path", [b"/a*b", b"/[x]", b"/a\\b", b"/end ", b"/two  ", b"/#x", b"/\xe4", b"/tab\t", b"/a/b?c"]
)
def test_a_literal_pattern_matches_its_path(path: bytes) -> None:
    rules = rules_of_options([literal(path)])

    assert rules.decide(path[1:], directory=True) is not None
    assert rules.decide(path[1:-1] + b"other", directory=True) is None


def test_a_gate_lets_so_many_in_and_so_many_wait() -> None:
    async def visit() -> list[str]:
        gate = Gate(1, waiting=1, what="walks")
        log: list[str] = []
        leave = asyncio.Event()

        async def one(name: str) -> None:
            async with gate.entered():
                log.append(name)
                await leave.wait()

        first, second = asyncio.create_task(one("first")), asyncio.create_task(one("second"))
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as refused:
            await one("third")
        assert refused.value.status == 429
        assert int(refused.value.headers["Retry-After"]) > 0
        assert log == ["first"]
        leave.set()
        await asyncio.gather(first, second)
        assert gate.present == 0
        return log

    assert asyncio.run(visit()) == ["first", "second"]


class _Source:
    """Pieces, with a note of how many were asked for and whether it was closed."""

    def __init__(self, count: int, size: int = PIECE_BYTES, error: Exception | None = None) -> None:
        self.made = 0
        self.closed = threading.Event()
        self._count, self._size, self._error = count, size, error

    def read(self) -> Iterator[bytes]:
        try:
            for _ in range(self._count):
                self.made += 1
                yield bytes(self._size)
            if self._error:
                raise self._error
        finally:
            self.closed.set()


def test_a_pump_is_one_step_ahead_and_no_more() -> None:
    source = _Source(50)

    async def slowly() -> None:
        with ThreadPoolExecutor(1) as pool:
            async with pumped(source.read(), pool) as pieces:
                seen = 0
                async for group in pieces:
                    seen += sum(map(len, group)) // PIECE_BYTES
                    assert source.made <= seen + 1
                    if seen == 10:
                        break
        assert source.made <= 11

    asyncio.run(slowly())
    assert source.closed.is_set()


def test_a_pump_gathers_small_pieces_and_gives_all() -> None:
    source = _Source(5_000, size=1_000)

    async def drain() -> list[int]:
        with ThreadPoolExecutor(1) as pool:
            async with pumped(source.read(), pool) as pieces:
                return [sum(map(len, group)) async for group in pieces]

    sizes = asyncio.run(drain())

    assert sum(sizes) == 5_000_000
    assert len(sizes) == 3


def test_a_pump_hands_on_errors() -> None:
    source = _Source(1, error=OSError("disk"))

    async def drain() -> None:
        with ThreadPoolExecutor(1) as pool:
            async with pumped(source.read(), pool) as pieces:
                async for _ in pieces:
                    pass

    with pytest.raises(OSError, match="disk"):
        asyncio.run(drain())
    assert source.closed.is_set()


def test_a_rate_is_shared() -> None:
    rate = Rate(1_000)

    assert rate.wait_seconds(500, 10.0) == pytest.approx(0.5)
    assert rate.wait_seconds(500, 10.0) == pytest.approx(1.0)
    assert rate.wait_seconds(500, 100.0) == pytest.approx(0.5)
    assert Rate(0).wait_seconds(1 << 30, 0) == 0


def held(home: Path, name: str = "f") -> tuple[Key, StoredZip]:
    home.mkdir(exist_ok=True)
    (home / name).write_bytes(name.encode())
    return Key(bytes(home), "zip", "full", ()), StoredZip(take_inventory(home))


def test_a_shelf_keeps_the_older_of_two_alike(tmp_path: Path) -> None:
    shelf = Shelf(most_entries=100, keep_seconds=10, volatile=())
    key, first = held(tmp_path / "a")
    _, second = held(tmp_path / "a", "f")
    second = StoredZip(first.inventory)

    assert shelf.put(key, first, first.inventory, 0) is first
    assert shelf.put(key, second, second.inventory, 1) is first
    assert shelf.find(key, first.tag) == (first, first.inventory)
    shelf.forget(key, first.tag)
    assert shelf.find(key, first.tag) is None


def test_a_shelf_lets_go_of_the_longest_unused(tmp_path: Path) -> None:
    shelf = Shelf(most_entries=4, keep_seconds=10, volatile=())
    made = [held(tmp_path / name) for name in "abc"]
    for now, (key, archive) in enumerate(made[:2]):
        shelf.put(key, archive, archive.inventory, now)
    shelf.touch(made[0][0], made[0][1].tag, 2)
    shelf.put(*made[2], made[2][1].inventory, 3)

    assert [shelf.find(key, archive.tag) is not None for key, archive in made] == [True, False, True]
    shelf.tidy(12.5)
    assert [shelf.find(key, archive.tag) is not None for key, archive in made] == [False, False, True]
    shelf.tidy(14)
    assert len(shelf) == 0


def test_a_shelf_knows_what_was_begun(tmp_path: Path) -> None:
    shelf = Shelf(most_entries=100, keep_seconds=0, volatile=())
    key, archive = held(tmp_path / "a")
    assert shelf.begun(key, "") == ""
    assert shelf.begun(key, "of-before-a-restart") == "of-before-a-restart"

    shelf.put(key, archive, archive.inventory, 0)

    assert shelf.begun(key, "") == archive.tag
    assert shelf.begun(key, "of-an-older-page") == archive.tag
    shelf.tidy(100)
    assert shelf.begun(key, "") == archive.tag


def test_transfers_are_forgotten_in_time() -> None:
    transfers = Transfers()
    first = transfers.named("first")
    first.at_byte = 5

    assert transfers.named("first") is first
    assert transfers.named("") is not transfers.named("")
    for number in range(100):
        transfers.named(f"{number}")
    assert transfers.named("first").at_byte == 0


def test_settings_that_would_offer_nothing_are_refused() -> None:
    assert Takeout(config=Config({"Takeout": {"formats": ["zip", "zip"]}})).formats == ["zip"]
    for wrong in ({"formats": []}, {"presets": []}, {"formats": ["rar"]}, {"max_downloads": 0}, {"rate": -1}):
        with pytest.raises(TraitError):
            Takeout(config=Config({"Takeout": wrong}))
