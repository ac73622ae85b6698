"""The stand-in for a cluster: pods that are processes, and the words about them that KubeSpawner reads.

KubeSpawner asks the Kubernetes API for few things: make this pod, is it there, is it ready, delete it. ``Cluster``
answers these with processes, so all of KubeSpawner above it runs as it does on a cluster.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from takeout.local.inside import leash
from takeout.local.inside.mounts import Ground, main_container
from takeout.local.inside.pod import Launch, launch_of
from takeout.local.plan import Plan

MARKER = "TAKEOUT_TRY"
"""The variable by which every process that belongs to a try is known, whoever its parent is."""

_SERVICE_URL = "JUPYTERHUB_SERVICE_URL"
_LAST_LINES = 15


class PodError(Exception):
    """A server ended before anybody could use it; the hub shows the message to the user."""

    @property
    def jupyterhub_message(self) -> str:
        """What JupyterHub shows on the page of a server that did not start."""
        return str(self)


@dataclass(slots=True)
class _Running:
    manifest: dict[str, Any]
    process: subprocess.Popen[bytes]
    port: int
    log: Path
    root: Path
    answers: bool = False


class Cluster:
    """Pods by ``namespace/name``.

    Args:
        plan: What the hub was told.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.events: list[dict[str, Any]] = []
        self._running: dict[str, _Running] = {}

    @property
    def pods(self) -> dict[str, dict[str, Any]]:
        """Return every pod as the API would describe it now."""
        return {key: _described(running) for key, running in self._running.items()}

    def create(self, namespace: str, manifest: dict[str, Any], port: int) -> None:
        """Start the process of ``manifest``; its server listens on ``port``.

        Raises:
            PodError: When the command cannot be run.
        """
        name = manifest["metadata"]["name"]
        key = f"{namespace}/{name}"
        places = self.plan.places
        root = places.scratch / name
        shutil.rmtree(root, ignore_errors=True)
        ground = Ground(places.volumes, root, Path(places.programs), self.plan.files)
        launch = launch_of(manifest, ground, os.environ)
        furnish(launch.home, Path(places.state) / "samples")
        log = places.logs / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        for note in launch.notes:
            self._event(name, "Normal", note)
        process = _start(launch, _own_environment(launch, port), log)
        self._running[key] = _Running(manifest, process, port, log, root)
        self._event(name, "Normal", f"Started {Path(launch.argv[0]).name}, process {process.pid}, in {launch.cwd}")

    async def delete(self, key: str, grace_seconds: float) -> None:
        """End the process of the pod ``key`` and forget it; asks first, insists after ``grace_seconds``."""
        running = self._running.get(key)
        if running is None:
            return
        await _end(running.process, grace_seconds)
        self._running.pop(key, None)
        shutil.rmtree(running.root, ignore_errors=True)

    async def fail_if_ended(self, key: str) -> None:
        """Wait until the process of ``key`` ends by itself, and say so.

        Raises:
            PodError: When it has ended.
        """
        while True:
            running = self._running.get(key)
            if running is not None and running.process.poll() is not None:
                tail = running.log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
                raise PodError(
                    "\n".join([f"the server ended with code {running.process.returncode}: {running.log}", *tail])
                )
            await asyncio.sleep(0.2)

    def port_of(self, key: str) -> int:
        """Return the port of the pod ``key``; 0 where there is none."""
        return self._running[key].port if key in self._running else 0

    def _event(self, name: str, kind: str, message: str) -> None:
        self.events.append(
            {
                "metadata": {"uid": f"{name}-{len(self.events)}"},
                "involvedObject": {"name": name},
                "type": kind,
                "message": message,
                "lastTimestamp": datetime.now(UTC).isoformat(),
                "eventTime": None,
            }
        )


def _start(launch: Launch, environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    options = ["--parent", str(os.getpid())]
    options += ["--memory", str(launch.memory_bytes)] if launch.memory_bytes else []
    options += ["--cpus", str(launch.cpus)] if launch.cpus else []
    command = [sys.executable, "-I", "-S", leash.__file__, *options, "--", *launch.argv]
    try:
        with log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603 - the command is the hub's own configuration's
                command,
                env=environ,
                cwd=launch.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise PodError(f"cannot start {launch.argv[0]}: {error}") from error


def furnish(home: Path, samples: Path) -> None:
    """Fill a home that holds no file yet; folders and links may be there, for what is mounted in it."""
    if samples.is_dir() and not any(
        (Path(folder) / name).is_file() and not (Path(folder) / name).is_symlink()
        for folder, _, names in os.walk(home)
        for name in names
    ):
        shutil.copytree(samples, home, dirs_exist_ok=True)


def _own_environment(launch: Launch, port: int) -> dict[str, str]:
    """Return the environment with the server's address here in place of the one inside a pod."""
    environ = {**launch.environ, MARKER: os.environ.get(MARKER, "")}
    if _SERVICE_URL in environ:
        parts = urlsplit(environ[_SERVICE_URL])
        environ[_SERVICE_URL] = urlunsplit(parts._replace(netloc=f"127.0.0.1:{port}"))
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # In an image the server runs as a user of its own; Jupyter refuses to run as root without being told.
        folder = Path(environ["TMPDIR"]) / "jupyter"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "jupyter_server_config.json").write_text('{"ServerApp": {"allow_root": true}}')
        environ["JUPYTER_CONFIG_PATH"] = ":".join(filter(None, (environ.get("JUPYTER_CONFIG_PATH"), str(folder))))
    return environ


async def _end(process: subprocess.Popen[bytes], grace_seconds: float) -> None:
    for number, patience in ((signal.SIGTERM, max(grace_seconds, 3.0)), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        deadline = time.monotonic() + patience
        while process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110 - processes have no events
            await asyncio.sleep(0.05)
        if process.poll() is not None and number == signal.SIGTERM:
            continue  # kernels of the same group may outlive the server
        if process.poll() is not None:
            return


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
        return True
    return False


def _described(running: _Running) -> dict[str, Any]:
    code = running.process.poll()
    state = {"running": {}} if code is None else {"terminated": {"exitCode": code}}
    # Ready when it listens, not when it runs: whoever waits then learns at once of a server that ends by itself.
    running.answers = code is None and (running.answers or _listens(running.port))
    container = main_container(running.manifest)["name"]
    return {
        **running.manifest,
        "metadata": {**running.manifest["metadata"], "uid": f"process-{running.process.pid}"},
        "status": {
            "phase": "Running" if code is None else "Failed",
            "podIP": "127.0.0.1",
            "containerStatuses": [{"name": container, "ready": running.answers, "state": state}],
        },
    }
