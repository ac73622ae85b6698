"""The page on JSON documents names the keys that are printed, for every command."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from takeout.cli import main
from takeout.cli.app import app

OPTIONAL = {("takeout hub check", "pods")}
"""Keys that only an option brings; their rows say so."""

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def page(root: Path) -> dict[str, set[str]]:
    """The keys that the page names, by command."""
    text = (root / "docs/reference/json.md").read_text()
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return {
        re.sub("`", "", section.splitlines()[0]): set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))
        for section in sections
    }


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with ``--json`` and give its document."""

    def call(*arguments: object) -> dict[str, Any]:
        main([*map(str, arguments), "--json"])
        document: dict[str, Any] = json.loads(capsys.readouterr().out)
        return document

    return call


def test_page_has_every_command(page: dict[str, set[str]]) -> None:
    def leaves(command: Any, name: str) -> list[str]:
        below = getattr(command, "commands", {})
        return [leaf for each in below for leaf in leaves(below[each], f"{name} {each}")] or [name]

    assert page.keys() - {"When a command fails"} == set(leaves(typer.main.get_command(app), "takeout"))


def test_hub_commands_print_what_the_page_names(
    page: dict[str, set[str]], run: Run, root: Path, tmp_path: Path
) -> None:
    source = ("--source", root / "examples/infrastructure")
    replica = tmp_path / "replica"
    documents = {
        "takeout hub list": run("hub", "list", *source),
        "takeout hub find": run("hub", "find", "marsh", *source),
        "takeout hub replicate": run(
            "hub", "replicate", "lagoon/research", *source, "--to", replica, "--domain", "hub.example.edu"
        ),
        "takeout hub explain": run("hub", "explain", replica),
        "takeout hub check": run("hub", "check", replica, "--offline"),
        "takeout hub images": run("hub", "images", replica),
        "takeout rules": run("rules"),
    }
    assert _keys(documents) == _named(page, documents)


def test_home_commands_print_what_the_page_names(page: dict[str, set[str]], run: Run, tmp_path: Path) -> None:
    home, archive = tmp_path / "home", tmp_path / "home.zip"
    home.mkdir()
    (home / "notes").write_text("tides")
    documents = {
        "takeout home scan": run("home", "scan", home),
        "takeout home pack": run("home", "pack", home, "-o", archive),
        "takeout home verify": run("home", "verify", archive),
        "takeout home unpack": run("home", "unpack", archive, tmp_path / "here"),
    }
    assert _keys(documents) == _named(page, documents)


def test_errors_print_what_the_page_names(page: dict[str, set[str]], run: Run, root: Path, tmp_path: Path) -> None:
    example = root / "examples/infrastructure"
    (tmp_path / "broken.yaml").write_text("a: [\n")
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: hub\nversion: 1.0.0\n")
    unknown = run("hub", "find", "no such hub", "--source", example)
    ambiguous = run("hub", "replicate", "lagoon", "--source", example, "--to", tmp_path / "to", "--domain", "a.b")
    broken = run(
        "hub",
        "replicate",
        "--chart",
        tmp_path,
        "-f",
        tmp_path / "broken.yaml",
        "--to",
        tmp_path / "to",
        "--domain",
        "a.b",
    )
    assert {**unknown, **ambiguous, **broken}.keys() == page["When a command fails"]


def _keys(documents: dict[str, dict[str, Any]]) -> dict[str, set[str]]:
    return {command: set(document) for command, document in documents.items()}


def _named(page: dict[str, set[str]], commands: dict[str, Any]) -> dict[str, set[str]]:
    return {command: {key for key in page[command] if (command, key) not in OPTIONAL} for command in commands}
