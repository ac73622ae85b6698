"""Every code that can reach a user is explained."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import takeout.cli.run
from takeout.errors import TakeoutError


def _errors(root: type[TakeoutError]) -> set[tuple[str, int]]:
    found = {(root.code, root.exit_code)}
    for child in root.__subclasses__():
        found |= _errors(child)
    return found


def _rows(root: Path, heading: str) -> list[list[str]]:
    text = (root / "docs/reference/errors.md").read_text()
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.findall(r"^\| `.*$", section, re.MULTILINE)
    ]


def test_every_error_is_explained_with_its_exit_code(root: Path) -> None:
    assert takeout.cli.run  # it defines errors of its own
    documented = {(row[0].strip("`"), int(row[1])) for row in _rows(root, "Codes")}
    assert documented == _errors(TakeoutError)


def _codes(file: Path) -> set[str]:
    """Return the codes of the faults that a module makes, by whatever helper."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2].lower()
            given = [*node.args[:1], *(word.value for word in node.keywords if word.arg == "code")]
            codes = [arg.value for arg in given if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            if name in ("remark", "broken", "fault", "_fault"):
                found |= {code for code in codes if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code)}
    return found


def test_every_fault_is_explained(root: Path) -> None:
    documented = {row[0].strip("`") for row in _rows(root, "Faults")}
    made = set().union(*(_codes(file) for file in (root / "src/takeout").rglob("*.py")))
    assert made == documented
