"""Run notebooks here, and compare which cells ran with what they were saved with on the hub."""

from __future__ import annotations

import json
import secrets
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from takeout.errors import OptionError
from takeout.progress import Progress, silent
from takeout.workspace.capture import replace_text
from takeout.workspace.container_kernel import RUN
from takeout.workspace.engine import remove_labelled
from takeout.workspace.manager import PatientManager
from takeout.workspace.model import Captured, Notebook
from takeout.workspace.ready import Workspace
from takeout.workspace.start import jupyter_variables

_SHORT = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell that did not run: its number among the code cells, counted from 1, and why."""

    number: int
    reason: str
    also_on_hub: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a notebook.

    Attributes:
        path: The notebook, in the home.
        kernel: The kernel that it names.
        cells: Its code cells.
        ran: Those that ran here without an error.
        ran_on_hub: Those that were saved as having run without an error.
        failed: Those that did not run here.
        problem: Why it was not run at all, or empty.
    """

    path: str
    kernel: str
    cells: int = 0
    ran: int = 0
    ran_on_hub: int = 0
    failed: tuple[Cell, ...] = ()
    problem: str = ""

    @property
    def as_on_hub(self) -> bool:
        """Whether nothing fails here that did not fail on the hub."""
        return not self.problem and all(cell.also_on_hub for cell in self.failed)

    def to_json(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return {**asdict(self), "as_on_hub": self.as_on_hub}


def choose(captured: Captured, patterns: Sequence[str]) -> tuple[Notebook, ...]:
    """Return the notebooks that a person means; all of them where no pattern is given.

    Raises:
        OptionError: When a pattern means none.
    """
    found = []
    for pattern in patterns or ("*",):
        matching = [each for each in captured.notebooks if fnmatch(each.path, pattern)]
        if patterns and not matching:
            raise OptionError(
                f"no notebook matches {pattern}", hint="paths are as in the home, such as 'course/*.ipynb'"
            )
        found += [each for each in matching if each not in found]
    return tuple(found)


def check_notebooks(
    workspace: Workspace,
    notebooks: Sequence[Notebook],
    environ: Mapping[str, str],
    *,
    timeout_seconds: int = 600,
    progress: Progress = silent,
) -> tuple[Checked, ...]:
    """Run notebooks, each in its own folder and with the kernel it names.

    The notebooks stay as they are; what came out is kept in the workspace's ``checked``. What their code writes,
    it writes.

    Args:
        workspace: The workspace.
        notebooks: Which to run.
        environ: The environment's variables, which kernels get.
        timeout_seconds: For one cell.
        progress: Told about each notebook.
    """
    found = []
    own = {**environ, RUN: secrets.token_hex(8)}
    try:
        for number, notebook in enumerate(notebooks):
            progress("run notebooks", number, len(notebooks))
            found.append(_checked(workspace, notebook, own, timeout_seconds))
    finally:
        if workspace.container:
            # What was killed could not do so itself.
            remove_labelled(workspace.container.engine, f"{RUN}={own[RUN]}", environ)
            for file in (workspace.directory / "jupyter" / "runtime").glob(f"takeout-kernel-{own[RUN]}*.json"):
                file.unlink(missing_ok=True)
    progress("run notebooks", len(notebooks), len(notebooks))
    return tuple(found)


def _checked(
    workspace: Workspace, notebook: Notebook, environ: Mapping[str, str], timeout_seconds: int
) -> Checked:
    kernel = next(
        (name for name in workspace.kernels if name.lower() == (notebook.kernel or "python3").lower()), ""
    )
    named = notebook.kernel or "python3"
    if notebook.problem or not kernel:
        return Checked(notebook.path, named, problem=notebook.problem or f"its kernel {named} is not here")
    file = workspace.home / notebook.path
    try:
        saved = json.loads(file.read_text(encoding="utf-8"))
        document = _readable(saved)
    except OSError as error:
        return Checked(notebook.path, named, problem=error.strerror or str(error))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Checked(notebook.path, named, problem=f"cannot be read as a notebook: {error}")
    before = [_state(cell) for cell in _code(document)]
    kernels = workspace.kernel_folder
    variables = {**environ, **jupyter_variables(workspace)}
    stopped = _run(document, kernel, file.parent, kernels=kernels, variables=variables, seconds=timeout_seconds)
    kept = workspace.directory / "checked" / notebook.path
    kept.parent.mkdir(parents=True, exist_ok=True)
    replace_text(kept, json.dumps(document, indent=1) + "\n")
    return _compared(notebook.path, kernel, before, document, stopped)


def _readable(saved: Mapping[str, Any]) -> Any:
    """Return a notebook of any version as nbclient takes it."""
    with warnings.catch_warnings():
        # Missing ids and fields of old notebooks are no concern of whoever wants to know whether they run.
        warnings.simplefilter("ignore")
        return nbformat.convert(nbformat.from_dict(dict(saved)), to_version=4)  # type: ignore[no-untyped-call]


def _run(
    document: Any, kernel: str, folder: Path, *, kernels: Path, variables: Mapping[str, str], seconds: int
) -> str:
    """Run every cell, also after one that fails; return why the kernel stopped, or nothing."""
    for cell in _code(document):
        cell["outputs"], cell["execution_count"] = [], None
    specs = KernelSpecManager(kernel_dirs=[str(kernels)], ensure_native_kernel=False)
    manager = PatientManager(kernel_name=kernel, kernel_spec_manager=specs)
    client = NotebookClient(
        document,
        km=manager,
        timeout=seconds,
        interrupt_on_timeout=True,
        allow_errors=True,
        on_cell_executed=manager.heard,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        with warnings.catch_warnings(), (kernels.parent / "kernels.log").open("ab") as log:
            warnings.simplefilter("ignore")
            # Without the last word the kernel would run until this process ends, and might keep it from ending.
            client.execute(env=dict(variables), stdout=log, stderr=log, cleanup_kc=True)
    except (DeadKernelError, CellTimeoutError) as error:
        if manager.deaf or isinstance(error, CellTimeoutError):
            return "the cell took too long, and could not be interrupted"
        return "the kernel died (see jupyter/kernels.log in .takeout-work)"
    except RuntimeError as error:
        return f"the kernel did not start: {error}"
    return ""


def _compared(path: str, kernel: str, before: list[str], document: Any, stopped: str) -> Checked:
    failed, ran = [], 0
    counted = [number for number, cell in enumerate(_code(document), 1) if cell.get("execution_count")]
    # A cell that ended the kernel had begun, so it has a count, and no error to show.
    last = counted[-1] if stopped and counted else 0
    for number, (was, cell) in enumerate(zip(before, _code(document), strict=True), 1):
        if not "".join(cell["source"]).strip():
            continue
        now = _state(cell)
        if now == "ran" and number != last:
            ran += 1
        else:
            failed.append(
                Cell(
                    number,
                    stopped if now in ("", "ran") and stopped else now or "it did not run",
                    also_on_hub=was not in ("ran", ""),
                )
            )
    ran_on_hub = sum(was == "ran" for was in before)
    cells = sum(bool("".join(cell["source"]).strip()) for cell in _code(document))
    return Checked(path, kernel, cells, ran, ran_on_hub, tuple(failed))


def _code(document: Any) -> list[Any]:
    return [cell for cell in document["cells"] if cell["cell_type"] == "code"]


def _state(cell: Mapping[str, Any]) -> str:
    """Return ``ran``, what the error was, or nothing for a cell that was not run."""
    for output in cell.get("outputs", ()):
        if output.get("output_type") == "error":
            lines = f"{output.get('ename', '')}: {output.get('evalue', '')}".strip().splitlines()
            return (lines[0] if lines else "an error")[:_SHORT]
    return "ran" if cell.get("execution_count") else ""
