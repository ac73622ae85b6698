"""The tree of commands."""

from __future__ import annotations

from typing import Annotated

import typer

from takeout import __version__
from takeout.cli import home, home_work, hub, rules

app = typer.Typer(
    name="takeout",
    help="Take your JupyterHub with you.",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 110},
)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"takeout {__version__}")
        raise typer.Exit


@app.callback()
def takeout(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Take your JupyterHub with you."""


home_work.add_to(home.app)
app.add_typer(home.app, name="home")
app.add_typer(hub.app, name="hub")
rules.add_to(app)
