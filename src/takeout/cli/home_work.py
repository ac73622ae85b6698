"""``takeout home capture`` and ``takeout home work``: what notebooks need, kept on the hub and made anew here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from takeout.cli.options import JsonOption, QuietOption, examples
from takeout.cli.output import Output

if TYPE_CHECKING:
    from takeout.workspace import Start
    from takeout.workspace.check import Checked

_SHOWN = 20


def add_to(app: typer.Typer) -> None:
    """Add the commands to their group."""
    app.command(
        "capture",
        epilog=examples(
            "takeout home capture",
            "takeout home capture /home/jovyan -o environment.json",
            "takeout home capture --script | ssh me@example.org 'python3 - > takeout-environment.json'",
        ),
    )(home_capture)
    app.command(
        "work",
        epilog=examples(
            "takeout home work home",
            "takeout home work home --check",
            "takeout home work home --check --notebook 'course/*.ipynb' --no-lab",
            "takeout home work home --with uv",
            "takeout home work home --files binder",
        ),
    )(home_work)


def home_capture(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The home directory.")] = Path(),
    *,
    to: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Where to write. [default: takeout-environment.json in the home]",
            show_default=False,
        ),
    ] = "",
    script: Annotated[
        bool, typer.Option("--script", help="Print a program that does it where Takeout is not installed.")
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write down which kernels, packages and settings the notebooks of a home use; run it on the hub."""
    from takeout.cli.work_text import captured_text
    from takeout.workspace import DOCUMENT, capture, capture_script, read_document, save_document

    output = Output(json=json, quiet=quiet)
    if script:
        text = capture_script(call=True)
        output.result({"script": text}, text)
        return
    output.message("looking at environments, kernels and notebooks")
    document = capture(directory)
    file = Path(to) if to else directory / DOCUMENT
    save_document(document, file)
    output.result({**document, "file": str(file)}, captured_text(read_document(file), file))


def home_work(
    destination: Annotated[Path, typer.Argument(metavar="DEST", help="The home, here.", show_default=False)],
    *,
    environment: Annotated[
        Path | None,
        typer.Option(
            "--environment",
            metavar="FILE",
            help="What was captured. [default: takeout-environment.json in the home]",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Run the notebooks, and compare which cells ran on the hub.")
    ] = False,
    notebook: Annotated[
        list[str] | None,
        typer.Option(
            "--notebook",
            metavar="PATTERN",
            help="With --check: which notebooks; may be repeated. [default: all]",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        int, typer.Option("--timeout", metavar="SECONDS", min=1, help="With --check: the longest time for a cell.")
    ] = 600,
    files: Annotated[
        Path | None,
        typer.Option(
            "--files",
            metavar="DIR",
            help="Write environment.yml, requirements.txt and the like for Binder there, and do nothing else.",
            show_default=False,
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Also environments that no notebook uses.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Make the environments anew.")] = False,
    way: Annotated[
        str,
        typer.Option(
            "--with",
            metavar="WAY",
            help="How: image (the hub's own), conda, uv or venv. [default: the first of them that can be had]",
            show_default=False,
        ),
    ] = "",
    lab: Annotated[bool, typer.Option("--lab/--no-lab", help="Open JupyterLab when all is ready.")] = True,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in a browser.")] = True,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="JupyterLab's port; 0 for its own.")] = 0,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make the environment of a home anew, and open JupyterLab on it; a second start is instant."""
    from takeout.cli.work_text import work_json, work_text, written_text
    from takeout.workspace import DOCUMENT, advise, read_document, recreate, serve, start_lab
    from takeout.workspace import write_files as write

    output = Output(json=json, quiet=quiet)
    captured = read_document(environment or destination / DOCUMENT)
    if files is not None:
        written = write(captured, files)
        document: dict[str, Any] = {"directory": str(written.directory), "files": list(written.files)}
        output.result({**document, "main": written.main, "notes": list(written.notes)}, written_text(written))
        return
    checked: tuple[Checked, ...] = ()
    if check or notebook:
        from takeout.workspace.check import check_notebooks, choose

        chosen = choose(captured, notebook or ())
    with output.progress() as progress:
        workspace = recreate(
            destination, os.environ, document=environment, every=every, way=way, again=again, progress=progress
        )
        if check or notebook:
            checked = check_notebooks(workspace, chosen, os.environ, timeout_seconds=timeout, progress=progress)
    paths = advise(captured, destination)
    text = work_text(workspace, checked, paths, captured, shown=_SHOWN)
    output.result(work_json(workspace, checked, paths), text)
    opens = lab and not json and not check and not notebook
    if not all(each.as_on_hub for each in checked) or not (workspace.whole or opens):
        raise typer.Exit(1)
    if opens:
        start = start_lab(workspace, os.environ, port=port, browser=browser)
        if not start.url:
            _become(start)
        raise typer.Exit(serve(start, lambda url: _show(url, output, browser=browser)))


def _show(url: str, output: Output, *, browser: bool) -> None:
    """Say where JupyterLab is, also where nothing else is to be said: nobody could open it otherwise."""
    import webbrowser

    Output(json=output.json, quiet=False).message(f"JupyterLab is at {url}\nCtrl-C ends it")
    if browser:
        webbrowser.open(url)


def _become(start: Start) -> None:
    """Become JupyterLab: Ctrl-C, the terminal and the exit code are then its own."""
    os.chdir(start.cwd)
    os.execve(start.command[0], start.command, dict(start.environ))  # noqa: S606 - our own words, no shell wanted
