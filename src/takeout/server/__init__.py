"""Jupyter Server extension: a home as one file, from any front end.

Jupyter Server looks for the functions here by their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "takeout.server"}]


def _link_jupyter_server_extension(server: ServerApp) -> None:
    from takeout.server.extension import link  # noqa: PLC0415 - listing extensions shall load nothing

    link(server)


def _load_jupyter_server_extension(server: ServerApp) -> None:
    from takeout.server.extension import load  # noqa: PLC0415 - the same

    load(server)
