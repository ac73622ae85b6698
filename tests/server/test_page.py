"""The page and its files, as a browser asks for them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from contextlib import closing
from html.parser import HTMLParser

import pytest

from server.serving import Server
from takeout.server.base import STATIC

JS = sorted(path.name for path in STATIC.glob("*.js"))


def test_the_page_runs_only_what_this_server_holds(server: Server) -> None:
    answer = server.ask("takeout/?path=a")

    policy = answer.headers["content-security-policy"]
    assert answer.status == 200
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy
    assert answer.headers["referrer-policy"] == "same-origin"
    connection, response = server.begin("takeout/")
    with closing(connection):
        assert any(value.startswith("_xsrf=") for value in response.headers.get_all("Set-Cookie", []))


def test_the_address_without_its_slash_leads_to_the_page(server: Server) -> None:
    answer = server.ask("takeout?path=a%20b&x=1")

    assert answer.status == 302
    assert answer.headers["location"] == "/user/jovyan/takeout/?path=a%20b&x=1"


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inline: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, _tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.found += [value for name, value in attributes if name in ("src", "href") and value]
        self.inline += [name for name in named if name == "style" or name.startswith("on")]
        self.ids += [value for name, value in attributes if name == "id" and value]


def test_every_file_of_the_page_is_there(server: Server) -> None:
    page = _Addresses()
    page.feed(server.ask("takeout/").body.decode())
    imported = {
        f"static/{name}"
        for script in JS
        for name in re.findall(r'from "\./([a-z]+\.js)"', (STATIC / script).read_text(encoding="utf-8"))
    }

    assert page.inline == []
    assert len(page.ids) == len(set(page.ids))
    for address in {*page.found, *imported} - {"archive/"}:
        answer = server.ask(f"takeout/{address}")
        assert answer.status == 200, address
        again = server.ask(f"takeout/{address}", If_None_Match=answer.tag)
        assert again.status == 304


def test_scripts_name_only_elements_that_the_page_has() -> None:
    page = _Addresses()
    page.feed((STATIC / "page.html").read_text(encoding="utf-8"))
    wanted = {
        name
        for script in JS
        for name in re.findall(r'byId\("([a-z-]+)"\)', (STATIC / script).read_text(encoding="utf-8"))
    }

    assert wanted
    assert wanted <= set(page.ids)


@pytest.mark.parametrize(
    "path", ["static/page", "static/../handlers.py", "static/..%2fbase.py", "static/page.html", "static/x.js"]
)
def test_nothing_else_is_given_out(server: Server, path: str) -> None:
    answer = server.ask(f"takeout/{path}")

    assert answer.status in (403, 404)


def run(code: str) -> object:
    """Return what a module of the page computes."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no Node.js to run the page's scripts with")
    done = subprocess.run(
        [node, "--input-type=module", "--eval", code], capture_output=True, text=True, check=True, cwd=STATIC
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def modules() -> str:
    """Imports for ``run``: Node.js takes the files as modules from their text."""
    return "".join(
        f"const {name} = await import('data:text/javascript,' + encodeURIComponent((await import('node:fs'))"
        f".readFileSync('{name}.js', 'utf8').replace(/import .* from \".\\/words.js\";/, '')));"
        for name in ("words", "treemap")
    )


def test_areas_of_the_picture_are_sizes(modules: str) -> None:
    sizes = [600, 600, 400, 300, 200, 200, 100, 1, 0]
    placed = run(
        f"{modules} const items = {json.dumps([{'bytes': size} for size in sizes])};"
        "console.log(JSON.stringify(treemap.squarify(items, {x: 5, y: 7, w: 600, h: 400})))"
    )

    assert isinstance(placed, list)
    assert len(placed) == 8
    for item, box in placed:
        assert box["w"] * box["h"] == pytest.approx(item["bytes"] / sum(sizes) * 240_000)
        assert box["x"] >= 5
        assert box["x"] + box["w"] <= 605.001
        assert box["y"] + box["h"] <= 407.001
    worst = max(max(box["w"] / box["h"], box["h"] / box["w"]) for item, box in placed if item["bytes"] > 50)
    assert worst < 3


def test_what_is_too_small_to_be_named_is_one_part(modules: str) -> None:
    node = {
        "path": "a",
        "bytes": 100,
        "files": 9,
        "children": [{"bytes": 60, "files": 2}, {"bytes": 30, "files": 1}],
    }

    parts = run(f"{modules} console.log(JSON.stringify(treemap.partsOf({json.dumps(node)})))")

    assert isinstance(parts, list)
    assert parts[2] == {"name": "", "path": "a", "bytes": 10, "files": 6, "rest": True}


def test_numbers_are_words(modules: str) -> None:
    said = run(
        f"{modules} console.log(JSON.stringify(["
        "words.size(0), words.size(1), words.size(999), words.size(1000), words.size(123456789),"
        "words.size(4.2e12),"
        "words.count(1, 'file'), words.count(12345, 'file'), words.duration(0.1), words.duration(3600),"
        "words.duration(90000), words.shellWord('a b'), words.shellWord(\"it's\"), words.shellWord('x.zip')]))"
    )

    assert said == [
        *("0 bytes", "1 byte", "999 bytes", "1 kB", "123 MB", "4.2 TB"),
        *("1 file", "12,345 files", "1 second", "60 minutes", "25 hours"),
        *("'a b'", "'it'\\''s'", "x.zip"),
    ]
