"""The rooms of the archive build on one another in one order."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from takeout import archive

ROOMS = ("home", "records", "contents", "formats", "opening")
HERE = Path(archive.__file__).parent


def imported(file: Path) -> set[str]:
    """Return the rooms that a module imports from, wherever in it."""
    nodes = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)]
    parts = [(node.module or "").split(".") for node in nodes]
    return {each[2] for each in parts if each[:2] == ["takeout", "archive"] and len(each) > 2}


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_none_above_it(room: str) -> None:
    files = list((HERE / room).glob("*.py"))
    assert len(files) > 2
    above = set(ROOMS[ROOMS.index(room) + 1 :])
    assert {file.name: imported(file) & above for file in files if imported(file) & above} == {}
