"""What addresses try, and the clear answer to each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.serving import Server, own, serving


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("..", 400),
        ("../..", 400),
        ("../../etc", 400),
        ("%2e%2e", 400),
        ("%2E%2E%2F%2E%2E", 400),
        ("..%2f..%2fetc", 400),
        ("%252e%252e", 404),
        ("%252e%252e%252fetc", 404),
        ("..%5c..", 404),
        ("..%c0%af..", 404),
        ("%c0%ae%c0%ae/", 404),
        ("/etc", 404),
        ("//etc/", 404),
        ("%2fetc", 404),
        (".", 400),
        ("a%00b", 400),
        ("%00", 400),
        ("nothing/here", 404),
        ("nothing%0d%0aSet-Cookie:%20a=b", 404),
        ("%ff%fe", 404),
        ("n" * 300, 404),
        ("~root", 404),
        ("C:%5CWindows", 404),
    ],
)
@pytest.mark.parametrize("endpoint", ["archive", "inventory"])
def test_no_spelling_leaves_the_root(server: Server, endpoint: str, path: str, status: int) -> None:
    answer = server.ask(f"takeout/{endpoint}/{path}")

    assert answer.status == status, answer.body
    assert answer.json()["code"] == "path"
    assert answer.json()["message"]
    assert "set-cookie" not in answer.headers or "a=b" not in answer.headers["set-cookie"]


def test_links_that_leave_the_home(server: Server, home: Path) -> None:
    (home / "etc").symlink_to("/etc")
    (home / "up").symlink_to("../..")
    (home / "loop").symlink_to("loop")
    (home / "real").mkdir()
    (home / "inside").symlink_to("real")
    own(home)

    assert server.ask(f"takeout/archive/{home.name}/etc").status == 403
    assert server.ask(f"takeout/archive/{home.name}/up").status == 403
    assert server.ask(f"takeout/archive/{home.name}/etc/ssl").status == 403
    assert server.ask(f"takeout/archive/{home.name}/loop").status == 404
    inside = server.ask(f"takeout/archive/{home.name}/inside")
    assert inside.status == 200
    assert inside.headers["content-disposition"] == 'attachment; filename="inside.zip"'


def test_a_file_is_no_directory(server: Server, home: Path) -> None:
    (home / "file.txt").write_text("x", encoding="utf-8")
    own(home)

    answer = server.ask(f"takeout/archive/{home.name}/file.txt")

    assert answer.status == 400
    assert "is a file" in answer.json()["message"]
    assert "Download" in answer.json()["hint"]
    assert server.ask(f"takeout/archive/{home.name}/file.txt/below").status == 404


def test_an_unreadable_directory(server: Server, home: Path) -> None:
    (home / "closed").mkdir()
    own(home)
    (home / "closed").chmod(0)

    for path in ("closed", "closed/below"):
        answer = server.ask(f"takeout/archive/{home.name}/{path}")
        assert answer.status in (403, 503)
        assert "permission denied" in answer.json()["message"]


@pytest.mark.parametrize(
    "name",
    [
        b"quote\"'",
        b"line\r\nSet-Cookie: a=b",
        "ümläut 日本 🎒".encode(),
        b"latin\xe4",
        b"50%20off",
        b"50% off",
        b"a;b=c",
    ],
)
def test_any_name_is_saved_under_a_right_one(server: Server, home: Path, name: bytes) -> None:
    directory = os.fsencode(home) + b"/" + name
    os.mkdir(directory)  # noqa: PTH102 - a name of bytes
    own(home)
    encoded = "".join(f"%{byte:02x}" for byte in name)

    answer = server.ask(f"takeout/archive/{home.name}/{encoded}")

    assert answer.status == 200
    saved = answer.headers["content-disposition"]
    assert saved.startswith("attachment; filename=")
    assert saved.isprintable()
    assert saved.isascii()
    assert "a=b" not in answer.headers.get("set-cookie", "")
    assert os.fsencode(answer.body.decode("latin-1")).count(b"PK") > 0


@pytest.mark.parametrize(
    ("query", "word"),
    [
        ("format=rar", "rar"),
        ("format=zip&format=tar.gz", "2 times"),
        ("format=../../etc", "etc"),
        ("preset=everything", "everything"),
        ("compression=%3Btouch%20/tmp/x", "compression"),
        ("exclude=/", "matches nothing"),
        ("exclude=a%00b", "pattern"),
        ("exclude=" + "a" * 5_000, "too long"),
        ("&".join(["exclude=a"] * 501), "500"),
        ("tag=no%20tag", "tag"),
        ("transfer=../x", "transfer"),
        ("path=/etc", "path"),
    ],
)
def test_every_argument_is_checked(server: Server, home: Path, query: str, word: str) -> None:
    answer = server.ask(f"takeout/archive/{home.name}?{query}")

    assert answer.status == 400
    said = answer.json()
    assert word in said["message"]
    assert said["code"] in ("argument", "option")


def test_a_browser_reads_a_page_and_a_program_reads_json(server: Server) -> None:
    page = server.ask("takeout/archive/%3Cscript%3E", Accept="text/html,application/xhtml+xml")
    data = server.ask("takeout/archive/%3Cscript%3E", Accept="*/*")

    assert page.headers["content-type"].startswith("text/html")
    assert b"&lt;script&gt;" in page.body
    assert b"<script" not in page.body
    assert data.headers["content-type"] == "application/json"


@pytest.fixture(scope="module")
def strict(module_place: Path) -> Iterator[Server]:
    """A server whose administrator allows little."""
    place = module_place
    root = place / "elsewhere" / "homes"
    for directory in (root, place / "shown", root / "me" / ".hidden", root / "me" / "private"):
        directory.mkdir(parents=True)
    (root / "me" / ".secret").write_text("s", encoding="utf-8")
    (root / "me" / "private" / "file").write_text("s", encoding="utf-8")
    (root / "me" / "open").write_text("s", encoding="utf-8")
    (root / "me" / ".takeoutignore").write_text("!.secret\n!/private/\n", encoding="utf-8")
    own(root)
    options = (
        f"--Takeout.root={root}",
        *("--Takeout.formats=tar.gz", "--Takeout.formats=zip"),
        "--Takeout.presets=slim",
        "--Takeout.excludes=/private/",
        "--Takeout.hidden=False",
    )
    with serving(place, place / "shown", *options) as running:
        yield running


def test_the_administrators_decisions_hold(strict: Server) -> None:
    status = strict.ask("takeout/status").json()
    default = strict.ask("takeout/archive/me")
    archive = strict.ask("takeout/archive/me?format=zip&exclude=!.secret&exclude=!/private/")

    assert status["formats"] == ["tar.gz", "zip"]
    assert status["presets"] == ["slim"]
    assert default.headers["content-disposition"] == 'attachment; filename="me.tar.gz"'
    assert strict.ask("takeout/archive/me?format=tar.zst").status == 400
    assert strict.ask("takeout/archive/me?preset=full").status == 400
    assert strict.ask("takeout/archive/me/.hidden").status == 404
    assert b"me/open" in archive.body
    assert b"me/.secret" not in archive.body
    assert b"me/private/file" not in archive.body
    assert b"- private (1 files" in archive.body


def test_turned_off(place: Path) -> None:
    (place / "root").mkdir()
    with serving(place, place / "root", "--Takeout.enabled=False") as server:
        for path in ("takeout/archive/", "takeout/inventory/"):
            answer = server.ask(path)
            assert answer.status == 403
            assert answer.json()["code"] == "disabled"
        assert server.ask("takeout/status").json()["enabled"] is False
