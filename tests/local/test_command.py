"""What the command refuses before anything is set up, and what it prints."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from takeout.cli.hub_try import _not_ignored, _options, _person
from takeout.cli.try_text import steps_text
from takeout.errors import OptionError
from takeout.local.prepare import group_names
from takeout.local.smoke import Step, held

MakeReplica = Callable[..., Path]
RunTakeout = Callable[..., subprocess.CompletedProcess[str]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--check", "--auth", "real"), "--check logs in with the password"),
        (("--show-pod", "ada", "--choice", "a=b"), "not a choice"),
        (("--user", "=x"), "not a user"),
        (("--port", "0"), "port"),
    ],
)
def test_options_that_make_no_sense(
    make_replica: MakeReplica, run_takeout: RunTakeout, options: tuple[str, ...], message: str
) -> None:
    failed = run_takeout("hub", "try", make_replica("lagoon/teaching"), *options)
    assert failed.returncode == 2
    assert message in failed.stderr


def test_people_and_choices_as_they_are_written() -> None:
    assert _person("ada=org:team,other") == ("ada", ("org:team", "other"))
    assert _person("ada") == ("ada", ())
    assert _options("gpu", ["image=a=b"]) == {"profile": "gpu", "image": "a=b"}
    with pytest.raises(OptionError):
        _options("gpu", ["image"])


def test_groups_are_found_wherever_profiles_ask_for_them() -> None:
    choice = {"allowed_groups": ["b", "a"]}
    profiles = [{"allowed_groups": ["a"], "profile_options": {"x": {"choices": {"c": choice}}}}]
    assert group_names({"singleuser": {"profileList": profiles}}) == ["a", "b"]
    assert group_names({}) == []


def test_an_older_umbrella_must_learn_what_is_not_part_of_the_chart(tmp_path: Path) -> None:
    assert _not_ignored(tmp_path) == []
    (tmp_path / ".helmignore").write_text("*.md\n")
    assert ".takeout/" in _not_ignored(tmp_path)[0]
    (tmp_path / ".helmignore").write_text("*.md\n.takeout/\n")
    assert _not_ignored(tmp_path) == []


def test_steps_are_shown_with_what_failed() -> None:
    steps = [Step("log in", ok=True, note="as ada", seconds=0.25), Step("start", ok=False, note="why", seconds=2)]
    assert steps_text(steps).splitlines()[1].split() == ["start", "failed", "2.0", "s", "why"]
    assert not held(steps)
