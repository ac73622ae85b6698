"""What the file interface does not show comes through a kernel or a terminal."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import zlib
from pathlib import Path

import pytest

from pull.compare import tree
from pull.conftest import Put, Serve
from pull.proxy import Answer
from pull.servers import TOKEN, JupyterServer
from takeout.archive.home.presets import Preset
from takeout.pull import Options, Token, pull
from takeout.pull.channel import agent_text
from takeout.pull.model import Through
from takeout.workspace import DOCUMENT, read_document

KEY = Token(TOKEN)
Wanted = list[tuple[str, int, int]]
BOTH: list[Through] = ["kernel", "terminal"]


RAW = os.fsdecode(b"raw\xff\n\\.txt")
"""A name that no address can hold."""


def make_odd(home: Path) -> None:
    """A home with what people have and servers do not show."""
    (home / ".config" / "deep").mkdir(parents=True)
    (home / ".config" / "deep" / "settings.json").write_text("{}")
    (home / ".bashrc").write_text("export A=1\n")
    (home / "links").mkdir()
    (home / "links" / "dangling").symlink_to("nowhere")
    (home / "links" / "up").symlink_to("..")
    (home / "links" / "out").symlink_to("/etc")
    (home / "plain.txt").write_text("plain")
    (home / "run.sh").write_text("#!/bin/sh\n")
    (home / "run.sh").chmod(0o755)
    (home / "twin.txt").hardlink_to(home / "plain.txt")
    (home / "__pycache__").mkdir()
    (home / "__pycache__" / "x.pyc").write_bytes(os.urandom(100))
    (home / RAW).write_text("raw")
    (home / "empty").mkdir()
    for number in range(600):
        (home / ".config" / f"{number}").write_bytes(os.urandom(number))
    (home / ".large.bin").write_bytes(os.urandom(7_000_000))
    (home / "visible.bin").write_bytes(os.urandom(3_000_000))
    os.mkfifo(home / "fifo")


@pytest.mark.parametrize("through", BOTH)
def test_the_whole_home_comes_as_it_is(show: Serve, tmp_path: Path, through: Through) -> None:
    home = tmp_path / "home"
    home.mkdir()
    make_odd(home)
    server = show(home)
    here = tmp_path / "here"

    report = pull(server.address, here, KEY, Options(through=through))

    assert tree(here) == tree(home)
    assert [item.path for item in report.not_taken] == ["fifo"]
    assert (here / "run.sh").stat().st_mode & 0o111
    assert (here / "twin.txt").stat().st_ino == (here / "plain.txt").stat().st_ino
    assert pull(server.address, here, KEY, Options(through=through)).fetched_files == 0
    assert server.get("api/kernels") == []
    assert server.get("api/terminals") == []


def test_what_was_unreadable_is_named(ordinary: list[str], open_place: Path) -> None:
    home = open_place / "home"
    (home / "closed").mkdir(parents=True)
    (home / "closed" / "inside.txt").write_text("inside")
    (home / ".secret").write_text("secret")
    (home / "closed").chmod(0)
    (home / ".secret").chmod(0)
    code = f"{agent_text()}\nprint(takeout_walk({str(home)!r}, 0, 1 << 20))"

    done = subprocess.run([*ordinary, "-c", code], capture_output=True, check=True, cwd="/")

    listed = {entry[0]: entry[1:] for entry in json.loads(zlib.decompress(base64.b64decode(done.stdout)))}
    assert listed["closed"][3] == "Permission denied"
    assert listed[""][0][0][-1] == "permission denied"


def test_patterns_hold_here_too(show: Serve, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for name in (".cache/x", "data/keep.txt", "data/skip.tmp", "tagged/y", "data/no.log"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(name)
    (home / "tagged" / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55\n")
    (home / "data" / ".takeoutignore").write_text("*.tmp\n")

    asked = Options(through="kernel", preset=Preset.SLIM, exclude=("*.log",))
    report = pull(show(home).address, tmp_path / "here", KEY, asked)

    files = {name for name, entry in tree(tmp_path / "here").items() if entry[0] == "file"}
    assert files == {"data/keep.txt", "data/.takeoutignore"}
    assert {item.path for item in report.left_out} == {".cache", "tagged", "data/skip.tmp", "data/no.log"}


def test_a_file_interface_that_shows_another_directory_is_not_used(
    show: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "a.txt").write_text("the kernel's")
    monkeypatch.setattr("takeout.pull.contents.shown", lambda _: frozenset({"elsewhere.txt"}))

    report = pull(show(home).address, tmp_path / "here", KEY, Options(through="kernel"))

    assert report.fetched_files == 1
    assert (tmp_path / "here" / "a.txt").read_text() == "the kernel's"


def test_the_environments_come_along_through_a_kernel(show: Serve, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "a.py").write_text("import json, numpy\n")
    (home / DOCUMENT).write_text("captured long ago")
    server = show(home)
    here = tmp_path / "here"

    report = pull(server.address, here, KEY, Options(with_environment=True))

    assert report.whole
    captured = read_document(here / DOCUMENT)
    assert captured.home == str(server.root)
    assert "jupyter-server" in {each.name.replace("_", "-") for each in captured.environments[0].packages}
    assert server.get("api/kernels") == []


def test_where_no_kernel_can_be_started_it_is_named_and_the_home_comes_all_the_same(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path
) -> None:
    none = Answer(200, {"Content-Type": "application/json"}, b'{"default": "ir", "kernelspecs": {}}')
    proxy = put_proxy(shared, lambda request: none if "kernelspecs" in request.path else None)

    report = pull(proxy.address, tmp_path / "here", KEY, Options(with_environment=True, exclude=("*.bin",)))

    assert [item.path for item in report.not_taken] == [DOCUMENT]
    assert "no Python kernel" in report.not_taken[0].reason
    assert report.files == 44
