"""Servers that say what is not so, files that change while they are read, clocks that differ."""

from __future__ import annotations

import os
from pathlib import Path

from pull.compare import tree
from pull.conftest import Put, Serve
from pull.proxy import Bend, Request
from pull.servers import TOKEN, JupyterServer
from takeout.pull import Token, pull

KEY = Token(TOKEN)


def test_a_server_that_announces_more_than_it_sends_is_found_out(
    show: Serve, put_proxy: Put, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "lies.txt").write_text("0123456789")

    def lie(request: Request) -> Bend | None:
        return Bend(headers={"Content-Length": "1000"}) if request.for_file else None

    proxy = put_proxy(show(home), lie)
    pull(proxy.address, tmp_path / "here", KEY)

    # It is asked for the rest, and admits that there is none.
    assert "bytes=10-999" in [request.headers.get("range") for request in proxy.requests]
    assert (tmp_path / "here" / "lies.txt").read_text() == "0123456789"


def test_a_server_that_announces_less_than_it_lists_is_named(show: Serve, put_proxy: Put, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "lies.txt").write_text("0123456789")

    def lie(request: Request) -> Bend | None:
        return Bend(headers={"Content-Length": "4"}, cut_after=4) if request.for_file else None

    proxy = put_proxy(show(home), lie)
    report = pull(proxy.address, tmp_path / "here", KEY)

    assert not report.whole
    assert [item.path for item in (*report.not_taken, *report.suspect)] == ["lies.txt"]


def test_a_server_without_ranges_still_gives_everything(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    proxy = put_proxy(shared, lambda _: Bend(drop=("range",)))

    assert pull(proxy.address, tmp_path / "here", KEY).whole
    assert tree(tmp_path / "here") == tree(shared.root)


def test_a_file_that_changes_while_it_is_read_is_read_again(show: Serve, put_proxy: Put, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "small.bin").write_bytes(b"a" * 3_000_000)
    (home / "large.bin").write_bytes(b"b" * 40_000_000)
    for name in ("small.bin", "large.bin"):
        os.utime(home / name, (10**9, 10**9))
    changed: set[str] = set()

    def rewrite(path: Path, letter: bytes) -> None:
        path.write_bytes(letter * path.stat().st_size)

    def change(request: Request) -> Bend | None:
        for name, letter in (("small.bin", b"c"), ("large.bin", b"d")):
            if f"/files/{name}" in request.path and name not in changed:
                changed.add(name)
                return Bend(at=100_000, cut_after=200_000, then=lambda n=name, x=letter: rewrite(home / n, x))  # type: ignore[misc]
        return None

    proxy = put_proxy(show(home), change)
    pull(proxy.address, tmp_path / "here", KEY)

    assert changed == {"small.bin", "large.bin"}
    assert tree(tmp_path / "here") == tree(home)


def test_a_file_that_never_stops_changing_is_named(show: Serve, put_proxy: Put, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    log = home / "run.log"
    log.write_bytes(b"line\n" * 100)

    def grow(request: Request) -> Bend | None:
        if request.for_file:
            with log.open("ab") as stream:
                stream.write(b"line\n")
        return None

    proxy = put_proxy(show(home), grow)
    report = pull(proxy.address, tmp_path / "here", KEY)

    assert [item.path for item in report.suspect] == ["run.log"]
    assert set((tmp_path / "here" / "run.log").read_bytes().split(b"\n")) == {b"line", b""}


def test_what_has_just_changed_is_seen_by_the_clock_of_the_server(
    show: Serve, put_proxy: Put, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    log = home / "run.log"
    log.write_text("first")
    os.utime(log, ns=(0, 10**18))
    looked = 0

    def change(request: Request) -> Bend:
        nonlocal looked
        if "run.log?content=0" in request.path:
            looked += 1
            if looked == 1:
                # Within the second that its header tells, after it was read.
                log.write_text("again")
                os.utime(log, ns=(0, 10**18 + 400_000_000))
        # There it is the year 2001.
        return Bend(headers={"Date": "Sun, 09 Sep 2001 01:46:41 GMT"})

    report = pull(put_proxy(show(home), change).address, tmp_path / "here", KEY)

    assert looked > 1
    assert report.whole
    assert tree(tmp_path / "here") == tree(home)


def test_a_clock_that_differs_does_not_matter(show: Serve, put_proxy: Put, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "future.txt").write_text("future")
    (home / "past.txt").write_text("past")
    os.utime(home / "future.txt", (4_000_000_000, 4_000_000_000))
    os.utime(home / "past.txt", (-100_000, -100_000))
    proxy = put_proxy(show(home), lambda _: Bend(headers={"Date": "Thu, 01 Jan 2037 00:00:00 GMT"}))
    here = tmp_path / "here"
    pull(proxy.address, here, KEY)

    assert tree(here) == tree(home)
    assert pull(proxy.address, here, KEY).fetched_files == 0
