"""Connections that are cut, servers that answer with errors, are restarted, or are gone."""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

import pytest

from pull.compare import size_of, tree
from pull.conftest import Put, Serve
from pull.proxy import Answer, Bend, Request
from pull.servers import TOKEN, JupyterServer
from takeout.errors import NetworkError
from takeout.pull import Options, Token, pull

KEY = Token(TOKEN)


def test_cut_two_hundred_times_nothing_is_lost_and_little_is_sent_twice(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    dice = random.Random(7)  # noqa: S311 - cuts, no secrets

    def cut(request: Request) -> Bend | None:
        return Bend(cut_after=dice.randrange(1, 400_000)) if request.for_file else None

    proxy = put_proxy(shared, cut)
    report = pull(proxy.address, tmp_path / "here", KEY)

    assert proxy.cuts >= 200
    assert tree(tmp_path / "here") == tree(shared.root)
    assert report.whole
    assert proxy.file_bytes <= 1.02 * size_of(shared.root)


def test_listings_may_be_cut_too(shared: JupyterServer, put_proxy: Put, tmp_path: Path) -> None:
    def cut(request: Request) -> Bend | None:
        return Bend(cut_after=300) if "/api/contents/" in request.path and request.same < 3 else None

    proxy = put_proxy(shared, cut)

    assert pull(proxy.address, tmp_path / "here", KEY).whole
    assert tree(tmp_path / "here") == tree(shared.root)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_passing_errors_are_waited_out(shared: JupyterServer, put_proxy: Put, tmp_path: Path, status: int) -> None:
    def fail(request: Request) -> Answer | None:
        return Answer(status, {"Retry-After": "0"}) if request.same == 0 else None

    proxy = put_proxy(shared, fail)
    report = pull(proxy.address, tmp_path / "here", KEY)

    assert report.whole
    assert report.retries > 40
    assert tree(tmp_path / "here") == tree(shared.root)


def test_a_server_that_says_too_many_is_asked_less_and_later(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    refused: dict[str, float] = {}
    asked_again: dict[str, float] = {}

    def refuse(request: Request) -> Answer | None:
        if request.path in refused:
            asked_again.setdefault(request.path, time.monotonic() - refused[request.path])
        elif request.for_file and len(refused) < 3:
            refused[request.path] = time.monotonic()
            return Answer(429, {"Retry-After": "1"})
        return None

    proxy = put_proxy(shared, refuse)

    assert pull(proxy.address, tmp_path / "here", KEY).whole
    assert asked_again.keys() == refused.keys()
    assert min(asked_again.values()) >= 0.9


def test_a_server_that_is_restarted_half_way_is_waited_for(serve: Serve, put_proxy: Put, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for number in range(30):
        (home / f"{number}.bin").write_bytes(os.urandom(200_000 + number))
    server = serve(home)
    starting: list[threading.Thread] = []

    def watch(request: Request) -> None:
        if request.for_file and "/17.bin" in request.path and not starting:
            # Dead before the request reaches it, so that this one fails for certain; others are cut half-way.
            server.stop(kill=True)
            starting.append(threading.Thread(target=server.start))
            starting[0].start()

    proxy = put_proxy(server, watch)
    report = pull(proxy.address, tmp_path / "here", KEY)

    starting[0].join()
    assert report.whole
    assert report.retries > 0
    assert tree(tmp_path / "here") == tree(home)


def test_a_server_that_is_gone_is_given_up_and_what_came_is_kept(
    show: Serve, put_proxy: Put, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for number in range(10):
        (home / f"{number}.txt").write_text("x" * (number + 1))
    gone = threading.Event()

    def vanish(request: Request) -> Answer | None:
        if "/9.txt" in request.path:
            gone.set()
        return Answer(502) if gone.is_set() else None

    proxy = put_proxy(show(home), vanish)
    here = tmp_path / "here"
    with pytest.raises(NetworkError, match="answered nothing"):
        pull(proxy.address, here, KEY, Options(patience_seconds=1.5, connections=1))
    proxy.rule = lambda _: None
    report = pull(proxy.address, here, KEY)

    assert report.fetched_files < 10
    assert tree(here) == tree(home)


def test_few_connections_carry_many_requests(shared: JupyterServer, put_proxy: Put, tmp_path: Path) -> None:
    proxy = put_proxy(shared)
    pull(proxy.address, tmp_path / "here", KEY, Options(connections=3))

    assert proxy.together <= 3
    assert len(proxy.requests) > 50
