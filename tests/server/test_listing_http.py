"""The listing tells where in the archive every file is."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

from server.serving import Server, own


def fill(home: Path) -> None:
    (home / "deep" / ".hidden").mkdir(parents=True)
    (home / "deep" / "small.txt").write_text("small", encoding="utf-8")
    (home / "deep" / ".hidden" / "large.bin").write_bytes(os.urandom(9 << 20))
    (home / os.fsdecode(b"raw\xff\n.txt")).write_text("raw", encoding="utf-8")
    (home / "empty.txt").touch()
    (home / "link").symlink_to("deep/small.txt")
    (home / "twin.txt").hardlink_to(home / "deep" / "small.txt")
    own(home)


def listed(body: bytes) -> tuple[dict[str, Any], dict[str, list[Any]], int]:
    lines = [json.loads(line) for line in body.splitlines()]
    about = next(line["archive"] for line in lines if "archive" in line)
    return about, {line[0]: line for line in lines if isinstance(line, list)}, lines[-1]["end"]


def test_every_content_is_where_the_listing_says(server: Server, home: Path) -> None:
    fill(home)

    about, entries, count = listed(server.ask(f"takeout/listing/{home.name}").body)

    assert len(entries) == count
    for path, (_, kind, size, mtime, mode, target, twin, place) in entries.items():
        status = (home / path).lstat()
        assert (mtime, mode) == (status.st_mtime_ns, status.st_mode & 0o7777)
        assert target == (str((home / path).readlink()) if kind == "l" else "")
        if kind == "f" and size:
            headers = {"Range": f"bytes={place}-{place + size - 1}", "If-Range": f'"{about["tag"]}"'}
            answer = server.ask(f"takeout/archive/{home.name}?format=zip", **headers)
            assert (answer.status, answer.body) == (206, (home / path).read_bytes())
        assert twin in ("", "twin.txt")
    assert sorted(path for path, entry in entries.items() if entry[6]) == ["deep/small.txt"]


def test_the_checksums_are_where_the_listing_says(server: Server, home: Path) -> None:
    fill(home)

    about, _, _ = listed(server.ask(f"takeout/listing/{home.name}").body)

    at, size = about["sums"]
    headers = {"Range": f"bytes={at}-{at + size - 1}"}
    sums = server.ask(f"takeout/archive/{home.name}?format=zip", **headers).body
    assert sums.count(b"\n") == 5
    assert f"{about['prefix']}/empty.txt\n".encode() in sums


def test_what_is_left_out_and_not_taken_is_told_and_the_answer_may_be_packed(server: Server, home: Path) -> None:
    fill(home)
    os.mkfifo(home / "pipe")

    answer = server.ask(f"takeout/listing/{home.name}?exclude=*.bin", **{"Accept-Encoding": "gzip"})

    assert answer.headers["content-encoding"] == "gzip"
    about, entries, _ = listed(gzip.decompress(answer.body))
    assert about["not_taken"] == [["pipe", "a named pipe"]]
    assert about["left_out"] == [["deep/.hidden/large.bin", "--exclude: *.bin"]]
    assert "deep/.hidden/large.bin" not in entries


def test_only_a_stored_zip_has_a_listing(server: Server) -> None:
    assert server.ask("takeout/listing/?format=tar.zst").status == 400
