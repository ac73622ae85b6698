"""Make the directories that become layers: Debian, and on top of it packages from PyPI and npm."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cluster.machine.mounts import mounts_below
from cluster.machine.run import run, tried
from cluster.machine.trouble import Trouble

SUITE = "trixie"
MIRROR = "http://deb.debian.org/debian"
_DEBIAN = (
    *("ca-certificates", "curl", "git", "iproute2", "iptables", "libcurl4t64", "libpq5", "nodejs", "procps"),
    *("python3", "python3-pip", "sqlite3", "tini"),
)
_NEEDLESS = ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/locale", "usr/share/man", "var/log")
_TRUST = Path("/etc/ssl/certs/ca-certificates.crt")
_MINUTE = 60.0
PIP = (
    *("python3", "-m", "pip", "install", "--quiet", "--break-system-packages", "--root-user-action=ignore"),
    *("--no-cache-dir", "--no-compile", "--ignore-installed", "--disable-pip-version-check"),
)
_USER = "1000"


def make_debian(tree: Path) -> None:
    """Make a small Debian with the programs that the images call."""
    run(
        ["debootstrap", "--variant=minbase", f"--include={','.join(_DEBIAN)}", SUITE, tree, MIRROR],
        timeout_seconds=20 * _MINUTE,
    )
    for name in _NEEDLESS:
        shutil.rmtree(tree / name, ignore_errors=True)
    run(["chroot", tree, "useradd", "--create-home", "--uid", _USER, "--shell", "/bin/bash", "jovyan"])
    run(["chroot", tree, "chown", f"{_USER}:{_USER}", "/home/jovyan"])
    # Debian's iptables has its own tables; the chart's containers expect those that the kernel has always had.
    run(["chroot", tree, "update-alternatives", "--set", "iptables", "/usr/sbin/iptables-legacy"])
    (tree / "srv" / "jupyterhub").mkdir(parents=True)
    shutil.chown(tree / "srv" / "jupyterhub", int(_USER), int(_USER))


def describe_debian() -> str:
    """Return all that decides what ``make_debian`` makes; raise the number when that function changes."""
    return repr((1, SUITE, _DEBIAN, _NEEDLESS))


def add_python(lower: Sequence[Path], tree: Path, packages: Sequence[str], *, files: Sequence[Path] = ()) -> None:
    """Make a layer with packages of PyPI, and with wheels of this machine.

    Args:
        lower: The layers below, lowest first.
        tree: Where the layer goes.
        packages: What pip is asked for.
        files: Wheels that are installed with them.
    """
    with _mounted(lower, tree) as root:
        wheels = root / "tmp" / "wheels"
        wheels.mkdir()
        for file in files:
            shutil.copy(file, wheels)
        asked = [*packages, *(f"/tmp/wheels/{file.name}" for file in files)]  # noqa: S108 - inside the image
        run(["chroot", root, *PIP, *asked], timeout_seconds=30 * _MINUTE)
        shutil.rmtree(wheels)
        _compile(root, tree)


def _compile(root: Path, tree: Path) -> None:
    """Compile what the layer itself brings, to files that do not name a time: layers have none."""
    own = [f"/{path.relative_to(tree)}" for path in sorted(tree.rglob("*.py"))]
    words = ["python3", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-i", "-"]
    # Some packages bring templates that look like Python, and are not.
    with contextlib.suppress(Trouble):
        run(["chroot", root, *words], given="\n".join(own), timeout_seconds=10 * _MINUTE)


def add_node(tree: Path, packages: Sequence[str]) -> None:
    """Make a layer with packages of npm that need no compiler."""
    prefix = tree / "usr" / "local"
    prefix.mkdir(parents=True)
    run(
        ["npm", "install", "--global", "--no-audit", "--no-fund", "--omit=dev", "--prefix", prefix, *packages],
        timeout_seconds=15 * _MINUTE,
    )


def unmount(tree: Path) -> None:
    """Unmount what an interrupted run left mounted for this layer: removing it would remove what is below."""
    for mount in mounts_below(_mount_point(tree)):
        run(["umount", mount])


def _mount_point(tree: Path) -> Path:
    return tree.with_suffix(".mount")


@contextmanager
def _mounted(lower: Sequence[Path], tree: Path) -> Iterator[Path]:
    """Mount layers below an empty one, with what a chroot needs to reach a package registry."""
    root, work = _mount_point(tree), tree.with_suffix(".work")
    for directory in (root, work, tree):
        directory.mkdir(parents=True, exist_ok=True)
    below = ":".join(str(path) for path in reversed(lower))
    run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={below},upperdir={tree},workdir={work}", root])
    lent = [(Path("/etc/resolv.conf"), root / "etc/resolv.conf"), (_TRUST, root / str(_TRUST)[1:])]
    try:
        for source, target in lent:
            run(["mount", "--bind", source, target])
        yield root
    finally:
        for _, target in reversed(lent):
            tried(["umount", target])
        run(["umount", root])
        root.rmdir()
        shutil.rmtree(work)
