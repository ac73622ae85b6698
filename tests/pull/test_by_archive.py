"""With Takeout's extension on the server the home comes as one stream."""

from __future__ import annotations

import os
import random
from pathlib import Path

from pull.compare import parts, size_of, tree
from pull.conftest import Put
from pull.proxy import Bend, Request
from pull.servers import TOKEN, JupyterServer
from pull.test_through import make_odd
from takeout.archive.home.presets import Preset
from takeout.pull import Options, Token, pull
from takeout.pull.by_archive import NOTE

KEY = Token(TOKEN)


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
