from __future__ import annotations

from pathlib import Path

import pytest

from takeout.local.inside.cluster import furnish
from takeout.local.samples import notebook, write_samples


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    write_samples(tmp_path / "samples")
    return tmp_path / "samples"


def test_a_new_home_is_filled_though_folders_are_mounted_in_it(samples: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "_teams/shared").mkdir(parents=True)
    (tmp_path / "motd").write_text("hello")
    (home / "teams").symlink_to(home / "_teams")
    (home / "motd").symlink_to(tmp_path / "motd")
    furnish(home, samples)
    assert (home / "Welcome.ipynb").is_file()
    assert (home / "data/tides.csv").is_file()


def test_a_home_with_a_file_of_its_own_is_left_alone(samples: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "deep").mkdir(parents=True)
    (home / "deep/mine.txt").touch()
    furnish(home, samples)
    assert not (home / "Welcome.ipynb").exists()


def test_notebooks_are_of_the_format() -> None:
    written = notebook([("code", "1\n2"), ("markdown", "# x")])
    cells = written["cells"]
    assert isinstance(cells, list)
    assert cells[0]["source"] == ["1\n", "2"]
    assert "outputs" not in cells[1]
