"""What ``takeout home capture`` and ``takeout home work`` say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from takeout.workspace import Advice, Captured, Workspace, Written
    from takeout.workspace.build import Made
    from takeout.workspace.check import Checked
    from takeout.workspace.rlanguage import MadeR


def captured_text(captured: Captured, file: Path) -> str:
    """Return what was captured, for a person."""
    lines = [f"{len(captured.environments)} Python environments:"]
    for each in captured.environments:
        users = sum(captured.environment_of(notebook) == each for notebook in captured.notebooks)
        kind = "conda, " if each.conda else ""
        lines.append(
            f"  {each.prefix}: {kind}Python {each.version}, {len(each.packages)} packages, {users} notebooks"
        )
    lines += [f"R {each.version}: {len(each.packages)} packages" for each in captured.r]
    lines += [f"Julia environment {each.name}" for each in captured.julia]
    lines.append(f"{len(captured.kernels)} kernels, {len(captured.notebooks)} notebooks")
    lines += [f"{each.path}: {each.problem}" for each in captured.notebooks if each.problem]
    lines.append(f"image: {captured.image or 'not told by the hub'}")
    lines.append(f"written to {file}; take it along with the home, then: takeout home work HOME")
    return "\n".join(lines)


def written_text(written: Written) -> str:
    """Return which files were written, for a person."""
    lines = [f"written to {written.directory}: {', '.join(written.files) or 'nothing, for nothing was captured'}"]
    return "\n".join([*lines, *(f"note: {note}" for note in written.notes)])


def work_json(workspace: Workspace, checked: Sequence[Checked], paths: Sequence[Advice]) -> dict[str, Any]:
    """Return the document that ``--json`` prints."""
    return {
        "workspace": workspace.to_json(),
        "checked": [each.to_json() for each in checked],
        "paths": [asdict(each) for each in paths],
    }


def work_text(
    workspace: Workspace, checked: Sequence[Checked], paths: Sequence[Advice], captured: Captured, *, shown: int
) -> str:
    """Return what is here and what differs, for a person; lists stop after ``shown`` entries."""
    lines = []
    if workspace.container:
        lines.append(f"in the hub's image {workspace.container.image}, run by {workspace.container.name}")
    for each in workspace.environments:
        lines.append(f"{each.prefix}: Python {each.python}, {each.packages} packages as on the hub ({each.tool})")
        lines += _differences(each, shown)
    if workspace.r:
        lines.append(f"R {workspace.r.version}: {workspace.r.packages} packages as on the hub")
        lines += _differences(workspace.r, shown)
    lines.append(f"kernels: {', '.join(sorted(workspace.kernels)) or 'none'}")
    lines += [f"missing: {note}" for note in workspace.without]
    lines += [f"nearer to the hub would be {note}" for note in workspace.better]
    lines += _paths_text(paths, captured, workspace, shown)
    for result in checked:
        lines += _checked_text(result, shown)
    if checked:
        good = sum(each.as_on_hub for each in checked)
        lines.append(f"{good} of {len(checked)} notebooks run as on the hub")
    return "\n".join(lines)


def _differences(made: Made | MadeR, shown: int) -> list[str]:
    lines = _some([f"differs: {text}" for text in made.differs], shown)
    return [*lines, *_some([f"missing: {name}: {reason}" for name, reason in made.missing], shown)]


def _paths_text(paths: Sequence[Advice], captured: Captured, workspace: Workspace, shown: int) -> list[str]:
    from takeout.workspace import keep_all

    # In the hub's image the home is where it was.
    inside = workspace.container.home if workspace.container else ""
    broken = [each for each in paths if not each.works and not (inside and each.here)]
    if not broken:
        return []
    lines = [f"paths of the hub that do not work here: {len(broken)}"]
    lines += _some([f"{each.path} ({each.files[0]}{_more(each)}): {each.way}" for each in broken], shown)
    command = "" if inside else keep_all(captured, workspace.home)
    if command:
        lines += ["to keep those below the home working as they are (Linux):", *_some(command.splitlines(), shown)]
    return lines


def _more(each: Advice) -> str:
    return f" and {len(each.files) - 1} more" if len(each.files) > 1 else ""


def _checked_text(result: Checked, shown: int) -> list[str]:
    if result.problem:
        return [f"{result.path}: not run: {result.problem}"]
    head = f"{result.path}: {result.ran} of {result.cells} cells ran ({result.ran_on_hub} on the hub)"
    cells = [
        f"cell {cell.number}: {cell.reason}{' (not on the hub either)' if cell.also_on_hub else ''}"
        for cell in result.failed
    ]
    return [head, *_some(cells, shown)]


def _some(lines: Sequence[str], shown: int) -> list[str]:
    more = len(lines) - shown
    return [f"  {line}" for line in lines[:shown]] + ([f"  and {more} more"] if more > 0 else [])
