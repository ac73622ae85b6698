"""Charts read from directories and archives, subcharts and aliases included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from takeout.chart.tree import read_chart
from takeout.errors import DiskError, InputError


def test_a_directory_with_subcharts_under_their_aliases(write_chart: Callable[..., Path]) -> None:
    root = write_chart(
        "umbrella",
        dependencies=[{"name": "little", "version": "1", "alias": "first"}, {"name": "little", "alias": "second"}],
    )
    write_chart(folder=root / "charts", schema={"type": "object"}, files={"templates/a.yaml": ""})
    write_chart("stray", folder=root / "charts")
    tree = read_chart(root)
    assert (tree.name, tree.version, tree.has_templates, tree.schema) == ("umbrella", "1.2.3", False, None)
    assert [path for path, _ in tree.walk()] == [(), ("first",), ("second",), ("stray",)]
    assert tree.children["second"].name == "little"
    assert tree.children["second"].schema == {"type": "object"}
    assert tree.children["second"].has_templates


def test_an_archive_is_the_same_chart_and_so_is_an_archive_in_an_archive(
    write_chart: Callable[..., Path], pack: Callable[[Path, Path], Path], tmp_path: Path
) -> None:
    inner = write_chart(files={"values.yaml": "a: 1\n"})
    outer = write_chart("outer", dependencies=[{"name": "little"}])
    pack(inner, outer / "charts")
    directory = read_chart(outer)
    assert directory.children["little"].values == b"a: 1\n"
    assert read_chart(pack(outer, tmp_path / "packed")) == directory


def test_what_is_not_a_chart(tmp_path: Path, write_chart: Callable[..., Path]) -> None:
    with pytest.raises(InputError, match=r"no Chart\.yaml"):
        read_chart(tmp_path)
    (tmp_path / "x.tgz").write_bytes(b"not gzip")
    with pytest.raises(InputError, match="not a chart archive"):
        read_chart(tmp_path / "x.tgz")
    root = write_chart(files={"values.schema.json": "{"})
    with pytest.raises(InputError, match="cannot read the chart's schema"):
        read_chart(root)
    (root / "Chart.yaml").write_text("a: [")
    with pytest.raises(InputError, match=r"cannot read Chart\.yaml"):
        read_chart(root)
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises((DiskError, InputError)):
        read_chart(loop)
