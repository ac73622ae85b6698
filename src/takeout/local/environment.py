"""The environments in which a try runs: the hub's, its users', and the proxy; made once, then reused.

They live in the user's cache, apart from the environment that Takeout is installed in: a hub is pinned to what its
chart brings, and nobody's packages get in its way.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from takeout.errors import DiskError, ToolError, Where
from takeout.local.install import pins, pins_file, pip, run
from takeout.local.node import PROXY, install_proxy
from takeout.local.own import own_package
from takeout.progress import Progress, silent

HUB = (
    "jupyterhub",
    "jupyterhub-kubespawner",
    "oauthenticator",
    "jupyterhub-idle-culler",
    "jupyterhub-fancy-profiles",
    "jupyterhub-firstuseauthenticator",
    "jupyterhub-ltiauthenticator",
    "jupyterhub-nativeauthenticator",
    "jupyterhub-tmpauthenticator",
    "psycopg2-binary",
    "pycurl",
    "PyMySQL",
)
"""What z2jh's own hub image has, as far as configurations ask for it, and the form that many hubs use."""

USERS = (
    "ipykernel",
    "jupyter-resource-usage",
    "jupyter-server-proxy",
    "jupyterhub",
    "jupyterlab",
    "nbclassic",
    "nbgitpuller",
)
"""What stands in for the images of users: JupyterLab and what nearly every image has."""

_MARK = "ready.json"


@dataclass(frozen=True, slots=True)
class Environment:
    """Programs that a try needs.

    Attributes:
        directory: Where it is.
        hub: The hub's Python.
        users: The users' folder of programs.
        node: Node.
        proxy: configurable-http-proxy's script.
        notes: What could not be set up and is not needed to start.
    """

    directory: Path
    hub: Path
    users: Path
    node: Path
    proxy: Path
    notes: tuple[str, ...] = ()


def ensure(environ: Mapping[str, str] = os.environ, progress: Progress = silent) -> Environment:
    """Return the environment, set up where it is not there yet; a second run needs no network.

    Args:
        environ: The environment; ``XDG_CACHE_HOME`` names the cache.
        progress: Told about each step.

    Raises:
        NetworkError: When something must be fetched and cannot be.
        ToolError: When the packages cannot be installed.
        DiskError: When the cache cannot be written.
    """
    directory = directory_of(environ)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _alone(directory):
            if not (directory / _MARK).is_file():
                _set_up(directory, environ, progress)
            notes = own_package(directory, environ, progress)
    except OSError as error:
        raise DiskError(
            f"cannot set up the environment: {error.strerror or error}",
            where=Where(str(directory)),
            hint="set XDG_CACHE_HOME to a directory that can be written to and run from",
        ) from error
    return _found(directory, notes)


def directory_of(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the environment is, or will be: one for each Python and set of pins."""
    home = Path(environ.get("HOME") or Path.home())
    cache = Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
    asked = "\n".join([*HUB, *USERS, PROXY, pins("hub"), pins("users"), sys.base_prefix])
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return cache / "takeout" / "local" / f"{version}-{hashlib.sha256(asked.encode()).hexdigest()[:12]}"


def _set_up(directory: Path, environ: Mapping[str, str], progress: Progress) -> None:
    steps: list[tuple[str, Callable[[], None]]] = [
        ("environment of the hub", lambda: _packages(directory / "hub", HUB, "hub", environ)),
        ("environment of the users", lambda: _packages(directory / "users", USERS, "users", environ)),
        ("proxy", lambda: install_proxy(directory, environ)),
    ]
    for number, (step, work) in enumerate(steps):
        progress(f"set up: {step}", number, len(steps))
        work()
        progress(f"set up: {step}", number + 1, len(steps))
    (directory / _MARK).write_text(json.dumps({"hub": HUB, "users": USERS, "proxy": PROXY}))


def _packages(folder: Path, names: tuple[str, ...], pinned: str, environ: Mapping[str, str]) -> None:
    """Make a virtual environment; one that is half there is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(folder)], environ, "make a virtual environment")
    with pins_file(pinned) as constraints:
        run(pip(folder, "--constraint", constraints, *names), environ, f"install {names[0]}")


def _found(directory: Path, notes: tuple[str, ...]) -> Environment:
    node = Path(json.loads((directory / "node.json").read_text()))
    if not node.is_file():
        (directory / _MARK).unlink()
        raise ToolError("the Node that the proxy was set up with is gone", hint="run the command again")
    proxy = directory / "proxy" / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
    return Environment(directory, directory / "hub/bin/python", directory / "users/bin", node, proxy, notes)


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Let one process set up at a time; another one waits and finds it done."""
    with (directory / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
