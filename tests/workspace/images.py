"""A hub's image for Podman, made of this machine's own Python, with nothing fetched."""

from __future__ import annotations

import fcntl
import io
import json
import os
import resource
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

IMAGE = "localhost/takeout-test-hub:1"
HUB = "/opt/hub"
_PREFIX = "takeout-podman-"
STARTER = f'#!/bin/sh\nkind=$1\nshift\nexec {HUB}/bin/python -m "jupyter$kind" "$@"\n'


@contextmanager
def podman_folder() -> Iterator[Path]:
    """Give a folder for all that Podman keeps; its containers end with it, and those of runs that were killed.

    It is not pytest's own, which other runs clear away while containers may be in it.
    """
    for each in Path(gettempdir()).glob(f"{_PREFIX}*"):
        _end_abandoned(each)
    with TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with (folder / "locking").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / "locking").rename(folder / "lock")
            try:
                yield folder
            finally:
                _end_containers(folder)


def _end_abandoned(folder: Path) -> None:
    """End what a run has left behind, unless it still runs."""
    try:
        with (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    _end_containers(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _end_containers(folder: Path) -> None:
    command = ["podman", "rm", "--all", "--force", "--time", "0"]
    with suppress(FileNotFoundError):
        subprocess.run(command, env={**os.environ, **_places(folder)}, capture_output=True, check=False)


def _places(folder: Path) -> dict[str, str]:
    names = {"CONTAINERS_CONF": "containers.conf", "CONTAINERS_STORAGE_CONF": "storage.conf"}
    return {name: str(folder / file) for name, file in names.items()}


def podman_variables(folder: Path) -> dict[str, str]:
    """Return variables with which Podman keeps everything in ``folder``, and that mount this machine's programs.

    Raises:
        LookupError: When Podman is not here, or runs no container on this machine; the text says why.
    """
    podman = shutil.which("podman")
    if podman is None:
        raise LookupError("there is no podman (on Debian: apt-get install podman runc)")
    problem = ""
    for runtime in ("crun", "runc"):
        if shutil.which(runtime):
            variables = {**os.environ, **_configured(folder, runtime)}
            import_image(podman, folder, variables)
            try_it = [
                podman,
                "run",
                "--rm",
                "--publish",
                "127.0.0.1::9",
                IMAGE,
                "python3",
                "-c",
                "import ipykernel",
            ]
            done = subprocess.run(try_it, env=variables, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                return _configured(folder, runtime)
            problem = f"podman with {runtime} runs no container here: {done.stderr.strip()[-300:]}"
    raise LookupError(problem or "podman has neither crun nor runc")


def import_image(podman: str, folder: Path, variables: Mapping[str, str]) -> None:
    file = folder / "image.tar"
    with tarfile.open(file, "w") as archive:
        _write_image(archive)
    about = [f"--change=ENV PATH={HUB}/bin:/usr/bin:/bin", "--change=ENV HOME=/root"]
    subprocess.run([podman, "import", *about, str(file), IMAGE], env=variables, capture_output=True, check=True)


def _configured(folder: Path, runtime: str) -> dict[str, str]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lines = [
        "[containers]",
        f"volumes = {json.dumps([f'{place}:{place}:ro' for place in _lent()])}",
        # Raising a limit needs rights that a test may not have.
        f'default_ulimits = ["nofile={soft}:{hard}", "nproc=1024:1024"]',
        "[engine]",
        'cgroup_manager = "cgroupfs"',
        f'runtime = "{runtime}"',
    ]
    (folder / "containers.conf").write_text("\n".join(lines) + "\n")
    # No mounts outlive a container with this one, and the image is small.
    places = f'runroot = "{folder / "run"}"\ngraphroot = "{folder / "graph"}"\n'
    (folder / "storage.conf").write_text(f'[storage]\ndriver = "vfs"\n{places}')
    return _places(folder)


def _lent() -> list[str]:
    """Return what the image borrows of this machine: its programs, and the Python that runs the tests."""
    system = [f"/{name}" for name in ("bin", "lib", "lib64", "sbin") if Path(f"/{name}").is_dir()]
    folders = ["/usr", *(each for each in system if not Path(each).is_symlink())]
    own = [str(Path(sys.base_prefix).resolve()), sysconfig.get_paths()["purelib"]]
    return folders + [each for each in own if not each.startswith("/usr/")]


def _write_image(archive: tarfile.TarFile) -> None:
    for name in ("bin", "lib", "lib64", "sbin"):
        if Path(f"/{name}").is_symlink():
            _add(archive, name, link=str(Path(f"/{name}").readlink()))
    for name in ("tmp", "etc", "home", "root", *(each.strip("/") for each in _lent())):
        _add(archive, name)
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix).resolve() / "bin" / f"python{minor}"
    site = f"{HUB}/lib/python{minor}/site-packages"
    for name in ("python", "python3"):
        _add(archive, f"{HUB}/bin/{name}", link=str(base))
    argv = [f"{HUB}/bin/python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Ocean", "language": "python", "env": {"STATION": "7"}}
    files = {
        f"{HUB}/bin/jupyter": STARTER,
        f"{HUB}/pyvenv.cfg": f"home = {base.parent}\n",
        f"{HUB}/share/jupyter/kernels/ocean/kernel.json": json.dumps(spec),
        f"{site}/lent.pth": sysconfig.get_paths()["purelib"] + "\n",
        f"{site}/tides/__init__.py": "VERSION = '1.0'\n",
        f"{site}/tides-1.0.dist-info/METADATA": "Name: tides\nVersion: 1.0\n",
    }
    for name, text in files.items():
        _add(archive, name, text=text)


def _add(archive: tarfile.TarFile, name: str, *, text: str = "", link: str = "") -> None:
    entry = tarfile.TarInfo(name.strip("/"))
    entry.mode = 0o755
    entry.type = tarfile.SYMTYPE if link else tarfile.REGTYPE if text else tarfile.DIRTYPE
    entry.linkname, entry.size = link, len(text.encode())
    archive.addfile(entry, io.BytesIO(text.encode()) if text else None)
