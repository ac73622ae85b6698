"""Building the buttons: once for each change, without Node.js where it must be, and linked for development."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent.parent
LABEXTENSION = CHECKOUT / "labextension"


def load(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("labextension_build", folder / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources alone, as a fresh clone has them."""
    ignore = shutil.ignore_patterns("node_modules", "dist", "dist.sha256", "lib", ".build.lock")
    return Path(shutil.copytree(LABEXTENSION, tmp_path / "labextension", ignore=ignore))


def pretend_built(folder: Path) -> ModuleType:
    build = load(folder)
    (folder / "dist").mkdir()
    (folder / "dist" / "package.json").write_text("{}", encoding="utf-8")
    (folder / "dist.sha256").write_text(build.sources_digest(), encoding="ascii")
    return build


def change(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: change(folder / "src" / "index.ts"),
        lambda folder: change(folder / "package-lock.json"),
        lambda folder: change(folder / "schema" / "plugin.json"),
        lambda folder: (folder / "src" / "icon.ts").rename(folder / "src" / "icons.ts"),
        lambda folder: (folder / "dist" / "package.json").unlink(),
        lambda folder: (folder / "dist.sha256").unlink(),
    ],
    ids=["source", "lock", "schema", "renamed", "no result", "no stamp"],
)
def test_it_is_built_again_after_every_change_that_counts(copy: Path, damage: Callable[[Path], None]) -> None:
    build = pretend_built(copy)
    assert build.is_current()
    damage(copy)
    assert not build.is_current()


def test_a_test_or_nbclassics_file_does_not_count(copy: Path) -> None:
    build = pretend_built(copy)
    change(copy / "test" / "address.test.js")
    change(copy / "nbclassic" / "tree.js")
    assert build.is_current()


@pytest.mark.parametrize(("options", "code"), [((), 3), (("--optional",), 0)])
def test_without_npm_it_says_what_to_install(copy: Path, options: tuple[str, ...], code: int) -> None:
    command = [sys.executable, str(copy / "build.py"), *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={"PATH": os.devnull})
    assert (done.returncode, done.stdout) == (code, "")
    assert "npm is not on the path" in done.stderr
    assert "apt-get install nodejs npm" in done.stderr


def test_development_links_what_was_built(copy: Path, tmp_path: Path) -> None:
    build = pretend_built(copy)
    copied = tmp_path / "share" / "jupyter" / "labextensions" / "jupyterhub-takeout"
    (copied / "static").mkdir(parents=True)
    for _ in range(2):
        build.develop(tmp_path)
        assert copied.readlink() == copy / "dist"
        script = tmp_path / "share" / "jupyter" / "nbextensions" / "takeout" / "tree.js"
        assert script.readlink() == copy / "nbclassic" / "tree.js"


def test_both_halves_have_one_version() -> None:
    package = json.loads((LABEXTENSION / "package.json").read_text(encoding="utf-8"))
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert package["version"].replace("-dev.", ".dev") == project["version"]


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (LABEXTENSION / "package-lock.json").read_text(encoding="utf-8")
