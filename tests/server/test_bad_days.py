"""Downloads on days on which not all goes well."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import io
import os
import random
import resource
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from server.serving import Server, own, serving
from takeout.archive import verify
from takeout.archive.contents import readers
from takeout.archive.contents.processors import processors

MB = 1 << 20
NAME = "0123456789abcdef"
MORE_THAN_SOCKETS_HOLD = 48 * MB


def fill(home: Path, *, size: int = MORE_THAN_SOCKETS_HOLD, files: int = 24) -> None:
    """Write files in ``home/data``, which are read in the order of their numbers."""
    made = random.Random(3)  # noqa: S311 - the same every time
    (home / "data").mkdir(exist_ok=True)
    for number in range(files):
        (home / "data" / f"{number:02}").write_bytes(made.randbytes(size // files))
    own(home)


def at(server: Server, name: str = NAME) -> dict[str, object]:
    """Return how far a transfer is."""
    for _, data in server.events(f"takeout/transfer/{name}"):
        found: dict[str, object] = data
        return found
    raise AssertionError


def wait_for(server: Server, state: str, name: str = NAME) -> dict[str, object]:
    """Wait until the server says that a transfer is in a state."""
    for _, data in server.events(f"takeout/transfer/{name}"):
        if data["state"] == state:
            found: dict[str, object] = data
            return found
    raise AssertionError


@pytest.mark.parametrize("event", ["shrink", "grow", "vanish", "replace", "close", "move"])
def test_a_home_that_changes_while_it_is_read(server: Server, home: Path, tmp_path: Path, event: str) -> None:
    fill(home)
    connection, response = server.begin(f"takeout/archive/{home.name}")
    with closing(connection):
        start = response.read(1_000)
        last = home / "data" / "23"
        content = last.read_bytes()
        if event == "shrink":
            os.truncate(last, 10)
        elif event == "grow":
            with last.open("ab") as file:
                file.write(b"more")
        elif event == "vanish":
            last.unlink()
        elif event == "replace":
            last.unlink()
            os.mkfifo(last)
        elif event == "close":
            last.chmod(0)
        else:
            (home / "data").rename(home / "elsewhere")
        body = start + response.read()

    assert len(body) == int(response.headers["Content-Length"])
    saved = tmp_path / "a.zip"
    saved.write_bytes(body)
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        report = archive.read("TAKEOUT.txt").decode()
        # A directory that is open already is read to its end wherever it is moved to.
        found = event == "move" and archive.read(f"{home.name}/data/23") == content
    assert found or "- data/23: " in report
    assert {problem.code for problem in verify(saved).problems} <= {"not-whole"}


def test_a_slow_reader_costs_no_memory_and_holds_nobody_up(server: Server, home: Path) -> None:
    (home / "sparse").touch()
    os.truncate(home / "sparse", 400 * MB)
    own(home)
    before = server.memory_bytes()
    connection, response = server.begin(f"takeout/archive/{home.name}?transfer={NAME}00")
    with closing(connection):
        slow = hashlib.sha256(response.read(1_000))
        # Another reader takes the whole meanwhile: time enough to read the first one's home, if anybody would.
        other = hashlib.sha256()
        quick, answer = server.begin(f"takeout/archive/{home.name}")
        with closing(quick):
            while piece := answer.read(MB):
                other.update(piece)
        told = at(server, NAME + "00")
        assert told["state"] == "sending"
        assert isinstance(told["at"], int)
        assert told["at"] < 64 * MB
        assert server.memory_bytes() - before < 150 * MB
        while piece := response.read(MB):
            slow.update(piece)

    assert slow.digest() == other.digest()
    assert wait_for(server, "done", NAME + "00")["at"] == told["length"]


def open_files(server: Server, below: Path) -> list[str]:
    links = []
    for each in Path(f"/proc/{server.process.pid}/fd").iterdir():
        try:
            target = str(each.readlink())
        except OSError:
            continue
        if target.startswith(str(below)):
            links.append(target)
    return links


def test_a_reader_who_left_costs_no_more_work(server: Server, home: Path) -> None:
    fill(home)
    connection, response = server.begin(f"takeout/archive/{home.name}?transfer={NAME}01")
    response.read(1_000)
    assert open_files(server, home)
    connection.close()
    response.close()

    told = wait_for(server, "cut", NAME + "01")

    assert told["at"] != told["length"]
    assert open_files(server, home) == []


def reading(server: Server) -> list[str]:
    """Return the processes that read for a server."""
    found = []
    for thread in Path(f"/proc/{server.process.pid}/task").iterdir():
        for pid in (thread / "children").read_text().split():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                command = Path(f"/proc/{pid}/cmdline").read_text()
                found += [pid] if "takeout/archive/contents/program.py" in command else []
    return found


@pytest.mark.skipif(processors() < 2, reason="with one processor nothing is read beside")
@pytest.mark.parametrize("leaves", [True, False])
def test_processes_that_read_end_with_the_download(
    server: Server, home: Path, tmp_path: Path, *, leaves: bool
) -> None:
    fill(home, files=readers.LEAST_ENTRIES)
    name = NAME + f"2{leaves:d}"
    connection, response = server.begin(f"takeout/archive/{home.name}?transfer={name}")
    begun = response.read(1_000)
    assert len(reading(server)) == min(processors(), 4)
    if leaves:
        response.close()
    else:
        (tmp_path / "a.zip").write_bytes(begun + response.read())
    connection.close()

    wait_for(server, "cut" if leaves else "done", name)

    assert reading(server) == []
    assert leaves or verify(tmp_path / "a.zip", against=home).problems == ()


def test_one_too_many_is_told_when_to_come_back(place: Path) -> None:
    (place / "root").mkdir()
    fill(place / "root")
    with serving(place, place / "root", "--Takeout.max_downloads=1") as server:
        connection, response = server.begin(f"takeout/archive/?transfer={NAME}")
        response.read(1_000)

        refused = server.ask("takeout/archive/?transfer=ffffffff")
        head = server.ask("takeout/archive/", method="HEAD")
        connection.close()
        response.close()
        wait_for(server, "cut")

        assert refused.status == 429
        assert int(refused.headers["retry-after"]) > 0
        assert refused.json()["code"] == "busy"
        assert at(server, "ffffffff")["state"] == "refused"
        assert head.status == 200
        assert server.ask("takeout/archive/").status == 200


def test_several_at_once_get_the_same(server: Server, home: Path) -> None:
    fill(home, size=8 * MB)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: server.ask(f"takeout/archive/{home.name}"), range(6)))

    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1


def test_a_server_that_is_killed_half_way(place: Path) -> None:
    home = place / "home"
    home.mkdir()
    fill(home)
    own_files = {"JUPYTER_RUNTIME_DIR": str(home / ".local/share/jupyter/runtime")}
    with serving(place, home, **own_files) as server:
        connection, response = server.begin("takeout/archive/")
        with closing(connection):
            tag = response.headers["Etag"]
            part = response.read(MORE_THAN_SOCKETS_HOLD // 3)
            server.kill()
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)) as caught:
                response.read()
    if isinstance(caught.value, http.client.IncompleteRead):
        part += caught.value.partial

    with serving(place, home, **own_files) as server:
        rest = server.ask("takeout/archive/", Range=f"bytes={len(part)}-", If_Range=tag)
        whole = server.ask("takeout/archive/")

    assert rest.status == 206
    assert part + rest.body == whole.body
    with zipfile.ZipFile(io.BytesIO(whole.body)) as archive:
        assert archive.testzip() is None
        # The keys of running servers and kernels stay here, and that is said.
        assert "- .local/share/jupyter/runtime (" in archive.read("TAKEOUT.txt").decode()
        assert not [name for name in archive.namelist() if "/runtime/" in name]


def test_after_a_restart_a_tag_in_the_address_guards_what_was_begun(place: Path) -> None:
    (place / "root").mkdir()
    fill(place / "root", size=MB)
    with serving(place, place / "root") as server:
        tag = server.ask("takeout/archive/").tag.strip('"')
    with serving(place, place / "root") as server:
        other = server.ask("takeout/archive/?tag=another", Range="bytes=10-")
        same = server.ask(f"takeout/archive/?tag={tag}", Range="bytes=10-")

    assert (other.status, same.status) == (200, 206)


def test_a_disk_that_is_full(place: Path) -> None:
    home = place / "home"
    home.mkdir()
    fill(home, size=4 * MB)
    with serving(place, home) as server:
        # From here on the server can write no byte into any file.
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, 0))
        answer = server.ask("takeout/archive/")
        again = server.ask("takeout/archive/", Range="bytes=1000000-", If_Range=answer.tag)

    assert answer.status == 200
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.testzip() is None
    assert answer.body[1_000_000:] == again.body


def test_a_download_is_activity(server: Server, home: Path) -> None:
    fill(home, size=MB)

    def last() -> datetime:
        return datetime.fromisoformat(server.ask("api/status").json()["last_activity"])

    server.ask("takeout/status")
    before = last()
    server.ask(f"takeout/archive/{home.name}", method="HEAD")
    looked_at = last()
    server.ask(f"takeout/archive/{home.name}")

    assert looked_at == before
    assert last() > before


def test_a_stream_that_fails_is_cut(server: Server, home: Path) -> None:
    """The home itself is replaced while it is sent: no zip that looks whole may come of it."""
    fill(home)
    connection, response = server.begin(f"takeout/archive/{home.name}?transfer={NAME}02")
    with closing(connection):
        tag = response.headers["Etag"]
        start = response.read(1_000)
    wait_for(server, "cut", NAME + "02")
    home.rename(home.with_name(home.name + "-gone"))
    home.mkdir()
    own(home)

    answer = server.ask(f"takeout/archive/{home.name}", Range=f"bytes={len(start)}-", If_Range=tag)

    assert answer.status == 200
    assert answer.tag != tag


def test_what_was_read_is_not_read_again_after_a_restart(place: Path) -> None:
    """A large file's checksum stands behind it; the end of an archive needs those of all before."""
    home = place / "home"
    home.mkdir()
    with (home / "large").open("wb") as file:
        file.write(random.Random(4).randbytes(8 * MB))  # noqa: S311 - the same every time
    own(home)
    # A checksum is kept of a file that is a while older than the youngest; only time makes it so.
    while time.time_ns() - (home / "large").stat().st_ctime_ns < 3_000_000_000:
        time.sleep(0.05)
    (home / "later").touch()
    own(home / "later")
    for path in (home / "later", home):
        os.utime(path, (1_000_000_000, 1_000_000_000))

    def reads(server: Server) -> int:
        text = Path(f"/proc/{server.process.pid}/io").read_text(encoding="utf-8")
        return int(text.split("rchar: ")[1].split()[0])

    with serving(place, home) as server:
        whole = server.ask("takeout/archive/")
        again = server.ask("takeout/archive/")
        assert again.tag == whole.tag
    with serving(place, home) as server:
        server.ask("takeout/status")
        before = reads(server)
        rest = server.ask("takeout/archive/", Range=f"bytes={len(whole.body) - 100}-", If_Range=whole.tag)
        read = reads(server) - before

    assert rest.status == 206
    assert rest.body == whole.body[-100:]
    assert read < 4 * MB


def test_a_server_that_is_stopped_ends_though_a_reader_waits(place: Path) -> None:
    (place / "root").mkdir()
    fill(place / "root")
    with serving(place, place / "root") as server:
        connection, response = server.begin("takeout/archive/")
        with closing(connection):
            response.read(1_000)
            server.process.terminate()
            assert server.process.wait(20) == 0
            with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
                response.read()
    assert not [line for line in server.lines if "Traceback" in line]
