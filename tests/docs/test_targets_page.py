"""The table of targets says what the data files say."""

from __future__ import annotations

import re
from pathlib import Path

from takeout.targets import load_target, target_names


def _classes(root: Path) -> dict[str, list[str]]:
    text = (root / "docs/reference/targets.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", text.split("## What a target changes")[0], flags=re.MULTILINE)
    return {name: [cell.strip("` ") for cell in rest.split("|")] for name, rest in rows}


def test_every_target_is_in_the_table(root: Path) -> None:
    assert list(_classes(root)) == list(target_names())


def test_table_says_what_the_targets_say(root: Path) -> None:
    for name, (title, default, shared, ingress) in _classes(root).items():
        target = load_target(name)
        assert title == target.title
        assert default == next((c.name for c in target.storage_classes if c.default), "the cluster's own")
        assert shared == next((c.name for c in target.storage_classes if c.shared), "none known")
        assert target.ingress is not None
        assert ingress == target.ingress.class_name
