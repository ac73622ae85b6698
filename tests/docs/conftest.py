"""The pages of the documentation, and the commands that they show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.joinpath("docs").rglob("*.md"), *ROOT.joinpath("examples").rglob("*.md")]
)
_BLOCK = re.compile(r"(?:<!-- (?P<remark>[^>]*?) -->\n)?```console\n(?P<text>.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """One command in a block of a page.

    Attributes:
        arguments: What follows ``takeout``.
        output: What the page shows below it.
        remark: The comment above the block: ``exit code 1``, or ``not run: …``.
    """

    arguments: tuple[str, ...]
    output: str
    remark: str

    @property
    def is_run(self) -> bool:
        """Whether the command can be run here."""
        return not self.remark.startswith("not run: ")

    @property
    def exit_code(self) -> int:
        """The exit code that the page promises."""
        found = re.fullmatch(r"exit code (\d+)", self.remark)
        return int(found[1]) if found else 0


def shown(text: str) -> Iterator[Shown]:
    """Yield the commands of a page in their order; a command goes on after a backslash."""
    for block in _BLOCK.finditer(text):
        for entry in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
            command, _, output = entry.replace("\\\n", " ").partition("\n")
            words = shlex.split(command, comments=True)
            if words and words[0] == "takeout":
                yield Shown(tuple(words[1:]), output, block["remark"] or "")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def commands() -> dict[str, list[Shown]]:
    """The commands of each page that shows any, by the page's name."""
    found = {str(page.relative_to(ROOT)): list(shown(page.read_text())) for page in PAGES}
    return {page: entries for page, entries in found.items() if entries}


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path
