"""JupyterLab on a home, with the workspace's kernels and none of the person's own settings."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from takeout.workspace.engine import Container
from takeout.workspace.ready import Workspace

_FIRST_PORT = 8888
_PORTS = 50


@dataclass(frozen=True, slots=True)
class Start:
    """A program to start.

    Attributes:
        command: Its words.
        environ: Its variables.
        cwd: The folder to start it in.
        url: Where a browser finds it, with what lets it in; empty where it opens a browser itself.
        stop: What ends it where it does not hear a signal.
    """

    command: tuple[str, ...]
    environ: Mapping[str, str]
    cwd: str
    url: str = ""
    stop: tuple[str, ...] = ()


def start_lab(workspace: Workspace, environ: Mapping[str, str], *, port: int = 0, browser: bool = True) -> Start:
    """Return what opens JupyterLab on a home.

    Kernels, settings and runtime files are those of the workspace: what the person has elsewhere is neither read
    nor changed, and the hub's own ``jupyter_server_config.py`` in the home, which may name places of the hub, is
    not run. In the hub's image the home is where it was, and all in it counts as it did there.

    Args:
        workspace: The workspace.
        environ: The environment's variables.
        port: JupyterLab's port; 0 for its own, or the next that is free.
        browser: Whether it opens a browser.
    """
    if workspace.container:
        return _in_container(workspace, workspace.container, environ, port or free_port())
    options = [f"--ServerApp.root_dir={workspace.home}", "--ServerApp.answer_yes=True"]
    options += [*([f"--port={port}"] if port else []), *([] if browser else ["--no-browser"])]
    if os.geteuid() == 0:
        options.append(
            "--allow-root"
        )  # Jupyter asks whether that was meant; who runs this as root is asked too late.
    command = (workspace.lab, "-m", "jupyterlab", *options)
    return Start(command, {**environ, **jupyter_variables(workspace)}, str(workspace.home))


def _in_container(workspace: Workspace, container: Container, environ: Mapping[str, str], port: int) -> Start:
    """Publish it on this machine's own address alone, with a token that is in no argument."""
    token, name = secrets.token_hex(24), f"takeout-{secrets.token_hex(6)}"
    options = ["--name", name, f"--publish=127.0.0.1:{port}:{port}", "--env", "JUPYTER_TOKEN"]
    # The same port inside, for Jupyter prints its address.
    inside = ["jupyter", container.interface, "--ip=0.0.0.0", f"--port={port}", "--no-browser", "-y"]
    if container.user.startswith("0:"):
        inside.append("--allow-root")
    page = "lab" if container.interface == "lab" else "tree"
    return Start(
        (*container.run(workspace.home, *options), *inside),
        {**environ, "JUPYTER_TOKEN": token},
        str(workspace.home),
        url=f"http://127.0.0.1:{port}/{page}?token={token}",
        stop=(container.engine, "rm", "--force", name),
    )


def free_port(first: int = _FIRST_PORT) -> int:
    """Return Jupyter's own port, or the next one that nobody listens at here."""
    for port in range(first, first + _PORTS):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def jupyter_variables(workspace: Workspace) -> dict[str, str]:
    """Return the variables that keep Jupyter to the workspace.

    Source: https://docs.jupyter.org/en/latest/use/jupyter-directories.html
    """
    jupyter = workspace.directory / "jupyter"
    lab = jupyter / "lab"
    return {
        "JUPYTER_PATH": str(jupyter),
        "JUPYTER_DATA_DIR": str(jupyter),
        "JUPYTER_RUNTIME_DIR": str(jupyter / "runtime"),
        "JUPYTER_CONFIG_DIR": str(jupyter / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(lab / "user-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(lab / "workspaces"),
    }
