"""Options that several commands share, and what every command does first."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from takeout.errors import OptionError, ToolError

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no messages and no progress.")]
SourceOption = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="PATH|URL|release:CONTEXT/NAMESPACE/NAME",
        help="The infrastructure repository: a directory, a clone or a git address; or a Helm release. "
        "[default: $TAKEOUT_SOURCE]",
    ),
]
RevOption = Annotated[
    str | None, typer.Option("--rev", metavar="COMMIT", help="Read the source as it was at this commit or tag.")
]
OfflineOption = Annotated[
    bool, typer.Option("--offline", help="Use the copy of an earlier run; leave the network alone.")
]
ContextOption = Annotated[
    str, typer.Option("--context", metavar="NAME", help="The kubeconfig's context. [default: the current one]")
]
NamespaceOption = Annotated[
    str, typer.Option("--namespace", metavar="NAME", help="The namespace. [default: the hub's name]")
]
ReleaseOption = Annotated[
    str, typer.Option("--release", metavar="NAME", help="The Helm release. [default: the hub's name]")
]
ChartOption = Annotated[
    Path | None,
    typer.Option(
        "--chart",
        metavar="PATH",
        help="The chart: a directory, a .tgz, or a folder of charts.",
        show_default=False,
    ),
]
NoFetchOption = Annotated[bool, typer.Option("--offline", help="Do not fetch charts from the network.")]
ReplicaArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The replica.", show_default=False)]

SOURCE_VARIABLE = "TAKEOUT_SOURCE"
_HUB_EXTRA = ("yaml", "helm_python", "_gojsonnet")


def examples(*lines: str) -> str:
    """Return the end of a command's help; the backspace tells typer to keep the lines as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def source_or_none(source: str | None) -> str:
    """Return the source that was given, or that the environment names, or nothing."""
    return source or os.environ.get(SOURCE_VARIABLE, "")


def source_place(source: str | None) -> str:
    """Return the source that was given, or the one that the environment names.

    Raises:
        OptionError: When there is neither.
    """
    place = source_or_none(source)
    if not place:
        raise OptionError(
            "no source given",
            hint=f"say where the hub's configuration lives: --source PATH|URL, or set {SOURCE_VARIABLE}",
        )
    return place


def need_hub_extra(*more: str, extra: str = "hub") -> None:
    """Make sure that what the hub commands need is installed.

    Args:
        more: Modules that the command needs beside.
        extra: The extra that brings them all.

    Raises:
        ToolError: When the extra is not installed.
    """
    missing = [name for name in (*_HUB_EXTRA, *more) if find_spec(name) is None]
    if missing:
        raise ToolError(
            f"this command needs packages that are not installed ({', '.join(missing)})",
            hint=f"pip install 'jupyterhub-takeout[{extra}]'",
        )
