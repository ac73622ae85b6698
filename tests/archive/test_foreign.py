"""Other people's programs read what we write. Which of them are absent is said, not hidden."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from takeout.archive import Kind, StoredZip, take_inventory
from takeout.archive.formats import layout
from takeout.archive.records import zipformat

Tree = dict[bytes, tuple[int, int, int, bytes]]
TreeOf = Callable[[Path], Tree]


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: str | Path, directory: Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a program with the rights that the test has now, and not with the real user's."""
    if os.geteuid() != os.getuid():
        options |= {"user": os.geteuid(), "group": os.getegid()}
    return subprocess.run(command, cwd=directory, capture_output=True, check=False, **options)


def unzip(archive: Path, to: Path) -> subprocess.CompletedProcess[bytes]:
    # Without -^ unzip takes control characters out of names.
    return run(program("unzip"), "-q", "-^", archive, directory=to)


def seven_zip(archive: Path, to: Path) -> subprocess.CompletedProcess[bytes]:
    return run(program("7z"), "x", "-snld", "-bd", archive, directory=to)


def bsdtar(archive: Path, to: Path) -> subprocess.CompletedProcess[bytes]:
    return run(program("bsdtar"), "-xpf", archive, directory=to)


def python(archive: Path, to: Path) -> subprocess.CompletedProcess[bytes]:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(to)
    return subprocess.CompletedProcess([], 0, b"", b"")


READERS = {"unzip": unzip, "7z": seven_zip, "bsdtar": bsdtar, "python": python}


def extract(reader: str, archive: Path, to: Path) -> Path:
    to.mkdir()
    done = READERS[reader](archive, to)
    assert (done.returncode, done.stderr) == (0, b""), done.stdout
    return to


def written(home: Path, to: Path) -> Path:
    with to.open("wb") as file:
        for data in StoredZip(take_inventory(home)).read():
            file.write(data)
    return to


EXPECTED_LOSSES: dict[str, dict[bytes, str]] = {
    "unzip": {
        b"2200": "Info-ZIP does not know the field of NTFS, and DOS time ends with 2107",
        b"1969": "Info-ZIP takes times before 1970 for damaged",
    },
    "7z": {
        b"outside": "7-Zip turns absolute links into links below the directory it writes to",
        b"locked": "7-Zip gives the owner the right to write directories",
    },
    "bsdtar": {
        b"2200": "libarchive does not know the field of NTFS, and DOS time ends with 2107",
        b"1969": "libarchive takes the Unix field as unsigned",
    },
}
"""What each reader does otherwise, by its own choice."""


def _without_times_of_links(tree: Tree) -> Tree:
    """Info-ZIP leaves the times of links alone."""
    return {
        path: (kind, mode, 0 if stat.S_ISLNK(kind) else seconds, content)
        for path, (kind, mode, seconds, content) in tree.items()
    }


@pytest.mark.usefixtures("ordinary_user")
@pytest.mark.parametrize("reader", EXPECTED_LOSSES)
def test_an_ordinary_home_survives(home: Path, place: Path, tree_of: TreeOf, reader: str) -> None:
    out = extract(reader, written(home, place / "a.zip"), place / "out")
    expected, found = tree_of(home), tree_of(out / "jovyan")
    if reader == "unzip":
        expected, found = _without_times_of_links(expected), _without_times_of_links(found)
    assert {path.name for path in out.iterdir()} == {"jovyan", "SHA256SUMS", "TAKEOUT.txt"}
    assert {path for path in expected | found if expected.get(path) != found.get(path)} == set(
        EXPECTED_LOSSES[reader]
    )


@pytest.mark.usefixtures("ordinary_user")
def test_python_brings_every_byte_back(home: Path, place: Path, tree_of: TreeOf) -> None:
    out = extract("python", written(home, place / "a.zip"), place / "out")
    expected, found = tree_of(home), tree_of(out / "jovyan")
    assert {path: content for path, (*_, content) in found.items()} == {
        path: content for path, (*_, content) in expected.items()
    }


UNUSUAL: dict[str, set[bytes]] = {
    "unzip": set(),
    "7z": set(),
    "bsdtar": {"e\u0301".encode()},
}
"""Names that each reader changes, by its own choice: bsdtar composes accents."""


