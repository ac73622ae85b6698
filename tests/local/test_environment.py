from __future__ import annotations

import os
from pathlib import Path

import pytest

from takeout.errors import NetworkError, ToolError
from takeout.local import environment as rooms
from takeout.local.environment import directory_of, ensure, own_requirement


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
        rooms.run(["sh", "-c", "echo out of luck >&2; exit 3"], os.environ, "do it")
    with pytest.raises(ToolError, match="no-such-program"):
        rooms.run([str(tmp_path / "no-such-program")], os.environ, "do it")


def test_an_old_node_or_none_is_not_taken(tmp_path: Path) -> None:
    assert rooms._node_here({"PATH": str(tmp_path)}) is None
    for name in ("node", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\necho v10.1.0\n")
        (tmp_path / name).chmod(0o755)
    assert rooms._node_here({"PATH": str(tmp_path)}) is None
    (tmp_path / "node").write_text("#!/bin/sh\necho v20.1.0\n")
    assert rooms._node_here({"PATH": str(tmp_path)}) == tmp_path / "node"


def test_pins_cover_what_is_asked_for() -> None:
    for pins, names in (("hub", rooms.HUB), ("users", rooms.USERS)):
        pinned = {line.split("==")[0].lower().replace("_", "-") for line in rooms._pins(pins).splitlines()}
        assert {name.lower().replace("_", "-") for name in names} <= pinned


def test_users_get_this_very_takeout() -> None:
    requirement, state = own_requirement()
    assert state
    assert Path(requirement).is_dir() or requirement.startswith("jupyterhub-takeout==")
