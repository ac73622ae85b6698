"""What must hold for every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$", re.MULTILINE)
_CODE = re.compile(r"```.*?```", re.DOTALL)
_WIDEST = 120


def anchors(text: str) -> set[str]:
    """Return the anchors that a page's headings make, as GitHub does."""
    headings = re.findall(r"^#+ (.+)$", _CODE.sub("", text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for match in _LINK.finditer(_CODE.sub("", page.read_text())):
        link = match[1] or match[2]
        if "://" in link or link.startswith("mailto:"):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            dead.append(link)
    assert dead == []


def test_every_page_can_be_reached(root: Path) -> None:
    seen: set[Path] = set()
    waiting = [root / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for match in _LINK.finditer(page.read_text()):
            target = (page.parent / (match[1] or match[2]).split("#")[0]).resolve()
            if target.suffix == ".md" and target.is_file():
                waiting.append(target)
    assert sorted(set(root.joinpath("docs").rglob("*.md")) - seen) == []


def test_pages_name_no_machine(page: Path) -> None:
    # A path of somebody's computer in a page helps nobody, and says what is not the reader's business.
    text = page.read_text()
    for pattern in (
        r"/home/(?!jovyan|rstudio)\w+",
        r"/Users/",
        r"(?<![\w.])/work/",
        r"/root/",
        r"(?<![\w.])/tmp/\w",
    ):
        assert re.findall(pattern, text) == []


def test_lines_can_be_read(page: Path) -> None:
    long = [
        number
        for number, line in enumerate(_CODE.sub("", page.read_text()).splitlines(), 1)
        if len(line) > _WIDEST and not line.startswith(("|", "[", "- Source:"))
    ]
    if page.name == "rules.md":
        pytest.skip("made from the rules' own sentences")
    assert long == []


def test_pages_begin_with_their_title(page: Path) -> None:
    assert page.read_text().startswith("# ")
