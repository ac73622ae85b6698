"""Downloads through a real server."""

from __future__ import annotations

import hashlib
import io
import os
import random
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.conftest import build_hard, build_ordinary
from server.serving import Server, own
from takeout.archive import verify


def fill(home: Path, *, files: int = 20, size: int = 4_000) -> None:
    made = random.Random(1)  # noqa: S311 - the same every time
    for number in range(files):
        directory = home / f"d{number % 4}"
        directory.mkdir(exist_ok=True)
        (directory / f"f{number}").write_bytes(made.randbytes(size + number))
    own(home)


def address(home: Path, query: str = "") -> str:
    return f"takeout/archive/{home.name}{query}"


def contents(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {info.filename: archive.read(info) for info in archive.infolist() if not info.is_dir()}


def test_a_home_arrives_whole_with_its_exact_length(server: Server, home: Path) -> None:
    fill(home)
    (home / ".hidden").write_bytes(b"hidden")
    own(home)

    head = server.ask(address(home), method="HEAD")
    answer = server.ask(address(home))

    assert (head.status, answer.status) == (200, 200)
    assert head.body == b""
    assert int(head.headers["content-length"]) == int(answer.headers["content-length"]) == len(answer.body)
    assert head.tag == answer.tag
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{home.name}.zip"'
    assert "no-store" in answer.headers["cache-control"]
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    got = contents(answer.body)
    for file in (path for path in home.rglob("*") if path.is_file()):
        assert got[f"{home.name}/{file.relative_to(home)}"] == file.read_bytes()


def test_every_oddity_as_an_ordinary_user(server: Server, home: Path, tmp_path: Path) -> None:
    odd = home / "jovyan"
    build_ordinary(os.fsencode(odd))
    build_hard(os.fsencode(odd))
    own(home)

    answer = server.ask(f"takeout/archive/{home.name}/jovyan")
    saved = tmp_path / "odd.zip"
    saved.write_bytes(answer.body)

    assert answer.status == 200
    assert len(answer.body) == int(answer.headers["content-length"])
    found = verify(saved)
    assert found.problems == ()
    report = contents(answer.body)["TAKEOUT.txt"].decode()
    for name in ("pipe", "socket", "unreadable", "no list", "closed"):
        assert f"- {name}: " in report, name


@pytest.mark.parametrize("form", ["zip-deflated", "tar.zst", "tar.gz"])
def test_compressed_formats_are_streamed(server: Server, home: Path, tmp_path: Path, form: str) -> None:
    fill(home)

    answer = server.ask(address(home, f"?format={form}"))
    suffix = ".zip" if form == "zip-deflated" else f".{form}"
    saved = tmp_path / f"a{suffix}"
    saved.write_bytes(answer.body)

    assert answer.status == 200
    assert answer.headers["transfer-encoding"] == "chunked"
    assert answer.headers["accept-ranges"] == "none"
    assert "etag" not in answer.headers
    assert answer.headers["content-disposition"].endswith(f'{suffix}"')
    assert verify(saved, against=home).problems == ()


def test_a_part_is_that_slice_and_a_resumed_download_is_identical(server: Server, home: Path) -> None:
    fill(home)
    whole = server.ask(address(home))
    cut = random.Random(2).randrange(1, len(whole.body))  # noqa: S311 - the same every time

    rest = server.ask(address(home), Range=f"bytes={cut}-", If_Range=whole.tag)

    assert rest.status == 206
    assert rest.headers["content-range"] == f"bytes {cut}-{len(whole.body) - 1}/{len(whole.body)}"
    assert int(rest.headers["content-length"]) == len(whole.body) - cut
    assert whole.body[:cut] + rest.body == whole.body


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_range_is_that_slice(server: Server, data: st.DataObject) -> None:
    home = server.root / "ranges"
    if not home.exists():
        home.mkdir()
        fill(home, files=8)
    whole = server.ask(address(home))
    first = data.draw(st.integers(0, len(whole.body) + 10))
    last = data.draw(st.integers(first, len(whole.body) + 10))

    answer = server.ask(address(home), Range=f"bytes={first}-{last}", If_Range=whole.tag)

    if first >= len(whole.body):
        assert answer.status == 416
        assert answer.headers["content-range"] == f"bytes */{len(whole.body)}"
        assert answer.json()["code"] == "range"
    else:
        assert answer.status == 206
        assert answer.body == whole.body[first : last + 1]


@pytest.mark.parametrize("value", ["bytes=0-3,10-12", "lines=1-2", "bytes=", "bytes=9-3", "bytes=a-b", "nonsense"])
def test_ranges_that_are_none_or_many_give_the_whole(server: Server, home: Path, value: str) -> None:
    fill(home, files=2)

    answer = server.ask(address(home), Range=value)

    assert answer.status == 200
    assert contents(answer.body)


def test_a_suffix_range_is_the_end(server: Server, home: Path) -> None:
    fill(home, files=2)
    whole = server.ask(address(home))

    assert server.ask(address(home), Range="bytes=-22").body == whole.body[-22:]
    assert server.ask(address(home), Range="bytes=-0").status == 416


@pytest.mark.parametrize("change", ["modify", "add", "remove", "rename", "chmod"])
@pytest.mark.parametrize("said", ["If-Range", "tag", "nothing"])
def test_a_changed_home_is_sent_from_the_start(server: Server, home: Path, change: str, said: str) -> None:
    fill(home)
    whole = server.ask(address(home))
    file = home / "d1" / "f1"
    if change == "modify":
        file.write_bytes(b"other content")
    elif change == "add":
        (home / "new").write_bytes(b"new")
    elif change == "remove":
        file.unlink()
    elif change == "rename":
        file.rename(home / "d2" / "moved")
    else:
        file.chmod(0o600)
    own(home)

    if said == "If-Range":
        answer = server.ask(address(home), Range="bytes=100-", If_Range=whole.tag)
    elif said == "tag":
        tag = whole.tag.strip('"')
        answer = server.ask(address(home, f"?tag={tag}"), Range="bytes=100-")
    else:
        answer = server.ask(address(home), Range="bytes=100-")

    assert answer.status == 200
    assert answer.tag != whole.tag
    assert len(answer.body) == int(answer.headers["content-length"])
    assert contents(answer.body)


@pytest.mark.parametrize("value", ['W/"weak"', '"another"', "Sun, 06 Nov 1994 08:49:37 GMT", "*", ""])
def test_if_range_of_another_archive_gives_the_whole(server: Server, home: Path, value: str) -> None:
    fill(home, files=2)

    answer = server.ask(address(home), Range="bytes=5-9", If_Range=value)

    assert answer.status == 200


def test_what_programs_write_all_the_time_does_not_end_a_download(server: Server, home: Path) -> None:
    history = home / ".ipython" / "profile_default" / "history.sqlite"
    history.parent.mkdir(parents=True)
    history.write_bytes(b"before" * 100)
    fill(home)
    whole = server.ask(address(home))
    history.write_bytes(b"after, and longer" * 100)
    (history.parent / "history.sqlite-journal").write_bytes(b"new")
    own(home)

    cut = whole.body.index(f"{home.name}/d2/f".encode())
    rest = server.ask(address(home), Range=f"bytes={cut}-", If_Range=whole.tag)

    assert rest.status == 206
    assert rest.tag == whole.tag
    assert whole.body[:cut] + rest.body == whole.body
    assert server.ask(address(home)).tag != whole.tag


def test_a_cut_inside_a_file_that_changed_begins_anew(server: Server, home: Path) -> None:
    (home / ".bash_history").write_bytes(b"before" * 1_000)
    fill(home)
    whole = server.ask(address(home))
    (home / ".bash_history").write_bytes(b"after!" * 1_000)
    own(home)
    cut = whole.body.index(b"before") + 100

    first = server.ask(address(home), Range=f"bytes={cut}-", If_Range=whole.tag)
    again = server.ask(address(home), Range=f"bytes={cut}-", If_Range=whole.tag)

    assert (first.status, again.status) == (200, 200)
    assert contents(first.body)[f"{home.name}/.bash_history"] == b"after!" * 1_000


def test_conditions(server: Server, home: Path) -> None:
    fill(home, files=2)
    tag = server.ask(address(home)).tag

    assert server.ask(address(home), If_None_Match=tag).status == 304
    assert server.ask(address(home), If_None_Match=tag).body == b""
    assert server.ask(address(home), method="HEAD", If_None_Match=tag).status == 304
    assert server.ask(address(home), If_Match=tag).status == 200
    assert server.ask(address(home), If_Match='"other"').status == 412


def test_presets_and_excludes(server: Server, home: Path) -> None:
    (home / ".cache").mkdir()
    (home / ".cache" / "big").write_bytes(bytes(5_000))
    (home / "odd *[x] name ").mkdir()
    (home / "odd *[x] name " / "in").write_bytes(b"in")
    fill(home, files=4)

    slim = contents(server.ask(address(home, "?preset=slim")).body)
    without = contents(
        server.ask(address(home, r"?exclude=/odd%20%5C%2A%5C%5Bx%5D%20name%5C%20&exclude=d1/")).body
    )

    assert f"{home.name}/.cache/big" not in slim
    assert f"{home.name}/odd *[x] name /in" in slim
    assert ".cache" in slim["TAKEOUT.txt"].decode()
    assert not [name for name in without if "odd" in name or "/d1/" in name]
    assert f"{home.name}/.cache/big" in without


def test_the_whole_root(server: Server, home: Path) -> None:
    fill(home, files=1)

    for path in ("takeout/archive", "takeout/archive/"):
        answer = server.ask(path + "?exclude=/ranges", method="HEAD")
        assert answer.status == 200
        assert answer.headers["content-disposition"] == 'attachment; filename="root.zip"'


def test_checksums_in_the_archive_are_those_of_the_files(server: Server, home: Path) -> None:
    fill(home, files=3)

    got = contents(server.ask(address(home)).body)

    sums = dict(reversed(line.split("  ", 1)) for line in got["SHA256SUMS"].decode().splitlines())
    for name, data in got.items():
        if name not in ("SHA256SUMS", "TAKEOUT.txt"):
            assert sums[name] == hashlib.sha256(data).hexdigest()
