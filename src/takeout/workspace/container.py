"""Work in the hub's own image: see what it has, and make its kernels usable from here."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from takeout.errors import InputError, ToolError, Where
from takeout.workspace.build import Made
from takeout.workspace.capture import replace_text
from takeout.workspace.compare import compare
from takeout.workspace.document import document_of
from takeout.workspace.engine import Container, fetch_image, find_engine, qualified
from takeout.workspace.kernelspecs import OURS, absent_kernels, remove_kernels
from takeout.workspace.model import Captured, Environment, Kernel
from takeout.workspace.pythons import Maker, last_lines
from takeout.workspace.ready import Workspace
from takeout.workspace.script import capture_script

_CONNECTION = "{connection_file}"
# A kernelspec may set variables, and names its folder; the image's own is read there, for values are not captured.
_FROM_SPEC = (
    "import json,os,sys;place,file=sys.argv[1:];spec=json.load(open(place+'/kernel.json'));"
    "os.environ.update({k:os.path.expandvars(v) for k,v in (spec.get('env') or {}).items()});"
    # In two halves, for Jupyter and the launcher replace it wherever it stands.
    "argv=[w.replace('{connection'+'_file}',file).replace('{resource_dir}',place) for w in spec['argv']];"
    "os.execvp(argv[0],argv)"
)


def work_in_image(
    captured: Captured,
    wanted: Sequence[Environment],
    home: Path,
    directory: Path,
    maker: Maker,
) -> Workspace:
    """Return a workspace in the hub's image.

    Raises:
        ToolError: When that cannot be had; the message says why.
    """
    if not captured.image:
        raise ToolError("the hub did not tell its image")
    engine, silent = find_engine(maker)
    if not engine:
        raise ToolError("; ".join(silent) or "neither docker nor podman is here")
    owner = home.stat()
    user = f"{owner.st_uid}:{owner.st_gid}"
    container = Container(engine, qualified(captured.image, engine), captured.home, user)
    problem = fetch_image(container, maker)
    if problem:
        raise ToolError(f"{captured.image} cannot be fetched with {container.name}: {problem}")
    inside = _captured_inside(container, home, maker)
    if wanted and not {each.prefix for each in wanted} & {each.prefix for each in inside.environments}:
        raise ToolError(f"{container.image} has none of the hub's environments, such as {wanted[0].prefix}")
    has_lab = any(each.name.lower() == "jupyterlab" for one in inside.environments for each in one.packages)
    container = replace(container, interface="lab" if has_lab else "notebook")
    made = tuple(_made(environment, inside, container) for environment in wanted)
    kernels = {kernel.name: kernel.program for kernel in inside.kernels}
    without = tuple(absent_kernels(captured, kernels, lambda _: "the image has none of that name"))
    workspace = Workspace(home.absolute(), directory, made, kernels, "", without, (), container, fresh=True)
    write_container_kernels(inside.kernels, workspace, container)
    return workspace


def _captured_inside(container: Container, home: Path, maker: Maker) -> Captured:
    """Return what the image has, together with what the home brings.

    Raises:
        ToolError: When the image cannot be run, or has no Python.
    """
    # The notebooks are known; an empty folder spares a second walk over the home.
    command = [*container.run(home, "--interactive"), "python3", "-", "/takeout-has-no-such-folder"]
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command,
            input=capture_script(call=True),
            env=dict(maker.environ),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise ToolError(f"{container.engine}: {error.strerror}") from error
    if done.returncode:
        raise ToolError(f"{container.image} does not run with {container.name}: {last_lines(done.stderr)}")
    try:
        # What an image's entrypoint prints comes before it.
        return document_of(done.stdout.strip().splitlines()[-1], Where(container.image))
    except (InputError, IndexError) as error:
        raise ToolError(f"{container.image} cannot be looked into: {error}") from error


def _made(hub: Environment, inside: Captured, container: Container) -> Made:
    """Compare an environment with the image's, which has the same folder."""
    here = next((each for each in inside.environments if each.prefix == hub.prefix), None)
    if here is None:
        missing = ((hub.prefix, "the image has no such environment, nor has the home"),)
        return Made(hub.prefix, hub.prefix, "", container.name, 0, (), missing)
    found = compare(hub, here, {})
    differs = [f"Python {hub.version} on the hub, {here.version} here"] if here.version != hub.version else []
    return Made(
        hub.prefix,
        hub.prefix,
        here.version,
        container.name,
        found.same,
        (*differs, *found.differs),
        found.missing,
    )


def write_container_kernels(kernels: Sequence[Kernel], workspace: Workspace, container: Container) -> None:
    """Write kernelspecs with which a program outside runs the image's kernels; Jupyter inside has its own."""
    remove_kernels(workspace.kernel_folder)
    for kernel in kernels:
        command = ["python3", "-c", _FROM_SPEC, kernel.place, _CONNECTION] if kernel.place else list(kernel.argv)
        folder = workspace.kernel_folder / kernel.name
        folder.mkdir(parents=True, exist_ok=True)
        plan = {
            "engine": container.engine,
            "run": container.run(workspace.home)[1:-1],
            "image": container.image,
            "command": command,
            "runtime": str(workspace.directory / "jupyter" / "runtime"),
            "runtime_inside": f"{container.home}/{workspace.directory.name}/jupyter/runtime",
            "user": container.user,
        }
        replace_text(folder / "container.json", json.dumps(plan, indent=1) + "\n")
        argv = [sys.executable, "-m", "takeout.workspace.container_kernel", str(folder / "container.json")]
        spec = {
            "argv": [*argv, _CONNECTION],
            "display_name": kernel.display_name,
            "language": kernel.language,
            # A signal would reach the engine's program and not the kernel.
            "interrupt_mode": "message",
            "metadata": OURS,
        }
        replace_text(folder / "kernel.json", json.dumps(spec, indent=1) + "\n")
