"""Takeout itself in the users' environment, with its button, so that both halves of it meet in a try."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from takeout.errors import NetworkError, ToolError
from takeout.local.install import pins_file, pip, run
from takeout.progress import Progress

_BUTTONS = "labextension/build.py"
_LINKS = ("labextensions/jupyterhub-takeout", "nbextensions/takeout/tree.js")


def own_package(directory: Path, environ: Mapping[str, str], progress: Progress) -> tuple[str, ...]:
    """Install Takeout for the users where it is not there; without it everything else still works.

    From a checkout it is installed as it is being edited, so that a change of it asks for nothing here.

    Args:
        directory: The environment of a try.
        environ: The environment of this process.
        progress: Told where it takes long.

    Returns:
        What could not be done, a sentence each.
    """
    users = directory / "users"
    stamp = users / "takeout.json"
    requirement, checkout = own_requirement()
    state = _state(requirement, checkout)
    try:
        if not stamp.is_file() or stamp.read_text() != state:
            progress("set up: Download Directory", 0, 0)
            _install(users, requirement, environ, is_first=not stamp.is_file())
            stamp.write_text(state)
        if checkout is not None:
            script = str(checkout / _BUTTONS)
            run([str(users / "bin/python"), script, "--develop", "--optional"], environ, "build the buttons")
    except (NetworkError, ToolError) as error:
        return (f"Download Directory is not in the users' environment: {error.message}",)
    return ()


def own_requirement() -> tuple[list[str], Path | None]:
    """Return what pip is to install to have this very Takeout, and the checkout that it is in, if it is in one."""
    distribution = metadata.distribution("jupyterhub-takeout")
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    address = urlsplit(str(origin.get("url", "")))
    source = Path(unquote(address.path))
    if address.scheme != "file" or not (source / "pyproject.toml").is_file():
        return [f"jupyterhub-takeout=={distribution.version}"], None
    return ["--editable", str(source)], source


def _state(requirement: list[str], checkout: Path | None) -> str:
    """Return a text that changes when Takeout has to be installed anew."""
    what = (checkout / "pyproject.toml").read_bytes() if checkout is not None else b""
    return json.dumps([*requirement, hashlib.sha256(what).hexdigest()])


def _install(users: Path, requirement: list[str], environ: Mapping[str, str], *, is_first: bool) -> None:
    for link in (users / "share/jupyter" / name for name in _LINKS):
        if link.is_symlink():  # else pip would write into the checkout that it leads to
            link.unlink()
    # The first time with what it needs; later that is there, in the versions of the pins.
    again = [] if is_first else ["--upgrade", "--force-reinstall", "--no-deps"]
    with pins_file("users") as constraints:
        run(pip(users, "--constraint", constraints, *again, *requirement), environ, "install Takeout")
