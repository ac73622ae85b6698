"""JupyterLab on a home, with the workspace's kernels and none of the person's own settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from takeout.workspace.recreate import Workspace


@dataclass(frozen=True, slots=True)
class Start:
    """A program to start: its words, its variables and the folder to start it in."""

    command: tuple[str, ...]
    environ: Mapping[str, str]
    cwd: str


def start_lab(workspace: Workspace, environ: Mapping[str, str], arguments: Sequence[str] = ()) -> Start:
    """Return what opens JupyterLab on a home.

    Kernels, settings and runtime files are those of the workspace: what the person has elsewhere is neither read
    nor changed, and the hub's own ``jupyter_server_config.py`` in the home, which may name places of the hub, is
    not run.

    Args:
        workspace: The workspace.
        environ: The environment's variables.
        arguments: What JupyterLab is given besides, such as ``--no-browser``.
    """
    options = [f"--ServerApp.root_dir={workspace.home}", "--ServerApp.answer_yes=True", *arguments]
    command = (workspace.lab, "-m", "jupyterlab", *options)
    return Start(command, {**environ, **jupyter_variables(workspace)}, str(workspace.home))


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
