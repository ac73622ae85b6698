"""Every command stands in the reference."""

from pathlib import Path

import pytest
import typer

from takeout.cli.app import app

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "commands.md"


def commands(group: object, name: str = "takeout") -> list[str]:
    below = getattr(group, "commands", None)
    if below is None:
        return [name]
    return [found for key, command in below.items() for found in commands(command, f"{name} {key}")]


@pytest.mark.parametrize("command", commands(typer.main.get_command(app)))
def test_every_command_is_documented(command: str) -> None:
    assert command in PAGE.read_text(encoding="utf-8")


def test_the_commands_are_found() -> None:
    assert "takeout hub replicate" in commands(typer.main.get_command(app))
