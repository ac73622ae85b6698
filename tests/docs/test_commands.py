"""The commands that the pages show are run on the example, and the reference knows every command and option."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from takeout.cli import main
from takeout.cli.app import app


@pytest.fixture
def elsewhere(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with nothing but the example in it, and no chart at hand."""
    shutil.copytree(root / "examples", tmp_path / "examples", symlinks=True)
    monkeypatch.chdir(tmp_path)
    for name in ("TAKEOUT_SOURCE", "TAKEOUT_CHARTS", "HELM_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def clear(directory: Path) -> None:
    """Leave nothing of another page behind."""
    for leftover in directory.iterdir():
        if leftover.name not in ("examples", "cache"):
            shutil.rmtree(leftover)


def test_commands_that_are_shown_work(
    commands: dict[str, list[Any]], elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    went_wrong = []
    for page, entries in commands.items():
        clear(elsewhere)
        for entry in entries:
            if entry.is_run:
                code = main(entry.arguments)
                printed = capsys.readouterr()
                if code != entry.exit_code:
                    went_wrong.append((page, entry.arguments, code, printed.err))
    assert went_wrong == []


def test_commands_that_are_not_run_need_what_a_test_has_not(commands: dict[str, list[Any]]) -> None:
    reasons = {entry.remark for entries in commands.values() for entry in entries if not entry.is_run}
    known = {"not run: needs the network", "not run: needs files of yours", "not run: needs a cluster"}
    assert reasons == known


@pytest.mark.parametrize("page", ["README.md", "docs/tutorial/leave-a-hub.md"])
def test_page_shows_what_is_printed(
    page: str, root: Path, elsewhere: Path, renewed: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    def run(entry: Any) -> str:
        assert main(entry.arguments) == entry.exit_code, entry.arguments
        printed = capsys.readouterr()
        return str(printed.out) + str(printed.err)

    clear(elsewhere)
    shown = (root / page).read_text()
    real = renewed(shown, run)
    if os.environ.get("TAKEOUT_REFRESH_GOLDENS") == "1":
        if os.environ.get("CI"):
            pytest.fail("CI does not write what it is to compare")
        (root / page).write_text(real)
        shown = real
    assert shown == real, "TAKEOUT_REFRESH_GOLDENS=1 pytest tests/docs writes it anew"


def _leaves(command: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if hasattr(command, "commands"):
        return {
            where: leaf
            for name, child in command.commands.items()
            for where, leaf in _leaves(child, (*path, name)).items()
        }
    return {path: command}


def test_every_command_and_option_is_in_the_reference(root: Path) -> None:
    text = (root / "docs/reference/commands.md").read_text()
    for path, command in _leaves(typer.main.get_command(app)).items():
        name = " ".join(("takeout", *path))
        sections = re.split(r"^## `", text, flags=re.MULTILINE)[1:]
        (section,) = [each for each in sections if each.split("`")[0].split(" [")[0].startswith(name)] or [""]
        assert section, f"{name} has no section"
        for option in command.params:
            for spelling in (*option.opts, *option.secondary_opts):
                if spelling.startswith("--") and spelling not in ("--help", "--json", "--quiet"):
                    assert f"`{spelling}" in section, f"{name} {spelling}"


def test_the_reference_knows_no_option_that_is_not_there(root: Path) -> None:
    text = (root / "docs/reference/commands.md").read_text()
    known = {
        spelling
        for command in _leaves(typer.main.get_command(app)).values()
        for option in command.params
        for spelling in (*option.opts, *option.secondary_opts)
    }
    assert set(re.findall(r"`(--[a-z-]+)", text)) <= known | {"--help", "--version", "-h"}
