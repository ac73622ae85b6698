"""What is mounted on this machine."""

from __future__ import annotations

from pathlib import Path


def mounts_below(directory: Path) -> list[Path]:
    """Return what is mounted below a directory, the deepest first."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    paths = [Path(point.encode().decode("unicode_escape")) for point in points]
    return sorted((path for path in paths if path.is_relative_to(directory)), key=lambda path: -len(path.parts))
