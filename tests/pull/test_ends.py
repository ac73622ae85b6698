"""Pulls that end early: Ctrl-C, kill -9, a full disk; the next one goes on where they were."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pull.compare import parts, size_of, tree
from pull.conftest import Put
from pull.proxy import Bend, Request, Rule
from pull.servers import TOKEN, JupyterServer, pulling
from takeout.errors import DiskError
from takeout.pull import Options, Token, pull
from takeout.pull.placing import Arrived, Placer
from takeout.pull.row import Row

KEY = Token(TOKEN)


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
            patch.setattr("takeout.pull.ready.SPARE_BYTES", -(10**9))
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
    here = tmp_path / "here"
    proxy = put_proxy(shared)
    command = pulling(proxy.address, here)
    dice = random.Random(11)  # noqa: S311 - moments, no secrets
    small = [after_files(dice.randrange(1, 20)) for _ in range(3)]
    large = [after_bytes(dice.randrange(1, 1_500_000)) for _ in range(5)]

    for moment in (*small, *large):
        with subprocess.Popen(command) as process:
            # The proxy kills it before it passes on what would come next, so that it never ends by itself.
            proxy.rule = moment(process)
        assert process.returncode == -signal.SIGKILL

    proxy.rule = lambda _: None
    assert subprocess.run(command, check=False).returncode == 0
    assert tree(here) == tree(shared.root)
    assert parts(here) == []


def after_files(count: int) -> Callable[[subprocess.Popen[bytes]], Rule]:
    """Return a rule that kills a process when it asks for one more than so many files."""

    def moment(process: subprocess.Popen[bytes]) -> Rule:
        asked: list[str] = []

        def kill(request: Request) -> None:
            if request.for_file:
                asked.append(request.path)
                if len(asked) > count:
                    process.kill()

        return kill

    return moment


def after_bytes(count: int) -> Callable[[subprocess.Popen[bytes]], Rule]:
    """Return a rule that kills a process when so much of the large file has come in one answer."""

    def moment(process: subprocess.Popen[bytes]) -> Rule:
        def kill(request: Request) -> Bend | None:
            if "large.bin" not in request.path or not request.for_file:
                return None
            return Bend(at=count, cut_after=count, then=process.kill)

        return kill

    return moment


def test_ctrl_c_keeps_every_byte_that_was_counted(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    enough, counted = 5_000_000, 0
    over = threading.Event()

    def interrupt(step: str, done: int, total: int) -> None:
        nonlocal counted
        del total
        if step == "bytes" and done > enough:
            counted = done
            raise KeyboardInterrupt

    def stall(request: Request) -> Bend | None:
        # Each of the three pieces of the large file stops on its way, so that the end never comes first.
        stalls = "large.bin" in request.path and request.for_file
        return Bend(at=1_000_000, then=lambda: over.wait(60) and None) if stalls else None

    proxy = put_proxy(shared, stall)
    with pytest.raises(KeyboardInterrupt):
        pull(proxy.address, here, KEY, progress=interrupt)
    over.set()
    # Also when the machine is switched off and on in between.
    monkeypatch.setattr("takeout.pull.crash.this_boot", lambda: "another")
    again = pull(proxy.address, here, KEY)

    assert counted > enough
    assert tree(here) == tree(shared.root)
    assert again.fetched_bytes <= size_of(shared.root) - counted


def test_ctrl_c_keeps_what_is_whole_and_not_in_its_place(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    proxy = put_proxy(shared)
    place = Placer.place

    def interrupt(placer: Placer, row: Row, arrived: Arrived) -> None:
        if row.entry.path == "middle.bin":
            raise KeyboardInterrupt
        place(placer, row, arrived)

    with monkeypatch.context() as patch:
        patch.setattr(Placer, "place", interrupt)
        with pytest.raises(KeyboardInterrupt):
            pull(proxy.address, here, KEY, Options(exclude=("large.bin",)))
    assert not (here / "middle.bin").exists()
    before = len(proxy.requests)
    again = pull(proxy.address, here, KEY, Options(exclude=("large.bin",)))

    assert again.whole
    assert (here / "middle.bin").read_bytes() == (shared.root / "middle.bin").read_bytes()
    assert not [request for request in proxy.requests[before:] if request.for_file and "middle" in request.path]
