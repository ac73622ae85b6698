"""Whether this machine lets its root do what a node does: many containers have a root who may not."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cluster.machine.places import Places
from cluster.machine.run import run, tried
from cluster.machine.trouble import Trouble

_CGROUPS = Path("/sys/fs/cgroup")
_PROBE = "takeout-probe"
_CONTROLLERS = ("cpu", "memory", "pids")
_SECONDS = 20
_GIB = 1 << 30
_NEEDED_BYTES = 10 * _GIB
"""The programs and images, and what their building needs besides."""
_NEEDED_TO_RUN_BYTES = 2 * _GIB
_KEPT_FREE = 50
"""One part in so many of a disk stays free: below one in a hundred the kubelet ends pods."""


def lacking(places: Places) -> list[str]:
    """Return what cannot be done here, each with what was said; it takes a second, and leaves nothing behind."""
    probes: tuple[tuple[str, Callable[[], None]], ...] = (
        ("make a network interface", _make_interface),
        ("make a network namespace", lambda: _try("unshare", "--net", "true")),
        ("change rules of iptables", _make_chain),
        ("mount layers over each other", lambda: _mount(places)),
        ("make cgroups", _make_cgroups),
        ("read the kernel's messages, as the kubelet does", _open_messages),
        ("change the kernel's switches, as the kubelet does", _may_switch),
        ("keep what is built", lambda: _need_room(places)),
    )
    faults = []
    for what, probe in probes:
        try:
            probe()
        except (Trouble, OSError) as error:
            faults.append(f"root cannot {what}: {' '.join(str(error).split())}")
    return faults


def _try(*words: str | Path) -> None:
    run(words, timeout_seconds=_SECONDS)


def _make_interface() -> None:
    _try("ip", "link", "add", _PROBE, "type", "bridge")
    _try("ip", "link", "delete", _PROBE)


def _make_chain() -> None:
    try:
        _try("iptables", "-t", "nat", "-N", _PROBE)
    finally:
        tried(["iptables", "-t", "nat", "-X", _PROBE], timeout_seconds=_SECONDS)


def _mount(places: Places) -> None:
    """Mount an overlay where the images will be: its upper side cannot lie on another overlay."""
    places.root.mkdir(parents=True, exist_ok=True)
    with _folder(places.root) as folder:
        lower, upper, work, root = (folder / name for name in ("lower", "upper", "work", "root"))
        for directory in (lower, upper, work, root):
            directory.mkdir()
        options = f"lowerdir={lower},upperdir={upper},workdir={work}"
        _try("mount", "-t", "overlay", "overlay", "-o", options, root)
        _try("umount", root)


@contextmanager
def _folder(parent: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"{_PROBE}-", dir=parent))
    try:
        yield folder
    finally:
        tried(["umount", folder / "root"], timeout_seconds=_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _make_cgroups() -> None:
    if (_CGROUPS / "cgroup.controllers").exists():
        _hand_down(set((_CGROUPS / "cgroup.controllers").read_text().split()))
        roots = [_CGROUPS]
    else:
        roots = [_CGROUPS / name for name in _CONTROLLERS]
    for root in roots:
        if not root.is_dir():
            raise Trouble(f"there is no {root}")
        (root / _PROBE).mkdir(exist_ok=True)
        (root / _PROBE).rmdir()


def _hand_down(offered: set[str]) -> None:
    """See that groups below the root may have the controllers; what is handed down for that is taken back."""
    if missing := [name for name in _CONTROLLERS if name not in offered]:
        raise Trouble(f"there is no controller for {', '.join(missing)}")
    switch = _CGROUPS / "cgroup.subtree_control"
    new = [name for name in _CONTROLLERS if name not in switch.read_text().split()]
    if new:
        switch.write_text(" ".join(f"+{name}" for name in new))
        with suppress(OSError):
            switch.write_text(" ".join(f"-{name}" for name in new))


def _open_messages() -> None:
    Path("/dev/kmsg").open("rb").close()


def _may_switch() -> None:
    for switch in ("net/ipv4/ip_forward", "vm/overcommit_memory", "kernel/panic"):
        path = Path("/proc/sys", switch)
        if not os.access(path, os.W_OK):
            raise Trouble(f"{path} cannot be written")


def _need_room(places: Places) -> None:
    """See that there is room to build, unless it was built before; and to run, or pods are put out again."""
    places.root.mkdir(parents=True, exist_ok=True)
    disk = shutil.disk_usage(places.root)
    is_built = (places.images / "takeout.json").exists()
    needed = max(_NEEDED_TO_RUN_BYTES if is_built else _NEEDED_BYTES, disk.total // _KEPT_FREE)
    if disk.free < needed:
        raise Trouble(f"{places.root} has {disk.free / _GIB:.1f} GiB left, and {needed / _GIB:.1f} are needed")