@pytest.mark.usefixtures("ordinary_user")
@pytest.mark.parametrize("reader", UNUSUAL)
def test_every_file_of_an_odd_home_arrives(odd_home: Path, place: Path, tree_of: TreeOf, reader: str) -> None:
    shutil.rmtree(odd_home / ("d" * 200))  # deeper than these programs can go
    inventory = take_inventory(odd_home)
    out = extract(reader, written(odd_home, place / "a.zip"), place / "out")
    found = tree_of(out / "jovyan")
    files = [entry.path for entry in inventory if entry.kind is Kind.FILE]
    assert {path for path in files if path not in found} == UNUSUAL[reader]
    checked = run(program("sha256sum"), "-c", "SHA256SUMS", directory=out)
    assert checked.stdout.count(b": OK\n") == len(files) - len(UNUSUAL[reader])


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of more entries than 16 bits can count."""
    root = tmp_path_factory.mktemp("many") / "h"
    root.mkdir()
    for number in range(66_000):
        (root / f"{number:05}").touch()
    archive = written(root, root.parent / "a.zip")
    shutil.rmtree(root)
    return archive


LISTERS = {
    "unzip": ("unzip", "-Z1"),
    "7z": ("7z", "l", "-ba"),
    "bsdtar": ("bsdtar", "-tf"),
    "python": ("python3", "-m", "zipfile", "-l"),
}


@pytest.mark.parametrize("reader", LISTERS)
def test_more_than_65535_files(many: Path, tmp_path: Path, reader: str) -> None:
    program(LISTERS[reader][0])
    done = run(*LISTERS[reader], many, directory=tmp_path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert sum(b"h/" in line or b"h\\" in line for line in done.stdout.splitlines()) in (66_000, 66_001)


TESTERS = {
    "unzip": ("unzip", "-tqq", "{}", "h/b", "h/c", "SHA256SUMS", "TAKEOUT.txt"),
    "7z": ("7z", "t", "{}"),
    "bsdtar": ("bsdtar", "-tvf", "{}"),
    "python": ("python3", "-m", "zipfile", "-t", "{}"),
}


@pytest.fixture(scope="session")
def beyond_4_gib(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a file above 4 GiB, and small and large files after it."""
    root = tmp_path_factory.mktemp("beyond") / "h"
    root.mkdir()
    with (root / "a").open("wb") as file:
        file.truncate(zipformat.LIMIT_32 + 10)
    (root / "b").write_text("small, beyond 4 GiB\n")
    with (root / "c").open("wb") as file:
        file.truncate(layout.WHOLE_BYTES + 1)
    target = root.parent / "a.zip"
    with target.open("wb") as file:
        for data in StoredZip(take_inventory(root)).read():
            if bytes(data).count(0) == len(data):
                file.seek(len(data), os.SEEK_CUR)
            else:
                file.write(data)
    return target


@pytest.mark.parametrize("reader", TESTERS)
def test_more_than_4_gib(beyond_4_gib: Path, tmp_path: Path, reader: str) -> None:
    program(TESTERS[reader][0])
    done = run(*(word.format(beyond_4_gib) for word in TESTERS[reader]), directory=tmp_path)
    assert (done.returncode, done.stderr) == (0, b""), done.stdout


def test_a_pipe_is_enough_for_bsdtar(place: Path) -> None:
    """Small files carry everything in their header, so that even a reader that cannot seek gets them."""
    root = place / "h"
    root.mkdir()
    for number in range(20):
        (root / f"{number}.zip").write_bytes(b"PK\x07\x08PK\x03\x04" * number)
    archive = written(root, place / "a.zip")
    out = place / "out"
    out.mkdir()
    with archive.open("rb") as stream:
        done = subprocess.run(
            [program("bsdtar"), "-xf", "-"], stdin=stream, cwd=out, capture_output=True, check=False
        )
    assert (done.returncode, done.stderr) == (0, b"")
    for file in root.iterdir():
        assert (out / "h" / file.name).read_bytes() == file.read_bytes()
