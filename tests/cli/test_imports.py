"""Who may import whom, and what the help may cost."""

import ast
import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "src" / "takeout"
FRONT = {"cli", "__main__.py"}
HEAVY = {
    "rich",
    "yaml",
    "helm_python",
    "_gojsonnet",
    "takeout.source",
    "takeout.adapt",
    "takeout.values",
    "takeout.replica",
}


def imported(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_the_core_imports_neither_cli_nor_typer_nor_rich() -> None:
    guilty = {
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in PACKAGE.rglob("*.py")
        if file.relative_to(PACKAGE).parts[0] not in FRONT
        for name in imported(file)
        if name.split(".")[0] in ("typer", "rich", "click") or f"{name}.".startswith("takeout.cli.")
    }

    assert guilty == set()


def test_values_and_adapt_touch_neither_network_nor_disk_nor_clock_nor_environment() -> None:
    worldly = {"os", "pathlib", "subprocess", "socket", "urllib", "http", "time", "random", "secrets"}
    guilty = {
        f"{file.relative_to(PACKAGE)}: {name}"
        for room in ("values", "adapt")
        for file in (PACKAGE / room).rglob("*.py")
        for name in imported(file)
        if name.split(".")[0] in worldly and not name.startswith("urllib.parse") and name != "urllib"
    }

    assert guilty == set()


def test_help_imports_nothing_heavy() -> None:
    show = "print(*sys.modules, file=sys.stderr)"
    code = f"import sys; from takeout.cli import main; main(['hub', 'replicate', '--help']); {show}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    loaded = set(done.stderr.split())
    assert "takeout.cli.hub" in loaded
    assert loaded & HEAVY == set()
