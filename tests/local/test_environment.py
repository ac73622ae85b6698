from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from takeout.errors import NetworkError, ToolError
from takeout.local import environment as rooms
from takeout.local import install, own
from takeout.local.environment import directory_of, ensure
from takeout.local.node import node_here
from takeout.progress import silent


def without_network(cache: Path) -> dict[str, str]:
    nowhere = "http://127.0.0.1:1"
    names = {"PIP_INDEX_URL": nowhere, "PIP_FIND_LINKS": "", "PIP_RETRIES": "0", "npm_config_registry": nowhere}
    return {**os.environ, **names, "PIP_NO_CACHE_DIR": "1", "XDG_CACHE_HOME": str(cache)}


def test_without_network_the_first_run_says_so_and_the_next_begins_anew(tmp_path: Path) -> None:
    environ = without_network(tmp_path)
    with pytest.raises(NetworkError) as caught:
        ensure(environ)
    assert "the network" in caught.value.hint
    assert not (directory_of(environ) / "ready.json").exists()


@pytest.mark.usefixtures("environment")
def test_the_second_run_needs_no_network(environment: rooms.Environment) -> None:
    cache = environment.directory.parents[2]
    assert ensure(without_network(cache)).directory == environment.directory


def test_a_program_that_fails_is_told_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot do it: out of luck"):
        install.run(["sh", "-c", "echo out of luck >&2; exit 3"], os.environ, "do it")
    with pytest.raises(ToolError, match="no-such-program"):
        install.run([str(tmp_path / "no-such-program")], os.environ, "do it")


def test_an_old_node_or_none_is_not_taken(tmp_path: Path) -> None:
    assert node_here({"PATH": str(tmp_path)}) is None
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v10.1.0\n")
        (tmp_path / name).chmod(0o755)
    assert node_here({"PATH": str(tmp_path)}) is None
    (tmp_path / "node").write_text("#!/bin/sh\necho v20.1.0\n")
    assert node_here({"PATH": str(tmp_path)}) == tmp_path / "node"


def test_pins_cover_what_is_asked_for() -> None:
    for pins, names in (("hub", rooms.HUB), ("users", rooms.USERS)):
        pinned = {line.split("==")[0].lower().replace("_", "-") for line in install.pins(pins).splitlines()}
        assert {name.lower().replace("_", "-") for name in names} <= pinned


def test_users_get_this_very_takeout_as_it_is_being_edited(environment: rooms.Environment) -> None:
    requirement, checkout = own.own_requirement()
    assert checkout is not None
    assert requirement == ["--editable", str(checkout)]
    python = environment.users / "python"
    found = subprocess.run(
        [python, "-c", "import takeout; print(takeout.__file__)"], capture_output=True, text=True, check=True
    )
    assert Path(found.stdout.strip()) == checkout / "src/takeout/__init__.py"
    share = environment.users.parent / "share/jupyter"
    assert (share / "nbextensions/takeout/tree.js").samefile(checkout / "labextension/nbclassic/tree.js")


def test_takeout_is_installed_once_and_again_when_it_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(own, "run", lambda command, _environ, _what: ran.append(command))
    wanted: list[Any] = [["jupyterhub-takeout==1"], None]
    monkeypatch.setattr(own, "own_requirement", lambda: tuple(wanted))
    users = tmp_path / "users"
    link = users / "share/jupyter/labextensions/jupyterhub-takeout"
    link.parent.mkdir(parents=True)
    link.symlink_to(tmp_path)

    for _ in range(2):
        assert own.own_package(tmp_path, {}, silent) == ()
    (first,) = ran
    assert first[-1] == "jupyterhub-takeout==1"
    assert "--no-deps" not in first
    assert not link.is_symlink()

    wanted[0] = ["jupyterhub-takeout==2"]
    own.own_package(tmp_path, {}, silent)
    assert "--no-deps" in ran[-1]

    def fail(*_: object) -> None:
        raise ToolError("cannot install Takeout: no")

    wanted[0] = ["jupyterhub-takeout==3"]
    monkeypatch.setattr(own, "run", fail)
    for _ in range(2):
        assert "Download Directory is not in" in own.own_package(tmp_path, {}, silent)[0]
