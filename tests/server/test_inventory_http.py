"""The inventory as events, and what a transfer tells."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from server.serving import Server, own


def look(server: Server, path: str) -> dict[str, Any]:
    """Return the inventory at the end of the events."""
    events = list(server.events(f"takeout/inventory/{path}"))
    assert [name for name, _ in events[:-1]] == ["progress"] * (len(events) - 1)
    name, data = events[-1]
    assert name == "inventory", data
    found: dict[str, Any] = data
    return found


def fill(home: Path) -> None:
    for name, size in (
        ("big", 900_000),
        (".cache/pip/blob", 300_000),
        ("data/a/one", 50_000),
        ("data/b/two", 20_000),
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(bytes(size))
    for number in range(50):
        (home / f"small{number}").write_bytes(b"x")
    (home / "link").symlink_to("big")
    os.mkfifo(home / "pipe")
    own(home)


def test_the_inventory_is_what_the_archive_will_be(server: Server, home: Path) -> None:
    fill(home)

    found = look(server, home.name)
    head = server.ask(f"takeout/archive/{home.name}", method="HEAD")

    assert found["totals"]["files"] == 54
    assert found["totals"]["symlinks"] == 1
    assert found["totals"]["bytes"] == 1_270_050
    assert found["formats"]["zip"]["length"] == int(head.headers["content-length"])
    assert f'"{found["formats"]["zip"]["tag"]}"' == head.tag
    assert set(found["formats"]) == {"zip", "zip-deflated", "tar.zst", "tar.gz"}
    assert "length" not in found["formats"]["tar.gz"]
    assert found["not_taken"] == {"count": 1, "first": [{"path": "pipe", "reason": "a named pipe", "bytes": 0}]}
    assert found["slim"] == {"caches": {"files": 1, "bytes": 300_000}}
    assert found["largest"][0] == {"path": ".cache", "files": 1, "bytes": 300_000}
    assert found["name"] == home.name


def test_the_tree_names_what_is_large_and_counts_the_rest(server: Server, home: Path) -> None:
    fill(home)

    tree = look(server, home.name)["tree"]

    assert (tree["path"], tree["bytes"], tree["files"]) == ("", 1_270_053, 54)
    names = [child["name"] for child in tree["children"]]
    assert names[:3] == ["big", ".cache", "data"]
    assert 50 > len(names) >= 25
    data = tree["children"][2]
    assert [child["path"] for child in data["children"]] == ["data/a", "data/b"]
    assert data["children"][0]["children"][0]["exclude"] == "/data/a/one"


@pytest.mark.parametrize(
    "name",
    [b"plain", b"a b", b"star*[x]?", b"back\\slash", b"!not", b"#no comment", b"latin\xe4", b"end ", b"line\nend"],
)
def test_the_pattern_of_a_part_leaves_out_that_part_alone(server: Server, home: Path, name: bytes) -> None:
    base = os.fsencode(home)
    for directory in (name, b"other"):
        os.mkdir(base + b"/" + directory)  # noqa: PTH102 - names of bytes
        (home / os.fsdecode(directory) / "file").write_bytes(bytes(5_000))
    own(home)
    (child,) = (each for each in look(server, home.name)["tree"]["children"] if each["name"] != "other")

    rest = look(server, f"{home.name}?exclude={child['exclude']}")
    archive = server.ask(f"takeout/archive/{home.name}?exclude={child['exclude']}")

    assert [each["name"] for each in rest["tree"]["children"]] == ["other"]
    assert rest["left_out"]["count"] == 1
    assert len(archive.body) == rest["formats"]["zip"]["length"]
    assert b"other/file" in archive.body
    assert unquote_to_bytes(child["exclude"]).startswith(b"/")


def test_whoever_leaves_ends_the_walk(server: Server, home: Path) -> None:
    fill(home)
    connection, response = server.begin(f"takeout/inventory/{home.name}")
    with closing(connection):
        assert response.status == 200

    assert look(server, home.name)["totals"]["files"] == 54


def test_a_transfer_tells_how_far_it_is(server: Server, home: Path) -> None:
    fill(home)
    name = "aabbccddeeff0011"
    events = server.events(f"takeout/transfer/{name}")
    assert next(events) == ("transfer", {"state": "waiting", "entries": 0, "at": 0, "length": 0, "message": ""})

    answer = server.ask(f"takeout/archive/{home.name}?transfer={name}")

    *_, (_, last) = events
    assert last["state"] == "done"
    assert last["at"] == last["length"] == len(answer.body)
