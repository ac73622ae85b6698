"""``takeout home scan|pack|verify|unpack``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cli.helpers import Run
from takeout.archive import StoredZip, take_inventory
from takeout.cli.home_text import bytes_text


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    root = tmp_path / "jovyan"
    (root / ".cache/pip").mkdir(parents=True)
    (root / ".cache/pip/wheel").write_bytes(b"w" * 5_000)
    (root / "thesis.ipynb").write_text("{}")
    (root / "data").mkdir()
    (root / "data/big.bin").write_bytes(os.urandom(6_000_000))
    (root / "link").symlink_to("thesis.ipynb")
    return root


def test_scan_tells_what_is_there(run: Run, home: Path) -> None:
    result = run("home", "scan", home)
    assert result.code == 0
    assert "files        3, 6.01 MB" in result.out
    assert "  6 MB  data\n" in result.out
    assert "  5 kB in 1 files: caches" in result.out


def test_scan_as_json_knows_the_archives_exact_length(run: Run, home: Path) -> None:
    document = run("home", "scan", home, "--json").json
    assert document["files"] == 3
    assert document["slim"] == {"caches": {"files": 1, "size_bytes": 5_000}}
    assert document["archive_bytes"] == StoredZip(take_inventory(home)).length
    assert document["largest"][0] == {"path": "data", "size_bytes": 6_000_000}


def test_scan_finds_what_cannot_be_taken(run: Run, home: Path) -> None:
    os.mkfifo(home / "pipe")
    result = run("home", "scan", home)
    assert result.code == 1
    assert "cannot be taken:\n  pipe: a named pipe\n" in result.out


@pytest.mark.parametrize("name", ["a.zip", "a.tar.zst", "a.tar.gz", "a.tgz"])
def test_pack_verify_unpack(run: Run, home: Path, tmp_path: Path, name: str) -> None:
    archive = tmp_path / name
    packed = run("home", "pack", home, "-o", archive, "--json")
    assert (packed.code, packed.json["archive_bytes"]) == (0, archive.stat().st_size)
    assert run("home", "verify", archive, "--against", home).code == 0
    assert run("home", "unpack", archive, tmp_path / "out").out == "5 files written, 6.01 MB\n"
    assert (tmp_path / "out/jovyan/data/big.bin").read_bytes() == (home / "data/big.bin").read_bytes()
    again = run("home", "unpack", archive, tmp_path / "out", "--json").json
    assert (again["files"], again["already"], again["problems"]) == (0, 5, [])
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("a.")) == [name]


def test_preset_and_excludes(run: Run, home: Path, tmp_path: Path) -> None:
    result = run("home", "pack", home, "-o", tmp_path / "a.zip", "--preset", "slim", "--exclude", "data")
    assert ".cache (1 files, 5 kB): slim: caches" in result.out
    assert "data (1 files, 6 MB): --exclude: data" in result.out
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert {name for name in archive.namelist() if name.startswith("jovyan/")} == {
            "jovyan/", "jovyan/thesis.ipynb", "jovyan/link",
        }  # fmt: skip


def test_an_archive_inside_the_home_does_not_hold_itself(run: Run, home: Path) -> None:
    for _ in range(2):
        assert run("home", "pack", home, "-o", home / "home.zip").code == 0
        with zipfile.ZipFile(home / "home.zip") as archive:
            assert not [name for name in archive.namelist() if "home.zip" in name]


def test_an_interrupted_pack_goes_on(run: Run, home: Path, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    run("home", "pack", home, "-o", archive)
    whole = archive.read_bytes()
    archive.unlink()
    (tmp_path / "a.zip.part").write_bytes(whole[:3_000_000])
    (tmp_path / "a.zip.part.tag").write_text(StoredZip(take_inventory(home)).tag)
    assert run("home", "pack", home, "-o", archive, "--json").json["resumed_at"] == 3_000_000
    assert archive.read_bytes() == whole


def test_a_part_of_another_home_is_not_gone_on_with(run: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.zip.part").write_bytes(b"other" * 1_000)
    (tmp_path / "a.zip.part.tag").write_text("another tag")
    assert run("home", "pack", home, "-o", tmp_path / "a.zip", "--json").json["resumed_at"] == 0
    assert run("home", "verify", tmp_path / "a.zip").code == 0


def test_standard_output(home: Path, tmp_path: Path) -> None:
    with (tmp_path / "a.zip").open("wb") as file:
        done = subprocess.run(
            [sys.executable, "-m", "takeout", "home", "pack", home, "-o", "-"], stdout=file, stderr=-1, check=True
        )
    assert b"standard output: 3 files" in done.stderr
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None


def test_a_reader_who_left_is_no_traceback(home: Path) -> None:
    command = f"{sys.executable} -m takeout home pack {home} -o - | head -c 1000 | wc -c"
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True)
    assert done.stdout.strip() == b"1000"
    assert b"Traceback" not in done.stderr


def test_ctrl_c_leaves_a_part_to_go_on_with(home: Path, tmp_path: Path) -> None:
    with (home / "data/huge").open("wb") as file:
        file.truncate(30_000_000_000)
    command = [sys.executable, "-m", "takeout", "home", "pack", home, "-o", tmp_path / "a.zip"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        while not (tmp_path / "a.zip.part").exists() or (tmp_path / "a.zip.part").stat().st_size < 7_000_000:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate()
    assert process.returncode == 130
    assert b"Traceback" not in stderr
    assert (tmp_path / "a.zip.part.tag").read_text() == StoredZip(take_inventory(home)).tag
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["pack", "HOME", "-o", "TMP/a.rar"], (2, "does not tell the format")),
        (["pack", "HOME", "-o", "TMP/a.zip", "--format", "7z"], (2, "unknown format '7z'")),
        (["pack", "HOME", "-o", "-", "--json"], (2, "both want standard output")),
        (["pack", "HOME", "-o", "TMP/no/a.zip"], (2, "the directory to write to is not there")),
        (["pack", "HOME", "-o", "TMP"], (2, "does not tell the format")),
        (["pack", "HOME/none", "-o", "TMP/a.zip"], (2, "not a directory")),
        (["pack", "HOME"], (2, "missing option")),
        (["scan", "HOME/thesis.ipynb"], (2, "not a directory")),
        (["scan", "HOME", "--exclude", ""], (2, "matches nothing")),
        (["verify", "HOME/thesis.ipynb"], (2, "not an archive")),
        (["verify", "HOME/none"], (3, "cannot be read")),
        (["unpack", "HOME/thesis.ipynb", "TMP/out"], (2, "not an archive")),
    ],
)
def test_what_is_wrong_is_said(
    run: Run, home: Path, tmp_path: Path, arguments: list[str], expected: tuple[int, str]
) -> None:
    given = [each.replace("HOME", str(home)).replace("TMP", str(tmp_path)) for each in arguments]
    result = run("home", *given)
    code, error = expected
    assert result.code == code
    assert error in result.err + result.out
    assert not list(tmp_path.glob("*.part*"))


def test_verify_names_what_is_wrong(run: Run, home: Path, tmp_path: Path) -> None:
    run("home", "pack", home, "-o", tmp_path / "a.zip")
    (home / "thesis.ipynb").write_text("[]")
    result = run("home", "verify", tmp_path / "a.zip", "--against", home, "--json")
    assert result.code == 1
    assert [(each["code"], each["path"]) for each in result.json["problems"]] == [
        ("differs", "jovyan/thesis.ipynb")
    ]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1_000, "1 kB"), (6_005_000, "6 MB"), (10**16, "10000 TB")],
)
def test_bytes_are_readable(count: int, text: str) -> None:
    assert bytes_text(count) == text
