"""A pull from a real server that behaves."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from pull.compare import OWN, parts, tree
from pull.conftest import Serve, make_plain
from pull.servers import TOKEN, JupyterServer
from takeout.archive.home.presets import Preset
from takeout.errors import DirectoryError, NetworkError, OptionError, TokenError
from takeout.pull import Options, Token, pull

KEY = Token(TOKEN)


def test_a_home_comes_over_whole(shared: JupyterServer, tmp_path: Path) -> None:
    report = pull(shared.address, tmp_path / "here", KEY)

    assert tree(tmp_path / "here") == tree(shared.root)
    assert report.whole
    assert report.files == report.fetched_files == 46
    assert report.fetched_bytes == report.size_bytes
    assert report.retries == 0
    assert parts(tmp_path / "here") == []


def test_sums_are_those_that_sha256sum_checks(shared: JupyterServer, tmp_path: Path) -> None:
    pull(shared.address, tmp_path, KEY)

    checked = subprocess.run(
        ["sha256sum", "--strict", "-c", f"{OWN}/SHA256SUMS"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(checked.stdout.splitlines()) == 46
    whole = hashlib.sha256((shared.root / "large.bin").read_bytes()).hexdigest()
    assert f"{whole}  large.bin" in (tmp_path / OWN / "SHA256SUMS").read_text()


def test_an_address_from_the_browser_will_do(shared: JupyterServer, tmp_path: Path) -> None:
    report = pull(f"127.0.0.1:{shared.port}/lab/tree/folder%200?reset", tmp_path, KEY)

    assert report.server == shared.address
    assert report.whole


def test_a_second_pull_brings_what_changed_and_nothing_else(show: Serve, tmp_path: Path) -> None:
    home = make_plain(tmp_path / "home")
    server = show(home)
    here = tmp_path / "here"
    pull(server.address, here, KEY)
    (home / "new.txt").write_text("new")
    (home / "none.txt").write_text("not empty any more")
    (home / "middle.bin").unlink()

    second = pull(server.address, here, KEY)

    assert second.fetched_files == 2
    assert second.fetched_bytes == len("new") + len("not empty any more")
    assert second.unchanged_files == 44
    assert second.gone == ("middle.bin",)
    assert (here / "middle.bin").exists()
    third = pull(server.address, here, KEY, Options(delete=True))
    assert third.deleted == ("middle.bin",)
    assert third.fetched_files == 0
    assert tree(here) == tree(home)


def test_what_was_changed_here_is_never_lost(show: Serve, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("mine.txt", "both.txt", "theirs.txt", "gone.txt"):
        (home / name).write_text("first")
    server = show(home)
    here = tmp_path / "here"
    pull(server.address, here, KEY)
    (here / "mine.txt").write_text("changed here")
    (here / "both.txt").write_text("changed here too")
    (here / "gone.txt").write_text("and here")
    (home / "both.txt").write_text("changed there")
    (home / "theirs.txt").write_text("changed there too")
    (home / "gone.txt").unlink()

    report = pull(server.address, here, KEY, Options(delete=True))

    assert (here / "mine.txt").read_text() == "changed here"
    assert (here / "both.txt").read_text() == "changed here too"
    assert (here / "both.from-hub.txt").read_text() == "changed there"
    assert (here / "theirs.txt").read_text() == "changed there too"
    assert (here / "gone.txt").read_text() == "and here"
    assert {item.path for item in report.changed_here} == {"mine.txt", "both.txt"}
    assert report.gone == ("gone.txt",)
    again = pull(server.address, here, KEY)
    assert again.fetched_files == 0
    taken = pull(server.address, here, KEY, Options(overwrite=True))
    assert taken.fetched_files == 2
    assert (here / "mine.txt").read_text() == "first"
    assert (here / "both.txt").read_text() == "changed there"


def test_a_file_that_was_here_before_is_not_overwritten(shared: JupyterServer, tmp_path: Path) -> None:
    (tmp_path / "none.txt").write_text("mine")

    report = pull(shared.address, tmp_path, KEY)

    assert (tmp_path / "none.txt").read_text() == "mine"
    assert (tmp_path / "none.from-hub.txt").read_text() == ""
    assert [item.path for item in report.changed_here] == ["none.txt"]


def test_checksum_finds_what_size_and_time_hide(show: Serve, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "a.txt").write_text("one")
    (home / "b.txt").write_text("two")
    server = show(home)
    here = tmp_path / "here"
    pull(server.address, here, KEY)
    before = (home / "a.txt").stat().st_mtime_ns
    (home / "a.txt").write_text("ONE")
    os.utime(home / "a.txt", ns=(before, before))

    assert pull(server.address, here, KEY).fetched_files == 0
    assert pull(server.address, here, KEY, Options(checksum=True)).fetched_files == 1
    assert (here / "a.txt").read_text() == "ONE"


def test_a_dry_run_writes_nothing_and_says_how_much_and_how_long(shared: JupyterServer, tmp_path: Path) -> None:
    report = pull(shared.address, tmp_path / "here", KEY, Options(dry_run=True))

    assert not (tmp_path / "here").exists()
    assert report.dry_run
    assert report.fetched_files == 46
    assert report.fetched_bytes == sum(p.stat().st_size for p in shared.root.rglob("*") if p.is_file())
    assert 0 < report.estimate_seconds < 60


def test_a_dry_run_after_a_pull_leaves_the_journal_alone(show: Serve, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "a.txt").write_text("one")
    server = show(home)
    here = tmp_path / "here"
    pull(server.address, here, KEY)
    (home / "b.txt").write_text("two")

    assert pull(server.address, here, KEY, Options(dry_run=True)).fetched_files == 1
    assert not (here / "b.txt").exists()
    assert pull(server.address, here, KEY).fetched_files == 1


def test_patterns_presets_and_ignore_files_hold_as_for_an_archive(show: Serve, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in ("keep/a.txt", "raw/b.tmp", "node_modules/x.js", "env/pyvenv.cfg", "env/lib/y.py", "raw/c.txt"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
    server = show(home)

    report = pull(server.address, tmp_path / "here", KEY, Options(preset=Preset.SLIM, exclude=("*.tmp",)))

    files = {name for name, entry in tree(tmp_path / "here").items() if entry[0] == "file"}
    assert files == {"keep/a.txt", "raw/c.txt"}
    assert {(item.path, item.reason) for item in report.left_out} == {
        ("env", "slim: virtual environments"),
        ("node_modules", "slim: node_modules"),
        ("raw/b.tmp", "--exclude: *.tmp"),
    }


def test_odd_homes_come_as_far_as_the_server_shows_them(
    ordinary: list[str], tmp_path: Path, open_place: Path
) -> None:
    home = open_place / "home"
    (home / "links").mkdir(parents=True)
    (home / "links" / "fine.txt").write_text("fine")
    (home / "links" / "dangling").symlink_to("nowhere")
    (home / "links" / "up").symlink_to("..")
    (home / "links" / "copy.txt").symlink_to("fine.txt")
    (home / "same" / "same" / "same").mkdir(parents=True)
    (home / "same" / "same" / "same" / "deep.txt").write_text("deep")
    for folder in ("same/same/same", "same/same", "same"):
        os.utime(home / folder, ns=(10**18, 10**18))
    (home / ".hidden").write_text("hidden")
    (home / "secret.txt").write_text("secret")
    (home / "secret.txt").chmod(0)
    os.mkfifo(home / "fifo")
    (home / os.fsdecode(b"raw\xff.txt")).write_text("raw")
    if os.geteuid() == 0:
        for path in (home.parent, home, *home.rglob("*")):
            os.chown(path, 65534, 65534, follow_symlinks=False)
    server = JupyterServer(home, open_place / "server", python=ordinary).start()
    try:
        report = pull(server.address, tmp_path / "here", KEY)
    finally:
        server.stop()

    assert tree(tmp_path / "here", times=False) == {
        "links": ("directory",),
        "links/fine.txt": ("file", b"fine", 0),
        "links/copy.txt": ("file", b"fine", 0),
        "links/up": ("link", ".."),
        "same": ("directory",),
        "same/same": ("directory",),
        "same/same/same": ("directory",),
        "same/same/same/deep.txt": ("file", b"deep", 0),
    }
    assert {item.path for item in report.not_taken} == {"links/dangling", "secret.txt", "raw\udcff.txt"}
    assert not report.whole
    assert any("hidden files" in note for note in report.notes)


def test_a_wrong_token_is_said_at_once_and_never_shown(shared: JupyterServer, tmp_path: Path) -> None:
    with pytest.raises(TokenError) as caught:
        pull(shared.address, tmp_path / "here", Token("wrong-and-secret"))

    assert "wrong-and-secret" not in f"{caught.value} {caught.value.hint} {caught.value.where}"
    assert not (tmp_path / "here").exists()


def test_an_address_without_a_server_is_said(tmp_path: Path, shared: JupyterServer) -> None:
    with pytest.raises(OptionError):
        pull(f"http://127.0.0.1:{shared.port}@evil/", tmp_path, KEY)
    with pytest.raises(NetworkError):
        pull("http://127.0.0.1:9/", tmp_path / "here", KEY, Options(patience_seconds=0.5))


def test_one_directory_is_for_one_server_and_one_pull(shared: JupyterServer, serve: Serve, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    other = serve(home)
    pull(other.address, tmp_path / "here", KEY)

    with pytest.raises(DirectoryError, match="pulled from"):
        pull(shared.address, tmp_path / "here", KEY)
