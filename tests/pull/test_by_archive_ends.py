"""The stream of the extension on bad days: cut, killed, of a home that changes, with a token that expires."""

from __future__ import annotations

import random
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from pull.compare import parts, size_of, tree
from pull.conftest import Put
from pull.proxy import Answer, Bend, Request, once
from pull.servers import TOKEN, JupyterServer, pulling
from takeout.errors import TokenError
from takeout.pull import Options, Token, pull
from takeout.pull.by_archive import NOTE, RESTLESS_NOTE

KEY = Token(TOKEN)


def test_killed_at_any_moment_it_goes_on_where_it_was(
    filled: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    proxy = put_proxy(filled)
    command = pulling(proxy.address, here)
    dice = random.Random(3)  # noqa: S311 - moments, no secrets

    for _ in range(4):
        with subprocess.Popen(command) as process:
            # Two processes at most are at work at once; the cut keeps the rest from coming after the kill.
            at = dice.randrange(1, 9_000_000)
            proxy.rule = once(lambda _, at=at, kill=process.kill: Bend(at=at, cut_after=at, then=kill))  # type: ignore[misc]
        assert process.returncode == -signal.SIGKILL

    proxy.rule = lambda _: None
    assert subprocess.run(command, check=False).returncode == 0
    assert tree(here) == tree(filled.root)
    assert parts(here) == []


def test_ctrl_c_keeps_every_byte_that_was_counted(filled: JupyterServer, put_proxy: Put, tmp_path: Path) -> None:
    here, over, counted = tmp_path / "here", threading.Event(), 0

    def interrupt(step: str, done: int, total: int) -> None:
        nonlocal counted
        del total
        if step == "bytes" and done > 5_000_000:
            counted = done
            raise KeyboardInterrupt

    proxy = put_proxy(filled, once(lambda _: Bend(at=20_000_000, then=lambda: over.wait(60) and None)))
    with pytest.raises(KeyboardInterrupt):
        pull(proxy.address, here, KEY, progress=interrupt)
    over.set()
    again = pull(proxy.address, here, KEY)

    assert counted > 5_000_000
    assert again.fetched_bytes <= size_of(filled.root) - counted
    assert tree(here) == tree(filled.root)


def test_a_home_that_changes_half_way_is_listed_anew_and_what_is_whole_is_kept(
    filled: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    def change() -> None:
        (filled.root / "folder 0" / "deep" / "new.txt").write_text("new")
        (filled.root / "zz-last.txt").write_text("changed")

    proxy = put_proxy(filled, once(lambda _: Bend(at=30_000_000, cut_after=30_000_000, then=change)))
    report = pull(proxy.address, tmp_path / "here", KEY)

    assert report.whole
    assert tree(tmp_path / "here") == tree(filled.root)
    assert len([request for request in proxy.requests if "/takeout/listing" in request.path]) == 2
    assert report.fetched_bytes <= size_of(filled.root)
    assert report.unchanged_files == 0


def test_a_file_that_vanishes_before_it_is_read_is_never_zeros(
    filled: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    proxy = put_proxy(filled)
    pull(proxy.address, here, KEY, Options(exclude=("folder*", "*.bin")))
    (filled.root / "zz-last.txt").write_text("a newer version")
    (filled.root / "zz-new.txt").write_text("new")

    def remove() -> None:
        (filled.root / "zz-last.txt").unlink()
        (filled.root / "zz-new.txt").unlink()

    # The archive is read as it is sent; both stand behind 40 megabytes in it.
    proxy.rule = once(lambda _: Bend(at=1, then=remove))
    report = pull(proxy.address, here, KEY)

    assert {item.path for item in report.not_taken} == {"zz-last.txt", "zz-new.txt"}
    assert not (here / "zz-new.txt").exists()
    assert (here / "zz-last.txt").read_text() == "last"


def test_a_token_that_expires_half_way_stops_and_a_new_one_goes_on(
    filled: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    expired = threading.Event()

    def expire(request: Request) -> Answer | Bend | None:
        if expired.is_set():
            return Answer(403, {"Content-Type": "application/json"}, b'{"message": "Forbidden"}')
        return Bend(at=20_000_000, cut_after=20_000_000, then=expired.set) if request.for_archive else None

    proxy, here = put_proxy(filled, expire), tmp_path / "here"
    with pytest.raises(TokenError):
        pull(proxy.address, here, KEY)
    proxy.rule = lambda _: None
    report = pull(proxy.address, here, KEY)

    assert report.whole
    assert report.fetched_bytes < size_of(filled.root) - 15_000_000
    assert tree(here) == tree(filled.root)


def test_a_login_page_in_place_of_the_archive_is_never_content(
    filled: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    page = Answer(200, {"Content-Type": "text/html"}, b"<!DOCTYPE html><html>Please log in</html>")
    asked = threading.Event()

    def login(request: Request) -> Answer | None:
        if request.for_archive:
            asked.set()
        return page if asked.is_set() else None

    with pytest.raises(TokenError):
        pull(put_proxy(filled, login).address, tmp_path / "here", KEY)

    assert not [path for path in tmp_path.rglob("*") if path.is_file() and b"log in" in path.read_bytes()]


@pytest.mark.parametrize("status", [429, 502, 503])
def test_a_server_that_is_busy_is_waited_for(
    filled: JupyterServer, put_proxy: Put, tmp_path: Path, status: int
) -> None:
    def busy(request: Request) -> Answer | None:
        return Answer(status, {"Retry-After": "0"}) if "/takeout/" in request.path and request.same < 2 else None

    report = pull(put_proxy(filled, busy).address, tmp_path / "here", KEY)

    assert report.whole
    assert report.notes == (NOTE,)
    assert tree(tmp_path / "here") == tree(filled.root)


def test_where_downloads_are_off_the_files_are_fetched_one_by_one(
    filled: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    off = Answer(403, {"Content-Type": "application/json"}, b'{"code": "disabled", "message": "off"}')
    proxy = put_proxy(filled, lambda request: off if "/takeout/" in request.path else None)
    report = pull(proxy.address, tmp_path / "here", KEY)

    there = {name: entry for name, entry in tree(filled.root).items() if not name.startswith(".")}
    assert tree(tmp_path / "here") == there
    assert NOTE not in report.notes


def test_an_extension_that_goes_away_half_way_leaves_the_rest_to_the_file_interface(
    filled: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    (filled.root / "zz").mkdir()
    (filled.root / "zz" / ".later").write_text("hidden, and after the large file")

    def vanish(request: Request) -> Answer | Bend | None:
        if request.for_archive:
            return Bend(cut_after=10_000_000) if request.same == 0 else Answer(404)
        return None

    report = pull(put_proxy(filled, vanish).address, tmp_path / "here", KEY)

    assert [item.path for item in report.not_taken] == ["zz/.later"]
    assert [item.path for item in report.suspect] == [".hidden.bin"]
    here, there = tree(tmp_path / "here"), tree(filled.root)
    assert {name for name in there if here.get(name) != there[name]} == {"zz/.later"}


def test_a_home_that_never_keeps_still_comes_all_the_same(
    filled: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    log = filled.root / "run.log"
    log.write_text("line\n")

    def grow(request: Request) -> None:
        if request.for_archive:
            with log.open("a") as stream:
                stream.write("line\n")

    report = pull(put_proxy(filled, grow).address, tmp_path / "here", KEY)

    assert RESTLESS_NOTE in report.notes
    assert [item.path for item in report.not_taken] == [".hidden.bin"]
    here, there = tree(tmp_path / "here", times=False), tree(filled.root, times=False)
    assert {name for name in there if here.get(name) != there[name]} == {".hidden.bin"}
