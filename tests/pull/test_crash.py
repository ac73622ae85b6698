"""The machine goes down half-way: what the disk did not have is found out, and comes again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pull.compare import OWN, parts, tree
from pull.conftest import Put
from pull.proxy import Bend, Proxy
from pull.servers import TOKEN, JupyterServer
from takeout.errors import DiskError, Where
from takeout.pull import Options, Token, pull
from takeout.pull.store import Store

KEY = Token(TOKEN)
FEW = Options(exclude=("folder */", "middle.bin"))
CODE = (
    "import sys; from pathlib import Path; from takeout.pull import Options, Token, pull;"
    " pull(sys.argv[1], Path(sys.argv[2]), Token(sys.argv[3]), Options(exclude=tuple(sys.argv[4:])))"
)


def damage(path: Path, data: bytes) -> None:
    """Give a file another content and its own time, as a crash does."""
    before = path.stat().st_mtime_ns
    path.write_bytes(data)
    os.utime(path, ns=(before, before))


@pytest.fixture
def reboot(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on it is another run of the machine."""
    return lambda: monkeypatch.setattr("takeout.pull.crash.this_boot", lambda: "another")


def killed_half_way(proxy: Proxy, here: Path, names: tuple[str, ...]) -> None:
    """Pull some small files and a part of a large one, and kill the process then."""
    with subprocess.Popen([sys.executable, "-c", CODE, proxy.address, here, TOKEN, *FEW.exclude]) as process:

        def kill() -> None:
            end = time.monotonic() + 60
            while not all((here / name).exists() for name in names) and time.monotonic() < end:
                time.sleep(0.01)
            process.kill()

        proxy.rule = lambda request: Bend(at=2_000_000, then=kill) if "large.bin" in request.path else None
    proxy.rule = lambda _: None
    assert process.returncode < 0


def test_after_a_crash_nothing_counts_that_the_disk_may_not_have(
    shared: JupyterServer, put_proxy: Put, tmp_path: Path, reboot: Callable[[], None]
) -> None:
    here = tmp_path / "here"
    percent, notebook, page = (here / name for name in ("50%20off & #q?.txt", "ünï.ipynb", "page.html"))
    proxy = put_proxy(shared)
    killed_half_way(proxy, here, (percent.name, notebook.name, page.name))
    page.unlink()
    damage(percent, bytes(7))
    damage(notebook, b"")
    for part in parts(here):
        part.write_bytes(bytes(part.stat().st_size))
    (here / OWN / "parts" / "0" / "16000.part").write_bytes(b"of a file that the journal does not know any more")
    reboot()

    report = pull(proxy.address, here, KEY, FEW)

    assert report.whole
    assert report.changed_here == ()
    assert parts(here) == []
    pull(shared.address, tmp_path / "again", KEY, FEW)
    assert tree(here) == tree(tmp_path / "again")


def test_after_a_crash_what_is_good_does_not_come_again_and_what_was_changed_here_stays(
    shared: JupyterServer, tmp_path: Path, reboot: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    with monkeypatch.context() as patch:
        # As when the power fails before the end: all is recorded, and the disk need not have it.
        patch.setattr(Store, "flush", fail)
        with pytest.raises(DiskError, match="broken"):
            pull(shared.address, here, KEY)
    assert not (here / OWN / "TAKEOUT.txt").exists()
    for path, data in ((here / "middle.bin", bytes(3 << 20)), (here / "ünï.ipynb", b"")):
        damage(path, data)
    (here / "none.txt").write_text("changed here")
    (here / "page.html").unlink()
    reboot()

    report = pull(shared.address, here, KEY)

    assert report.whole
    assert report.fetched_files == 3
    assert [item.path for item in report.changed_here] == ["none.txt"]
    assert any(note.endswith("damaged by that: 3") for note in report.notes)
    (here / "none.txt").write_bytes(b"")
    os.utime(here / "none.txt", ns=(0, (shared.root / "none.txt").stat().st_mtime_ns))
    assert tree(here) == tree(shared.root)


def fail(store: Store) -> None:
    raise DiskError("the disk is broken", where=Where(str(store.root)))


def test_the_disk_has_all_before_the_report_says_so(
    shared: JupyterServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    flush, seen = Store.flush, []

    def look(store: Store) -> None:
        seen.append(tree(here) == tree(shared.root) and not (here / OWN / "TAKEOUT.txt").exists())
        flush(store)

    monkeypatch.setattr(Store, "flush", look)
    pull(shared.address, here, KEY)

    assert seen == [True]
    assert (here / OWN / "TAKEOUT.txt").exists()
