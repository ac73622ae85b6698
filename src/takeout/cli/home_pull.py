"""``takeout home pull``: a home from any running Jupyter server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from takeout.archive.home.presets import Preset
from takeout.cli.options import JsonOption, QuietOption, examples
from takeout.cli.output import Output

if TYPE_CHECKING:
    from takeout.progress import Progress
    from takeout.pull import Report

_STEPS = {"listed": "looking", "compared": "comparing", "bytes": "fetching"}
"""What the steps are called for a person."""
_SHOWN = 20
"""How many paths a person is shown; all of them are in the report."""


def add_to(app: typer.Typer) -> None:
    """Add the command to its group."""
    app.command(
        "pull",
        epilog=examples(
            "takeout home pull https://hub.example.org/user/ana/ home",
            "takeout home pull https://hub.example.org/hub/home home --token-file token.txt --preset slim",
            "takeout home pull http://localhost:8888/lab home --dry-run",
            "takeout home pull https://hub.example.org/user/ana/ project --folder work/project",
            "takeout home pull https://hub.example.org/user/ana/ home --through kernel --with-environment",
        ),
    )(home_pull)


def home_pull(
    address: Annotated[
        str,
        typer.Argument(
            metavar="URL", help="The server's address, or the hub's, as the browser shows it.", show_default=False
        ),
    ],
    destination: Annotated[
        Path,
        typer.Argument(metavar="DEST", help="The directory that becomes the home's copy.", show_default=False),
    ],
    *,
    token_file: Annotated[
        Path | None,
        typer.Option(
            "--token-file",
            metavar="FILE",
            help="A file that holds the token. [default: $JUPYTERHUB_API_TOKEN, else asked for]",
            show_default=False,
        ),
    ] = None,
    preset: Annotated[
        Preset, typer.Option("--preset", help="full: everything; slim: without what can be made again.")
    ] = Preset.FULL,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            "--exclude",
            metavar="PATTERN",
            help="Leave out, as in .gitignore; may be repeated.",
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        str,
        typer.Option(
            "--folder",
            metavar="PATH",
            help="The folder to take, as the file browser there shows it; / for all. [default: the home]",
            show_default=False,
        ),
    ] = "",
    through: Annotated[
        str,
        typer.Option(
            "--through",
            metavar="kernel|terminal",
            help="Start a kernel or a terminal there for hidden files, links, permissions, "
            "and small files, many at once; closed afterwards.",
            show_default=False,
        ),
    ] = "",
    with_environment: Annotated[
        bool,
        typer.Option(
            "--with-environment",
            help="Also capture, through a kernel there, what `takeout home work` needs to run the notebooks.",
        ),
    ] = False,
    checksum: Annotated[bool, typer.Option("--checksum", help="Compare contents, not size and time.")] = False,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete here what is gone there, unless it was changed here.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Take the hub's version also of what was changed here.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would come and how long it would take.")
    ] = False,
    connections: Annotated[
        int, typer.Option("--connections", min=1, max=64, help="The most requests at once.")
    ] = 24,
    leave_running: Annotated[
        bool, typer.Option("--leave-running", help="Do not stop a server that was started for this.")
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Bring a home from any running Jupyter server; run again, bring what changed."""
    from takeout.errors import OptionError
    from takeout.pull import Options, find_token, pull

    if through not in ("", "kernel", "terminal"):
        raise OptionError(f"--through {through} is not known", hint="give kernel or terminal")
    output = Output(json=json, quiet=quiet)
    asked = Options(
        preset=preset,
        exclude=tuple(exclude or ()),
        checksum=checksum,
        delete=delete,
        overwrite=overwrite,
        dry_run=dry_run,
        through=through,  # type: ignore[arg-type] # the two words were just checked
        connections=connections,
        leave_running=leave_running,
        with_environment=with_environment,
        folder=folder,
    )
    token = find_token(os.environ, token_file, _ask if sys.stdin.isatty() and not json else None)
    with _progress(output) as progress:
        report = pull(address, destination, token, asked, progress=progress)
    output.result(report.to_json(), report_text(report))
    if not report.whole:
        raise typer.Exit(1)


@contextmanager
def _progress(output: Output) -> Iterator[Progress]:
    """Give a callback that shows counts of entries, and for bytes the rate and the time left."""
    with ExitStack() as stack:
        shown = output.progress(transfer=False)
        current, is_transfer = stack.enter_context(shown), False

        def tell(step: str, done: int, total: int) -> None:
            nonlocal current, is_transfer
            if (step == "bytes") is not is_transfer:
                is_transfer = step == "bytes"
                stack.close()
                current = stack.enter_context(output.progress(transfer=is_transfer))
            current(_STEPS.get(step, step), done, total)

        yield tell


def _ask() -> str:
    return str(typer.prompt("Token (it is not shown)", hide_input=True, err=True))


def report_text(report: Report) -> str:
    """Return what a pull did, for a person."""
    from takeout.pull.model import printable
    from takeout.pull.store import OWN

    size = f"{report.fetched_bytes / 1e6:.1f} MB"
    if report.dry_run:
        lines = [
            (
                f"would bring {report.fetched_files} files ({size}) in {_duration(report.estimate_seconds)}; "
                f"{report.unchanged_files} are here already"
            )
        ]
    else:
        rate = report.fetched_bytes / 1e6 / max(report.seconds, 1e-3)
        lines = [
            (
                f"{report.files} files are here ({report.size_bytes / 1e6:.1f} MB): {report.fetched_files} came "
                f"({size}, {rate:.1f} MB/s), {report.unchanged_files} were here already"
            )
        ]
    for title, items in (
        ("not taken", report.not_taken),
        ("perhaps not as it is there", report.suspect),
        ("changed here", report.changed_here),
        ("has another name here", report.renamed),
        ("left out", report.left_out),
    ):
        if items:
            lines.append(f"{title}: {len(items)}")
            lines += [f"  {printable(item.path)}: {item.reason}" for item in items[:_SHOWN]]
            lines += [f"  and {len(items) - _SHOWN} more"] if len(items) > _SHOWN else []
    if report.gone:
        lines.append(f"not on the hub any more, kept here: {len(report.gone)} (--delete removes them)")
    if report.deleted:
        lines.append(f"deleted here, as on the hub: {len(report.deleted)}")
    lines += [f"note: {note}" for note in report.notes]
    if not report.dry_run:
        lines.append(f"all of it: {report.destination / OWN / 'TAKEOUT.txt'}; sums beside it in SHA256SUMS")
    return "\n".join(lines)


def _duration(seconds: float) -> str:
    minute = 60
    if seconds < 2 * minute:
        return f"{max(1, round(seconds))} s"
    if seconds < 2 * minute * minute:
        return f"{round(seconds / minute)} min"
    return f"{seconds / minute / minute:.1f} h"
