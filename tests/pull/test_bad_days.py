"""A real server behind a bad proxy: what comes is identical, or the difference is named."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pull.compare import OWN, tree
from pull.conftest import Put, Serve
from pull.proxy import Answer, Bend, Request, login_page
from pull.servers import TOKEN, JupyterServer
from takeout.errors import DiskError, NetworkError, TokenError
from takeout.pull import Options, Token, pull

KEY = Token(TOKEN)


def size_of(home: Path) -> int:
    return sum(path.stat().st_size for path in home.rglob("*") if path.is_file())


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


def test_a_redirect_to_a_login_page_is_never_a_file(shared: JupyterServer, put_proxy: Put, tmp_path: Path) -> None:
    expired = threading.Event()

    def login(request: Request) -> Answer | None:
        if "middle.bin" in request.path:
            expired.set()
        return Answer(302, {"Location": "/hub/login?next=x"}) if expired.is_set() else None

    proxy = put_proxy(shared, login)
    here = tmp_path / "here"
    with pytest.raises(TokenError, match="login"):
        pull(proxy.address, here, KEY)

    came, there = tree(here), tree(shared.root)
    assert {name: entry for name, entry in came.items() if there.get(name) != entry} == {}
    expired.clear()
    proxy.rule = lambda _: None
    assert pull(proxy.address, here, KEY).whole
    assert tree(here) == there


def test_a_login_page_with_status_200_is_never_a_file(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    expired = threading.Event()

    def login(request: Request) -> Answer | None:
        if "page.html" in request.path:
            expired.set()
        return login_page(request) if expired.is_set() else None

    proxy = put_proxy(shared, login)
    here = tmp_path / "here"
    with pytest.raises(TokenError):
        pull(proxy.address, here, KEY)

    assert not [path for path in here.rglob("*") if path.is_file() and b"log in" in path.read_bytes()]
    proxy.rule = lambda _: None
    pull(proxy.address, here, KEY)
    assert tree(here) == tree(shared.root)


def test_a_login_page_as_long_as_the_file_is_never_the_file(serve: Serve, put_proxy: Put, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "data.csv").write_bytes(b"x" * len(login_page(Request("GET", "/", {}, 0, 0)).body))
    expired = threading.Event()

    def login(request: Request) -> Answer | None:
        if request.for_file:
            expired.set()
        return login_page(request) if expired.is_set() else None

    proxy = put_proxy(serve(home), login)
    with pytest.raises(TokenError):
        pull(proxy.address, tmp_path / "here", KEY)

    assert not (tmp_path / "here" / "data.csv").exists()


def test_a_token_that_expires_half_way_stops_and_a_new_one_goes_on(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    def expire(request: Request) -> Answer | None:
        good = request.headers.get("authorization") == f"token {TOKEN}" and request.number < 60
        return None if good else Answer(403, {"Content-Type": "application/json"}, b'{"message": "Forbidden"}')

    proxy = put_proxy(shared, expire)
    here = tmp_path / "here"
    with pytest.raises(TokenError) as caught:
        pull(proxy.address, here, KEY, Options(connections=4))
    assert TOKEN not in f"{caught.value}{caught.value.hint}{caught.value.where}"
    proxy.rule = lambda _: None
    report = pull(proxy.address, here, KEY)

    assert report.whole
    assert report.unchanged_files > 0
    assert tree(here) == tree(shared.root)


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
    serve: Serve, put_proxy: Put, tmp_path: Path
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

    proxy = put_proxy(serve(home), vanish)
    here = tmp_path / "here"
    with pytest.raises(NetworkError, match="answered nothing"):
        pull(proxy.address, here, KEY, Options(patience_seconds=1.5, connections=1))
    proxy.rule = lambda _: None
    report = pull(proxy.address, here, KEY)

    assert report.fetched_files < 10
    assert tree(here) == tree(home)


def test_a_server_that_announces_more_than_it_sends_is_found_out(
    serve: Serve, put_proxy: Put, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "lies.txt").write_text("0123456789")

    def lie(request: Request) -> Bend | None:
        return Bend(headers={"Content-Length": "1000"}) if request.for_file else None

    proxy = put_proxy(serve(home), lie)
    pull(proxy.address, tmp_path / "here", KEY)

    # It is asked for the rest, and admits that there is none.
    assert "bytes=10-999" in [request.headers.get("range") for request in proxy.requests]
    assert (tmp_path / "here" / "lies.txt").read_text() == "0123456789"


def test_a_server_that_announces_less_than_it_lists_is_named(serve: Serve, put_proxy: Put, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "lies.txt").write_text("0123456789")

    def lie(request: Request) -> Bend | None:
        return Bend(headers={"Content-Length": "4"}, cut_after=4) if request.for_file else None

    proxy = put_proxy(serve(home), lie)
    report = pull(proxy.address, tmp_path / "here", KEY)

    assert not report.whole
    assert [item.path for item in (*report.not_taken, *report.suspect)] == ["lies.txt"]


def test_a_server_without_ranges_still_gives_everything(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    proxy = put_proxy(shared, lambda _: Bend(drop=("range",)))

    assert pull(proxy.address, tmp_path / "here", KEY).whole
    assert tree(tmp_path / "here") == tree(shared.root)


def test_a_file_that_changes_while_it_is_read_is_read_again(serve: Serve, put_proxy: Put, tmp_path: Path) -> None:
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

    proxy = put_proxy(serve(home), change)
    pull(proxy.address, tmp_path / "here", KEY)

    assert changed == {"small.bin", "large.bin"}
    assert tree(tmp_path / "here") == tree(home)


def test_a_file_that_never_stops_changing_is_named(serve: Serve, put_proxy: Put, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    log = home / "run.log"
    log.write_bytes(b"line\n" * 100)

    def grow(request: Request) -> Bend | None:
        if request.for_file:
            with log.open("ab") as stream:
                stream.write(b"line\n")
        return None

    proxy = put_proxy(serve(home), grow)
    report = pull(proxy.address, tmp_path / "here", KEY)

    assert [item.path for item in report.suspect] == ["run.log"]
    assert set((tmp_path / "here" / "run.log").read_bytes().split(b"\n")) == {b"line", b""}


def test_a_clock_that_differs_does_not_matter(serve: Serve, put_proxy: Put, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "future.txt").write_text("future")
    (home / "past.txt").write_text("past")
    os.utime(home / "future.txt", (4_000_000_000, 4_000_000_000))
    os.utime(home / "past.txt", (-100_000, -100_000))
    proxy = put_proxy(serve(home), lambda _: Bend(headers={"Date": "Thu, 01 Jan 2037 00:00:00 GMT"}))
    here = tmp_path / "here"
    pull(proxy.address, here, KEY)

    assert tree(here) == tree(home)
    assert pull(proxy.address, here, KEY).fetched_files == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small file system")
def test_a_full_disk_stops_and_is_gone_on_with(shared: JupyterServer, tmp_path: Path) -> None:
    here = tmp_path / "here"
    here.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", here], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        with pytest.raises(DiskError, match="there is room for"):
            pull(shared.address, here / "home", KEY)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("takeout.pull.run.SPARE_BYTES", -(10**9))
            with pytest.raises(DiskError, match="no room left"):
                pull(shared.address, here / "home", KEY)
        assert (here / "home" / "none.txt").exists()
        subprocess.run(["mount", "-o", "remount,size=200m", here], check=True)
        report = pull(shared.address, here / "home", KEY)
        assert report.unchanged_files > 0
        assert tree(here / "home") == tree(shared.root)
    finally:
        subprocess.run(["umount", "--lazy", here], check=True)


def test_killed_at_any_moment_it_goes_on_where_it_was(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    proxy = put_proxy(shared)
    here = tmp_path / "here"
    code = (
        "import sys; from pathlib import Path; from takeout.pull import Token, pull;"
        " r = pull(sys.argv[1], Path(sys.argv[2]), Token(sys.argv[3])); sys.exit(not r.whole)"
    )
    command = [sys.executable, "-c", code, proxy.address, str(here), TOKEN]
    total = size_of(shared.root)
    kills = 0
    for goal in [total * step // 9 for step in range(1, 9)]:
        process = subprocess.Popen(command)
        while process.poll() is None and proxy.file_bytes < goal:
            time.sleep(0.001)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()

    assert kills >= 4
    assert subprocess.run(command, check=False).returncode == 0
    assert tree(here) == tree(shared.root)
    assert list((here / OWN / "parts").iterdir()) == []


def test_ctrl_c_keeps_what_came(shared: JupyterServer, put_proxy: Put, tmp_path: Path) -> None:
    here = tmp_path / "here"
    came = 0

    def interrupt(step: str, done: int, total: int) -> None:
        nonlocal came
        del total
        if step == "bytes" and done > 5_000_000:
            came = done
            raise KeyboardInterrupt

    proxy = put_proxy(shared)
    with pytest.raises(KeyboardInterrupt):
        pull(proxy.address, here, KEY, progress=interrupt)
    again = pull(proxy.address, here, KEY)

    assert came
    assert tree(here) == tree(shared.root)
    assert again.fetched_bytes <= size_of(shared.root) - came


def test_few_connections_carry_many_requests(shared: JupyterServer, put_proxy: Put, tmp_path: Path) -> None:
    proxy = put_proxy(shared)
    pull(proxy.address, tmp_path / "here", KEY, Options(connections=3))

    assert proxy.together <= 3
    assert len(proxy.requests) > 50
