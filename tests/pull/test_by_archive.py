"""With Takeout's extension on the server the home comes as one stream; every bad day holds there too."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pull.compare import parts, size_of, tree
from pull.conftest import Put
from pull.proxy import Answer, Bend, Request, Rule
from pull.servers import TOKEN, JupyterServer
from pull.test_through import make_odd
from takeout.archive.presets import Preset
from takeout.errors import TokenError
from takeout.pull import Options, Token, pull
from takeout.pull.by_archive import NOTE, RESTLESS_NOTE

KEY = Token(TOKEN)


@pytest.fixture
def filled(extended: JupyterServer, plain_home: Path) -> JupyterServer:
    """The server with the extension, over a home with large files and small ones, some of them hidden."""
    shutil.copytree(plain_home, extended.root, dirs_exist_ok=True)
    (extended.root / ".hidden.bin").write_bytes(os.urandom(2 << 20))
    (extended.root / "zz-last.txt").write_text("last")
    return extended


def once(rule: Callable[[Request], Answer | Bend | None]) -> Rule:
    """Return a rule for the first request for the archive alone."""
    done: list[Request] = []

    def first(request: Request) -> Answer | Bend | None:
        if request.for_archive and not done:
            done.append(request)
            return rule(request)
        return None

    return first


def test_the_whole_home_comes_as_it_is_and_nothing_is_started(
    extended: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    make_odd(extended.root)
    here = tmp_path / "here"
    proxy = put_proxy(extended)

    report = pull(proxy.address, here, KEY)

    assert tree(here) == tree(extended.root)
    assert report.notes == (NOTE,)
    assert [item.path for item in report.not_taken] == ["fifo"]
    assert (here / "run.sh").stat().st_mode & 0o111
    assert (here / "twin.txt").stat().st_ino == (here / "plain.txt").stat().st_ino
    assert not [request for request in proxy.requests if request.for_file or request.method != "GET"]
    assert parts(here) == []


def test_later_only_what_changed_is_asked_for(filled: JupyterServer, put_proxy: Put, tmp_path: Path) -> None:
    here = tmp_path / "here"
    proxy = put_proxy(filled)
    pull(proxy.address, here, KEY)
    first = proxy.file_bytes
    nothing = pull(proxy.address, here, KEY)
    assert (nothing.fetched_files, proxy.file_bytes) == (0, first)

    (filled.root / ".hidden.bin").write_bytes(os.urandom(1 << 20))
    (filled.root / "zz-last.txt").unlink()
    second = pull(proxy.address, here, KEY, Options(delete=True))

    assert second.fetched_bytes == 1 << 20
    assert second.deleted == ("zz-last.txt",)
    assert proxy.file_bytes - first < 20 << 20
    assert tree(here) == tree(filled.root)


def test_what_is_left_out_or_unreadable_is_not_gone(filled: JupyterServer, tmp_path: Path) -> None:
    here = tmp_path / "here"
    pull(filled.address, here, KEY, Options(exclude=("large.bin",)))
    (filled.root / "page.html").unlink()

    report = pull(filled.address, here, KEY, Options(exclude=("*.bin", "folder*"), delete=True))

    assert report.deleted == ("page.html",)
    assert (here / "middle.bin").exists()
    assert (here / ".hidden.bin").exists()
    assert len(list((here / "folder 1" / "deep").iterdir())) == 8


def test_a_listing_may_be_cut_too(filled: JupyterServer, put_proxy: Put, tmp_path: Path) -> None:
    def cut(request: Request) -> Bend | None:
        return Bend(cut_after=400) if "/takeout/listing" in request.path and request.same < 3 else None

    report = pull(put_proxy(filled, cut).address, tmp_path / "here", KEY)

    assert report.notes == (NOTE,)
    assert tree(tmp_path / "here") == tree(filled.root)


def test_patterns_and_presets_are_the_server_s_to_apply(extended: JupyterServer, tmp_path: Path) -> None:
    for name in (".cache/x", "data/keep.txt", "data/skip.tmp", "data/no & é.log"):
        (extended.root / name).parent.mkdir(parents=True, exist_ok=True)
        (extended.root / name).write_text(name)
    (extended.root / "data" / ".takeoutignore").write_text("*.tmp\n")

    report = pull(extended.address, tmp_path / "here", KEY, Options(preset=Preset.SLIM, exclude=("no & é.*",)))

    files = {name for name, entry in tree(tmp_path / "here").items() if entry[0] == "file"}
    assert files == {"data/keep.txt", "data/.takeoutignore"}
    assert {item.path for item in report.left_out} == {".cache", "data/skip.tmp", "data/no & é.log"}


def test_checksums_find_what_size_and_time_hide(filled: JupyterServer, tmp_path: Path) -> None:
    here = tmp_path / "here"
    pull(filled.address, here, KEY)
    path = filled.root / "zz-last.txt"
    before = path.stat().st_mtime_ns
    path.write_text("LAST")
    os.utime(path, ns=(before, before))

    assert pull(filled.address, here, KEY).fetched_files == 0
    assert pull(filled.address, here, KEY, Options(checksum=True)).fetched_files == 1
    assert (here / "zz-last.txt").read_text() == "LAST"


def test_a_dry_run_writes_nothing(filled: JupyterServer, tmp_path: Path) -> None:
    report = pull(filled.address, tmp_path / "here", KEY, Options(dry_run=True))

    assert not (tmp_path / "here").exists()
    assert report.fetched_bytes == size_of(filled.root)
    assert report.estimate_seconds > 0


def test_cut_two_hundred_times_little_is_sent_twice(filled: JupyterServer, put_proxy: Put, tmp_path: Path) -> None:
    dice = random.Random(7)  # noqa: S311 - cuts, no secrets
    proxy = put_proxy(
        filled, lambda request: Bend(cut_after=dice.randrange(1, 400_000)) if request.for_archive else None
    )
    report = pull(proxy.address, tmp_path / "here", KEY)

    assert proxy.cuts >= 200
    assert report.whole
    assert tree(tmp_path / "here") == tree(filled.root)
    assert proxy.file_bytes <= 1.02 * size_of(filled.root)


def test_killed_at_any_moment_it_goes_on_where_it_was(
    filled: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    here = tmp_path / "here"
    code = (
        "import sys; from pathlib import Path; from takeout.pull import Token, pull;"
        " r = pull(sys.argv[1], Path(sys.argv[2]), Token(sys.argv[3])); sys.exit(not r.whole)"
    )
    proxy = put_proxy(filled)
    command = [sys.executable, "-c", code, proxy.address, str(here), TOKEN]
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
