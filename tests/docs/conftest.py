"""The pages of the documentation, and the commands that they show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.joinpath("docs").rglob("*.md"), *ROOT.joinpath("examples").rglob("*.md")]
)
OMITTED = "…"
_BLOCK = re.compile(r"(?:<!-- (?P<remark>[^>]*?) -->\n)?```console\n(?P<text>.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Shown:
    """One command in a block of a page.

    Attributes:
        command: As the page writes it, without the prompt; it goes on after a backslash.
        output: What the page shows below it; a line ``…`` stands for any lines.
        remark: The comment above the block: ``exit code 1``, or ``not run: …``.
    """

    command: str
    output: str
    remark: str

    @property
    def words(self) -> list[str]:
        return shlex.split(self.command.replace("\\\n", " "), comments=True)

    @property
    def is_run(self) -> bool:
        """Whether it is a command of ours that can be run here."""
        return self.words[:1] == ["takeout"] and not self.remark.startswith("not run: ")

    @property
    def arguments(self) -> list[str]:
        """What follows ``takeout``; a test looks for charts on this machine alone."""
        given = self.words[1:]
        return [*given, "--offline"] if given[1] in ("check", "images") and "--offline" not in given else given

    def append(self) -> None:
        """Do what ``cat >> FILE <<'END'`` does; the lines stand where output would."""
        written = re.fullmatch(r"cat >> (?P<file>\S+) <<'END'", self.command)
        if written:
            with Path(written["file"]).open("a") as file:
                file.write(self.output.partition("END\n")[0])

    @property
    def exit_code(self) -> int:
        """The exit code that the page promises."""
        found = re.fullmatch(r"exit code (\d+)", self.remark)
        return int(found[1]) if found else 0

    def renewed(self, printed: str) -> str:
        """Return what the page should show: as many lines before and after an omission as it does."""
        lines = [line.rstrip() for line in printed.splitlines()]
        before, omission, after = self.output.partition(f"{OMITTED}\n")
        if omission:
            head, tail = len(before.splitlines()), len(after.splitlines())
            lines = [*lines[:head], OMITTED, *lines[len(lines) - tail :]]
        return "".join(f"{line}\n" for line in lines)


def entries(block: re.Match[str]) -> Iterator[Shown]:
    """Yield the commands of a block in their order."""
    for entry in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
        command = re.match(r"(?:.*\\\n)*.*", entry)
        assert command is not None
        yield Shown(command[0], entry[command.end() + 1 :], block["remark"] or "")


def renew(text: str, run: Callable[[Shown], str]) -> str:
    """Return a page with the output of its commands as ``run`` gives it."""

    def block(match: re.Match[str]) -> str:
        lines = [f"<!-- {match['remark']} -->\n" if match["remark"] else "", "```console\n"]
        for entry in entries(match):
            entry.append()
            output = entry.renewed(run(entry)) if entry.is_run else entry.output
            lines.append(f"$ {entry.command}\n{output}")
        return "".join([*lines, "```"])

    return _BLOCK.sub(block, text)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def commands() -> dict[str, list[Shown]]:
    """The commands of ours that each page shows, by the page's name."""
    found = {}
    for page in PAGES:
        shown = [entry for block in _BLOCK.finditer(page.read_text()) for entry in entries(block)]
        ours = [entry for entry in shown if entry.words[:1] == ["takeout"]]
        if ours:
            found[str(page.relative_to(ROOT))] = ours
    return found


@pytest.fixture(scope="session")
def renewed() -> Callable[[str, Callable[[Shown], str]], str]:
    return renew


@pytest.fixture(params=PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path
