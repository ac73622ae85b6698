"""Homes with everything odd that people have in theirs."""

# Names of files are bytes here, which pathlib does not take.
# ruff: noqa: PTH101, PTH102, PTH115, PTH123, PTH211

from __future__ import annotations

import codecs
import contextlib
import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from takeout.archive.contents import readers
from takeout.archive.contents.program import Answer
from takeout.archive.contents.readers import Readers

NOBODY = 65_534
YEAR_1969, YEAR_1975, YEAR_2050, YEAR_2200 = -86_400 * 3, 157_766_400, 2_524_608_000, 7_258_118_400
Build = Callable[[bytes], None]


@contextlib.contextmanager
def as_ordinary_user() -> Iterator[None]:
    """Give up root's rights for a while, so that what is unreadable is really unreadable."""
    if os.geteuid() != 0:
        yield
        return
    codecs.lookup("cp437")  # zipfile wants it, and Python may be installed where only root may look
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """The test runs without root's rights."""
    with as_ordinary_user():
        yield


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that an ordinary user may use, and leave in any state."""
    path = Path(tempfile.mkdtemp(prefix="takeout-test-"))
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    yield path
    for directory, _, _ in os.walk(os.fsencode(path)):
        with contextlib.suppress(OSError):
            os.chmod(directory, 0o700)
    shutil.rmtree(path, ignore_errors=True)
    remove_deep(os.fsencode(path))


def remove_deep(path: bytes) -> None:
    """Remove a tree that is deeper than a path may be long."""
    if os.path.lexists(path):
        os.system(b"rm -rf -- '" + path + b"'")  # noqa: S605 - rm walks with directory descriptors; the name is ours


def write(path: bytes, data: bytes = b"x\n", mode: int = 0o644) -> None:
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, mode)


def build_ordinary(home: bytes) -> None:
    """Make what every reader must bring back: contents, permissions, times, links, names."""
    os.mkdir(home)
    for name in (b"empty directory", b".hidden", b"a", b"a/b", b"a/b/c"):
        os.mkdir(home + b"/" + name)
    write(home + b"/empty", b"")
    write(home + b"/.hidden/.deeper", b"hidden\n")
    write(home + b"/a/b/c/data.bin", bytes(range(256)) * 4_000)
    write(home + b"/SHA256SUMS", b"not ours\n")
    write(home + b"/TAKEOUT.txt", b"not ours either\n")
    write(home + b"/run.sh", b"#!/bin/sh\n", 0o755)
    write(home + b"/private", b"secret\n", 0o600)
    write(home + b"/read-only", b"r\n", 0o444)
    for name in (
        "spaces in  it ",
        "-rf",
        "quote'\"",
        "star*[?]",
        "ümläut",
        "日本語",
        "🎒",
        "é",
        "Name",
        "name",
    ):
        write(os.fsencode(f"{home.decode()}/{name}"), name.encode())
    write(home + b"/" + b"n" * 255, b"long name\n")
    os.symlink(b"run.sh", home + b"/link")
    os.symlink(b"..", home + b"/a/up")
    os.symlink(b"nowhere", home + b"/dangling")
    os.symlink(b"/etc/hostname", home + b"/outside")
    os.symlink(b"a/b", home + b"/directory link")
    os.symlink("zü".encode(), home + b"/unicode link")
    os.link(home + b"/run.sh", home + b"/a/hard link")
    with open(home + b"/sparse", "wb") as file:
        file.seek(9_000_000)
        file.write(b"end")
    for name, seconds in ((b"1969", YEAR_1969), (b"1975", YEAR_1975), (b"2050", YEAR_2050), (b"2200", YEAR_2200)):
        write(home + b"/" + name, name)
        os.utime(home + b"/" + name, (seconds, seconds))
    os.utime(home + b"/link", (YEAR_1975, YEAR_1975), follow_symlinks=False)
    os.mkdir(home + b"/locked", 0o755)
    write(home + b"/locked/inside", b"i\n")
    os.chmod(home + b"/locked", 0o555)  # noqa: S103 - that is the point
    os.utime(home + b"/a/b", (YEAR_1975, YEAR_1975))


def build_hard(home: bytes) -> None:
    """Add what is out of the ordinary: names that are no text, special files, what cannot be read, great depth."""
    write(home + b"/latin\xe4", b"no utf-8\n")
    write(home + b"/back\\slash", b"backslash\n")
    write(home + "/e\u0301".encode(), b"decomposed\n")
    write(home + b"/line\nend", b"newline\n")
    write(home + b"/\x01control\x7f", b"control\n")
    os.mkfifo(home + b"/pipe")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        here = os.open(b".", os.O_RDONLY)
        os.chdir(home)
        try:
            listener.bind(b"socket")
        finally:
            os.fchdir(here)
            os.close(here)
    write(home + b"/unreadable", b"nobody sees this", 0o000)
    for name, mode in ((b"no list", 0o300), (b"no entry", 0o600), (b"closed", 0o000)):
        os.mkdir(home + b"/" + name)
        write(home + b"/" + name + b"/file", b"in\n")
        os.chmod(home + b"/" + name, mode)
    build_deep(home, 30)


def build_deep(home: bytes, levels: int) -> None:
    """Make a tree whose paths are longer than PATH_MAX: 200 bytes a level."""
    fd = os.open(home, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(b"d" * 200, dir_fd=fd)
        below = os.open(b"d" * 200, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    file = os.open(b"bottom", os.O_WRONLY | os.O_CREAT, 0o644, dir_fd=fd)
    os.write(file, b"deep\n")
    os.close(file)
    os.close(fd)


@pytest.fixture
def home(place: Path) -> Path:
    """A home that every reader can bring back whole."""
    with as_ordinary_user():
        build_ordinary(os.fsencode(place / "jovyan"))
    return place / "jovyan"


@pytest.fixture
def odd_home(home: Path) -> Path:
    """A home with all that is odd."""
    with as_ordinary_user():
        build_hard(os.fsencode(home))
    return home


@pytest.fixture
def deep() -> Callable[[Path, int], None]:
    """Make a tree so many levels deep, of 200 bytes each."""
    return lambda home, levels: build_deep(os.fsencode(home), levels)


@pytest.fixture
def tree_of() -> Callable[[Path], dict[bytes, tuple[object, ...]]]:
    """What is in a directory: for each path its type, permissions, time in seconds and content."""
    return snapshot


def _read(path: bytes) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except PermissionError:
        return b"unreadable"


def snapshot(root: Path) -> dict[bytes, tuple[object, ...]]:
    found: dict[bytes, tuple[object, ...]] = {}
    base = os.fsencode(root)
    for directory, names, files in os.walk(base):
        for name in (*names, *files):
            path = directory + b"/" + name  # type: ignore[operator] - walk of bytes gives bytes
            try:
                status = os.lstat(path)
            except OSError:  # out of reach, or deeper than a path may be long
                continue
            if stat.S_ISLNK(status.st_mode):
                content: bytes = os.readlink(path)
            elif stat.S_ISREG(status.st_mode):
                content = _read(path)
            else:
                content = b""
            mode = 0 if stat.S_ISLNK(status.st_mode) else stat.S_IMODE(status.st_mode)
            found[path[len(base) + 1 :]] = (stat.S_IFMT(status.st_mode), mode, int(status.st_mtime), content)
    return found


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Two processes read however few files there are; whether they did, batch by batch."""
    monkeypatch.setattr(readers, "LEAST_ENTRIES", 1)
    monkeypatch.setattr(readers, "processors", lambda: 2)
    done: list[bool] = []
    for name in ("read", "answer"):
        ask = getattr(Readers, name)

        def noted(*arguments: object, ask: Callable[..., Answer | None] = ask) -> Answer | None:
            answer = ask(*arguments)
            done.append(answer is not None)
            return answer

        monkeypatch.setattr(Readers, name, noted)
    return done


@pytest.fixture
def many(place: Path) -> Path:
    """A home with more than one batch of small files."""
    home = place / "many"
    for number in range(40):
        (home / f"d{number % 7}").mkdir(parents=True, exist_ok=True)
        (home / f"d{number % 7}" / f"f{number}").write_bytes(b"%d" % number * 30_000)
    return home
