"""Looking through a home that takes longer than a proxy waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from server.serving import own, serving
from takeout.archive import Inventory, take_inventory
from takeout.server import walks
from takeout.server.refusal import Refusal
from takeout.server.shelf import Key
from takeout.server.walks import GoneError, Walk, Walks

KEY = Key(b"/home/jovyan", "zip", "full", ())


class Slow:
    """A walk that ends when it is let."""

    def __init__(self, inventory: Inventory) -> None:
        self.begun = 0
        self.walk: Walk | None = None
        self.let = asyncio.Event()
        self._inventory = inventory

    async def start(self, key: Key, walk: Walk) -> Inventory:
        del key
        self.begun += 1
        self.walk = walk
        walk.progress("entries", 7, 0)
        await self.let.wait()
        return self._inventory


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return take_inventory(tmp_path)


def run(inventory: Inventory, story: Callable[[Slow], Awaitable[None]]) -> None:
    async def told() -> None:
        await story(Slow(inventory))

    asyncio.run(told())


def ask(tasks: Walks, *, answer: bool = False, gone: bool = False) -> Awaitable[Inventory]:
    return tasks.inventory(KEY, told=lambda _: None, gone=lambda: gone, answer=answer)


def test_all_who_ask_for_the_same_share_one_walk(inventory: Inventory) -> None:
    async def story(slow: Slow) -> None:
        tasks = Walks(slow.start, 20)
        asked = [asyncio.ensure_future(ask(tasks)) for _ in range(3)]
        await asyncio.sleep(0)
        slow.let.set()
        assert await asyncio.gather(*asked) == [inventory] * 3
        assert slow.begun == 1
        await ask(tasks)
        assert slow.begun == 2  # what is found quickly is looked for anew each time

    run(inventory, story)


def test_who_must_be_answered_is_told_to_come_back_and_finds_it(inventory: Inventory) -> None:
    async def story(slow: Slow) -> None:
        tasks = Walks(slow.start, 0)
        for _ in range(2):
            with pytest.raises(Refusal) as refused:
                await ask(tasks, answer=True)
            assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "1"})
            await asyncio.sleep(0)
        assert "7 entries" in refused.value.message
        slow.let.set()
        assert await ask(tasks) is inventory
        await asyncio.sleep(0)
        assert await ask(tasks, answer=True) is inventory
        assert slow.begun == 1

    run(inventory, story)


def test_what_is_no_longer_fresh_is_looked_for_again(
    inventory: Inventory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(slow: Slow) -> None:
        tasks = Walks(slow.start, 0)
        slow.let.set()
        await ask(tasks)
        monkeypatch.setattr(walks, "FRESH_SECONDS", -1)
        await ask(tasks)
        assert slow.begun == 2

    run(inventory, story)


def test_a_walk_that_nobody_wants_ends(inventory: Inventory) -> None:
    async def story(slow: Slow) -> None:
        tasks = Walks(slow.start, 20)
        with pytest.raises(GoneError):
            await ask(tasks, gone=True)
        await asyncio.sleep(0)
        assert slow.walk is not None
        with pytest.raises(GoneError):
            slow.walk.progress("entries", 8, 0)
        slow.walk.unattended_until = float("inf")
        slow.walk.progress("entries", 8, 0)

    run(inventory, story)


def test_a_walk_ends_with_the_server(inventory: Inventory) -> None:
    left: list[Walk] = []

    async def story(slow: Slow) -> None:
        tasks = Walks(slow.start, 0)
        with pytest.raises(Refusal):
            await ask(tasks, answer=True)
        await asyncio.sleep(0)
        assert slow.walk is not None
        slow.walk.unattended_until = float("inf")
        left.append(slow.walk)

    run(inventory, story)
    with pytest.raises(GoneError):
        left[0].progress("entries", 8, 0)


def test_a_failure_is_told_to_all_and_not_remembered(inventory: Inventory) -> None:
    async def fail(key: Key, walk: Walk) -> Inventory:
        del key, walk
        raise Refusal(429, "busy", "too many")

    async def story(slow: Slow) -> None:
        tasks = Walks(fail, 0)
        for _ in range(2):
            with pytest.raises(Refusal, match="too many"):
                await ask(tasks)
        tasks = Walks(slow.start, 0)
        slow.let.set()
        assert await ask(tasks) is inventory

    run(inventory, story)


def test_a_download_that_must_be_asked_for_twice(place: Path) -> None:
    home = place / "root" / "home"
    home.mkdir(parents=True)
    (home / "work").write_bytes(b"years of it")
    own(place)
    with serving(place, place / "root", "--Takeout.wait_seconds=0") as server:
        first = server.ask("takeout/archive/home", Accept="text/html", method="GET")
        assert first.status == 503
        assert first.headers["refresh"] == first.headers["retry-after"] == "1"
        assert "sandbox" not in first.headers["content-security-policy"]
        assert b"Looking at what is there" in first.body

        # Whoever looks with the page waits for the end; what it found then is there for the download.
        *_, (name, _) = server.events("takeout/inventory/home")
        assert name == "inventory"
        length = server.ask("takeout/archive/home", method="HEAD").headers["content-length"]
        answer = server.ask("takeout/archive/home")
        assert (answer.status, str(len(answer.body))) == (200, length)
        assert b"years of it" in answer.body
