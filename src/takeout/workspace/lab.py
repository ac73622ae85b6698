"""JupyterLab for a workspace, with the settings that it had on the hub."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from takeout.errors import ToolError
from takeout.workspace.build import Made
from takeout.workspace.capture import replace_text
from takeout.workspace.model import Captured
from takeout.workspace.pythons import Maker, last_lines


def find_lab(captured: Captured, made: Sequence[Made], directory: Path, maker: Maker) -> str:
    """Return a Python with JupyterLab: an environment's of the hub, or one made for it.

    Raises:
        NetworkError: When it cannot be fetched.
        ToolError: When it cannot be installed.
    """
    for each in made:
        if maker.has(Path(each.directory), "jupyterlab"):
            return each.program
    target = directory / "environments" / "jupyterlab"
    program = target / "bin" / "python"
    if maker.has(target, "jupyterlab"):
        return str(program)
    maker = maker.create(target, sys.executable)
    packages = [package for each in captured.environments for package in each.packages]
    versions = [each.version for each in packages if each.name.lower() == "jupyterlab"]
    tries: list[Callable[[], str]] = [
        lambda: maker.install_somehow(target, [f"jupyterlab=={versions[0]}"], directory),
        lambda: maker.install_somehow(target, ["jupyterlab"], directory),
    ]
    problem = ""
    for install in tries if versions else tries[1:]:
        problem = install()
        if not problem:
            return str(program)
    raise ToolError(f"JupyterLab cannot be installed: {last_lines(problem)}")


def write_settings(captured: Captured, directory: Path) -> None:
    """Write JupyterLab's settings as they were on the hub; what was changed here since stays."""
    folder = directory / "jupyter" / "lab" / "user-settings"
    for name, text in captured.settings:
        file = folder / name
        if not file.exists() and file.resolve().is_relative_to(folder.resolve()):
            file.parent.mkdir(parents=True, exist_ok=True)
            replace_text(file, text)
