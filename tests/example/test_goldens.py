"""The replicas of the example, compared whole with ``tests/cases/<name>/expected``.

``TAKEOUT_REFRESH_GOLDENS=1`` writes what is compared anew; it is refused where ``CI`` is set.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from pathlib import Path

import pytest

from takeout.cli import main

_ROOT = Path(__file__).parents[2]
_CASES = sorted(path.parent for path in _ROOT.glob("tests/cases/*/case.toml"))
_RANDOM = re.compile(r"""(?<=: )(["']?)(?:[0-9a-f]{64}|[\w-]{43})\1$""", re.MULTILINE)


def read(directory: Path) -> dict[str, str]:
    """Return the files of a directory by name, random values of the secrets left out."""
    found = {}
    for file in sorted(directory.rglob("*")):
        if file.is_file():
            name, text = str(file.relative_to(directory)), file.read_text()
            found[name] = _RANDOM.sub("(random)", text) if name == "secrets.yaml" else text
    return found


def is_refreshing() -> bool:
    """Whether the goldens are to be written anew, which is for a person to do and to look at."""
    asked = os.environ.get("TAKEOUT_REFRESH_GOLDENS") == "1"
    if asked and os.environ.get("CI"):
        pytest.fail("CI does not write what it is to compare")
    return asked


@pytest.fixture(params=_CASES, ids=lambda path: path.name)
def case(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.fixture
def replica(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The case's replica, written by the command line."""
    monkeypatch.chdir(_ROOT)  # the label of the source is the path that was given
    assert main(arguments(case, tmp_path / "replica")) == 0
    return tmp_path / "replica"


def arguments(case: Path, to: Path) -> list[str]:
    """Return the command line of a case."""
    given = tomllib.loads((case / "case.toml").read_text())
    source = ["--source", "examples/infrastructure"]
    return ["hub", "replicate", given["query"], *source, "--to", str(to), *given["options"], "--quiet"]


def test_replica_is_the_golden_one(case: Path, replica: Path) -> None:
    made = read(replica)
    expected = case / "expected"
    if is_refreshing():
        shutil.rmtree(expected, ignore_errors=True)
        for name, text in made.items():
            (expected / name).parent.mkdir(parents=True, exist_ok=True)
            (expected / name).write_text(text)
    golden = read(expected)
    assert sorted(made) == sorted(golden)
    for name, text in golden.items():
        assert made[name] == text, f"{name} is not the golden one; TAKEOUT_REFRESH_GOLDENS=1 writes it anew"


def test_second_run_changes_nothing(case: Path, replica: Path) -> None:
    before = {file: (file.read_bytes(), file.stat().st_mode) for file in replica.rglob("*") if file.is_file()}
    assert main(arguments(case, replica)) == 0
    after = {file: (file.read_bytes(), file.stat().st_mode) for file in replica.rglob("*") if file.is_file()}
    assert after == before


def test_replica_is_closed(
    replica: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKEOUT_OFFLINE", "1")
    capsys.readouterr()
    code = main(["hub", "check", str(replica), "--offline", "--json"])
    checked = json.loads(capsys.readouterr().out)
    assert code == 0, checked


def test_no_secret_of_the_origin_came_along(replica: Path) -> None:
    for name, text in read(replica).items():
        assert "ENC[" not in text, name


def test_ci_refuses_to_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("TAKEOUT_REFRESH_GOLDENS", "0")
    assert not is_refreshing()
    monkeypatch.setenv("TAKEOUT_REFRESH_GOLDENS", "1")
    with pytest.raises(pytest.fail.Exception, match="CI does not write"):
        is_refreshing()


def test_there_is_a_case_for_every_hub() -> None:
    assert len(_CASES) == 5
