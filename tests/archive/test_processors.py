"""A container's limit counts like processors that are not there."""

from pathlib import Path

import pytest

from takeout.archive.contents import processors


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("max 100000", 4), ("150000 100000", 2), ("50000 100000", 1), ("nonsense", 4), (None, 4)],
)
def test_a_containers_limit_counts(
    limit: str | None, expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processors, "_present", lambda: 4)
    monkeypatch.setattr(processors, "_LIMIT", tmp_path / "cpu.max")
    monkeypatch.setattr(processors, "_LIMIT_1", tmp_path / "quota")
    if limit is not None:
        (tmp_path / "cpu.max").write_text(f"{limit}\n")
    assert processors.processors() == expected


def test_a_containers_older_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "_present", lambda: 4)
    monkeypatch.setattr(processors, "_LIMIT", tmp_path / "none")
    monkeypatch.setattr(processors, "_LIMIT_1", tmp_path / "quota")
    monkeypatch.setattr(processors, "_PERIOD_1", tmp_path / "period")
    (tmp_path / "period").write_text("100000\n")
    found = []
    for quota in ("250000\n", "-1\n"):
        (tmp_path / "quota").write_text(quota)
        found.append(processors.processors())
    assert found == [3, 4]
