"""What processes read is what this one reads, and nobody misses one that is gone."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from takeout.archive import FORMATS, StoredZip, take_inventory
from takeout.archive.contents import program, readers
from takeout.archive.contents.program import Task

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no memory to share")


@pytest.fixture
def pids(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that were started."""
    started: list[int] = []
    begin = readers._Process.__init__

    def noted(process: readers._Process, root_fd: int, fds: list[int]) -> None:
        begin(process, root_fd, fds)
        started.append(process._process.pid)

    monkeypatch.setattr(readers._Process, "__init__", noted)
    return started


def here(archive: StoredZip, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the digest of an archive that is read without processes."""
    with monkeypatch.context() as patched:
        patched.setattr(readers, "LEAST_ENTRIES", 1 << 60)
        return digest(archive)


def digest(archive: StoredZip) -> str:
    state = hashlib.sha256()
    for piece in archive.read():
        state.update(piece)
    return state.hexdigest()


def left_of(started: list[int]) -> list[int]:
    return [pid for pid in started if Path(f"/proc/{pid}").exists()]


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_an_odd_home_is_the_same(odd_home: Path, answers: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    inventory = take_inventory(odd_home)
    expected = here(StoredZip(inventory), monkeypatch)
    assert answers == []
    assert digest(StoredZip(inventory)) == expected
    assert answers
    assert all(answers)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_is_the_same(
    form: str, many: Path, answers: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = take_inventory(many)
    beside = FORMATS[form](inventory)
    given = b"".join(beside.read())
    assert answers
    assert all(answers)
    monkeypatch.setattr(readers, "LEAST_ENTRIES", 1 << 60)
    alone = FORMATS[form](inventory)
    expected = b"".join(alone.read())
    # What a compressor gives depends on how the content was cut, and that on how long reading took.
    assert given == expected or form in ("tar.zst", "tar.gz")
    assert all(beside.results.sha(each) == alone.results.sha(each) for each in range(len(inventory)))


def _disturb(home: Path) -> None:
    (home / "d0" / "f0").unlink()
    (home / "d1" / "f1").write_bytes(b"short")
    (home / "d2" / "f2").write_bytes(b"long" * 50_000)
    (home / "d3" / "f3").unlink()
    (home / "d3" / "f3").mkdir()
    (home / "d4").rename(home / "moved")
    (home / "d5").rename(home / "behind")
    (home / "d5").symlink_to("behind")
    (home / "d6").rename(home / "other")
    (home / "d6").mkdir()
    (home / "d6" / "f6").write_bytes(b"6" * 30_000)


def test_what_happens_meanwhile_is_told_the_same(
    many: Path, answers: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = take_inventory(many)
    _disturb(many)
    archive, other = StoredZip(inventory), StoredZip(inventory)
    assert digest(archive) == here(other, monkeypatch)
    assert all(answers)
    assert archive.results.troubles == other.results.troubles
    assert len(set(archive.results.troubles.values())) == 4


@pytest.mark.parametrize("at", [0, 1, 3])
def test_one_that_is_killed_is_not_missed(
    at: int, many: Path, answers: list[bool], pids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = take_inventory(many)
    expected = here(StoredZip(inventory), monkeypatch)
    answers.clear()
    state = hashlib.sha256()
    for number, piece in enumerate(StoredZip(inventory).read()):
        if number == at:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
        state.update(piece)
    assert state.hexdigest() == expected
    assert len(pids) == 2
    assert not left_of(pids)


def test_one_that_is_killed_while_it_reads(
    many: Path, answers: list[bool], pids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = take_inventory(many)
    expected = here(StoredZip(inventory), monkeypatch)
    ask = readers._Process.ask

    def stopped(process: readers._Process, task: Task) -> int:
        if process._process.pid != pids[0] or process.waiting:
            return ask(process, task)
        os.kill(pids[0], signal.SIGSTOP)  # so that it has the task, and does not answer
        number = ask(process, task)
        os.kill(pids[0], signal.SIGKILL)
        return number

    monkeypatch.setattr(readers._Process, "ask", stopped)
    assert digest(StoredZip(inventory)) == expected
    assert False in answers
    assert True in answers
    assert not left_of(pids)


def _no_memory(name: str, flags: int) -> int:
    raise OSError(38, f"no {name} with {flags}")


@pytest.mark.parametrize("hurdle", ["no program", "a program that fails", "no memory", "no sense"])
def test_where_none_can_be_started(
    hurdle: str, many: Path, answers: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = take_inventory(many)
    expected = here(StoredZip(inventory), monkeypatch)
    before = descriptors()
    commands = {
        "no program": ["/nonexistent"],
        "a program that fails": [sys.executable, "-c", "raise SystemExit(1)"],
        "no sense": [sys.executable, "-c", "import os; os.write(0, b'\\5\\0\\0\\0hello')"],
    }
    if hurdle in commands:
        monkeypatch.setattr(readers, "_COMMAND", commands[hurdle])
    else:
        monkeypatch.setattr(os, "memfd_create", _no_memory)
    assert digest(StoredZip(inventory)) == expected
    assert not any(answers)
    assert descriptors() == before


def test_closing_early_leaves_nothing(many: Path, answers: list[bool], pids: list[int]) -> None:
    archive = StoredZip(take_inventory(many))
    before = descriptors()
    pieces = archive.read()
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert answers
    assert len(pids) == 2
    assert not left_of(pids)
    assert descriptors() == before


def test_an_interrupt_in_the_middle_of_an_answer(
    many: Path, answers: list[bool], pids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    received, counts = readers._Process._received, [0]

    def interrupted(process: readers._Process, count: int) -> bytes:
        counts.append(count)
        if len(counts) == 5:  # the second answer's length was read, and the answer was not
            raise KeyboardInterrupt
        return received(process, count)

    archive = StoredZip(take_inventory(many))
    monkeypatch.setattr(readers._Process, "_received", interrupted)
    with pytest.raises(KeyboardInterrupt):
        digest(archive)
    assert answers
    assert len(pids) == 2
    assert not left_of(pids)


def test_many_readings_share_a_bound(
    many: Path, answers: list[bool], pids: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    inventory = take_inventory(many)
    expected = here(StoredZip(inventory), monkeypatch)
    begun = [StoredZip(inventory).read() for _ in range(6)]
    pieces = [[bytes(next(each))] for each in begun]
    assert len(pids) == 8
    for each, got in zip(begun, pieces, strict=True):
        got += [bytes(piece) for piece in each]
    assert {hashlib.sha256(b"".join(got)).hexdigest() for got in pieces} == {expected}
    assert answers
    assert not left_of(pids)
    assert digest(StoredZip(inventory)) == expected
    assert len(pids) == 10


def test_few_entries_and_one_processor_need_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "processors", lambda: 2)
    assert readers.worth_while(readers.LEAST_ENTRIES)
    assert not readers.worth_while(readers.LEAST_ENTRIES - 1)
    monkeypatch.setattr(readers, "processors", lambda: 1)
    assert not readers.worth_while(1 << 20)


def test_the_program_is_alone_and_small() -> None:
    code = f"""import sys
program = {{"__name__": "program", "__file__": {program.__file__!r}}}
exec(open({program.__file__!r}).read(), program)
program["_find_modules"]()
from takeout.archive.contents import batch
print(*sys.modules)"""
    command = [sys.executable, "-I", "-S", "-c", code]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert "marshal" in loaded
    assert not {"typing", "dataclasses", "enum", "re", "logging", "subprocess", "threading", "site"} & set(loaded)
    ours = {name for name in loaded if name.startswith("takeout.archive.")}
    rooms = {"contents", "contents.batch", "home", "home.files", "records", "records.heads", "records.tarfields"}
    assert ours == {f"takeout.archive.{room}" for room in rooms}


@pytest.fixture
def packing(place: Path) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """``home pack``, held up because nobody reads on what it writes, and the processes that read for it."""
    for number in range(200):
        (place / "home" / f"d{number % 9}").mkdir(parents=True, exist_ok=True)
        (place / "home" / f"d{number % 9}" / f"f{number}").write_bytes(bytes(40_000))
    code = (
        "from takeout.archive.contents import readers; readers.LEAST_ENTRIES = 1; readers.processors = lambda: 2; "
        "from takeout.cli import main; raise SystemExit(main())"
    )
    command = [sys.executable, "-c", code, "home", "pack", str(place / "home"), "-o", "-"]
    with subprocess.Popen(command, stdout=-1, stderr=-1, start_new_session=True) as process:
        assert process.stdout is not None
        assert len(process.stdout.read(3_000_000)) == 3_000_000
        threads = Path(f"/proc/{process.pid}/task").iterdir()
        yield process, [int(pid) for thread in threads for pid in (thread / "children").read_text().split()]
        process.kill()


def test_an_interrupt_ends_them_all(packing: tuple[subprocess.Popen[bytes], list[int]]) -> None:
    process, started = packing
    assert len(started) == 2
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in stderr
    assert not left_of(started)


def test_they_end_when_nobody_is_there_any_more(packing: tuple[subprocess.Popen[bytes], list[int]]) -> None:
    process, started = packing
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 60
    while [pid for pid in left_of(started) if not _is_over(pid)]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_over(pid: int) -> bool:
    """Whether a process ended, even if whoever took over from its parent has not looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True
