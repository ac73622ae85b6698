"""Homes and their archives as plain text and as JSON documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from takeout.cli.text import table

if TYPE_CHECKING:
    from takeout.archive import Archive, Inventory, Problem, Unpacked, Verification

_SHOWN = 20
"""How many paths a person is shown; ``--json`` has all of them."""
_UNIT = 1000


def bytes_text(count: int) -> str:
    """Return a number of bytes as people read it, in powers of a thousand."""
    if count < _UNIT:
        return f"{count} bytes"
    value, units = count / _UNIT, ["kB", "MB", "GB", "TB"]
    while value >= _UNIT and len(units) > 1:
        value /= _UNIT
        units.pop(0)
    return f"{value:.3g} {units[0]}" if value < _UNIT else f"{value:.0f} {units[0]}"


def scan_json(inventory: Inventory, archive_bytes: int, top: Sequence[tuple[bytes, int]]) -> dict[str, object]:
    """Return what is in a home."""
    from takeout.archive.home.entry import shown

    findings = inventory.findings
    return {
        "home": shown(inventory.root),
        **asdict(inventory.totals),
        "archive_bytes": archive_bytes,
        "largest": [{"path": shown(path), "size_bytes": size} for path, size in top],
        "slim": {name: {"files": files, "size_bytes": size} for name, (files, size) in findings.slim.items()},
        **left_json(inventory),
        "mounts": [shown(path) for path in findings.mounts],
    }


def left_json(inventory: Inventory) -> dict[str, object]:
    """Return what of a home is not taken, and what is left out."""
    from takeout.archive.home.entry import shown

    findings = inventory.findings
    return {
        "not_taken": [
            {"path": shown(item.path), "reason": item.reason, "size_bytes": item.size_bytes}
            for item in findings.not_taken
        ],
        "left_out": [
            {"path": shown(item.path), "rule": item.rule, "files": item.files, "size_bytes": item.size_bytes}
            for item in findings.left_out
        ],
    }


def scan_text(inventory: Inventory, archive_bytes: int, top: Sequence[tuple[bytes, int]]) -> str:
    """Return what is in a home, for a person."""
    from takeout.archive.home.entry import shown

    totals, findings = inventory.totals, inventory.findings
    rows = [
        ("files", f"{totals.files}, {bytes_text(totals.size_bytes)}"),
        ("directories", str(totals.directories)),
        ("links", str(totals.symlinks)),
        ("stored zip", f"{archive_bytes} bytes ({bytes_text(archive_bytes)})"),
    ]
    if totals.twins:
        rows.append(
            ("hard links", f"{totals.twins} files, {bytes_text(totals.twin_bytes)} more than once in a zip")
        )
    if totals.hole_bytes:
        rows.append(("holes", f"{bytes_text(totals.hole_bytes)} in sparse files"))
    lines = [table(rows)]
    lines += _block("largest", [f"{bytes_text(size)}  {shown(path)}" for path, size in top])
    lines += _block(
        "--preset slim leaves out",
        [f"{bytes_text(size)} in {files} files: {name}" for name, (files, size) in findings.slim.items()],
    )
    lines += _block("on another file system", [shown(path) for path in findings.mounts])
    lines += left_lines(inventory)
    return "\n".join(lines)


def left_lines(inventory: Inventory) -> list[str]:
    """Return what of a home is not taken, and what is left out, for a person."""
    from takeout.archive.home.entry import shown

    findings = inventory.findings
    left = [f"{shown(i.path)} ({i.files} files, {bytes_text(i.size_bytes)}): {i.rule}" for i in findings.left_out]
    lines = _block("left out", left)
    return lines + _block("cannot be taken", [f"{shown(i.path)}: {i.reason}" for i in findings.not_taken])


def _block(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = [f"  and {len(lines) - _SHOWN} more; --json has all"] if len(lines) > _SHOWN else []
    return ["", f"{title}:", *(f"  {line}" for line in lines[:_SHOWN]), *more]


def packed_json(archive: Archive, file: str, size_bytes: int, resumed_at: int) -> dict[str, object]:
    """Return what became of a home that was packed."""
    from takeout.archive.home.entry import shown

    inventory = archive.inventory
    return {
        "archive": file,
        "archive_bytes": size_bytes,
        "resumed_at": resumed_at,
        **asdict(inventory.totals),
        **left_json(inventory),
        "troubles": [
            {"path": shown(inventory.path(index)), "state": state.name.lower()}
            for index, state in sorted(archive.results.troubles.items())
        ],
    }


def packed_text(archive: Archive, file: str, size_bytes: int) -> str:
    """Return what became of a home that was packed, for a person."""
    from takeout.archive.contents.results import WORDS
    from takeout.archive.home.entry import shown

    inventory = archive.inventory
    lines = [f"{file}: {inventory.totals.files} files, {size_bytes} bytes ({bytes_text(size_bytes)})"]
    troubles = sorted(archive.results.troubles.items())
    lines += left_lines(inventory)
    lines += _block(
        "happened meanwhile", [f"{shown(inventory.path(index))}: {WORDS[state]}" for index, state in troubles]
    )
    return "\n".join(lines)


def problems_json(problems: Sequence[Problem]) -> list[dict[str, object]]:
    """Return what is wrong with an archive."""
    return [asdict(problem) for problem in problems]


def problems_text(problems: Sequence[Problem]) -> list[str]:
    """Return what is wrong with an archive, for a person."""
    return _block("problems", [f"{problem.path}: {problem.message} [{problem.code}]" for problem in problems])


def verified_text(found: Verification) -> str:
    """Return what was found out about an archive."""
    good = f"{found.files} files, {bytes_text(found.size_bytes)}"
    lines = [f"{good}: {'everything is as promised' if not found.problems else 'not everything is as promised'}"]
    lines += problems_text(found.problems)
    lines += _block("changed while the archive was made, and whole", found.changed)
    return "\n".join(lines)


def unpacked_text(done: Unpacked) -> str:
    """Return what was written."""
    already = f", {done.already} were there already" if done.already else ""
    lines = [f"{done.files} files written, {bytes_text(done.size_bytes)}{already}"]
    return "\n".join(lines + problems_text(done.problems))
