"""Start and stop the whole cluster, in words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence

from cluster.machine import addons, control, node
from cluster.machine.build import build_programs, kubernetes_version
from cluster.machine.certificates import make_certificates
from cluster.machine.images import provide
from cluster.machine.lock import alone
from cluster.machine.network import make_network, network_left, refuse_another, remove_network
from cluster.machine.places import CHECKOUT, Places, find_places
from cluster.machine.processes import running, stop
from cluster.machine.rights import lacking
from cluster.machine.runtime import has_network_plugins, start_runtime, stop_runtime
from cluster.machine.surroundings import in_the_way, pass_proxies_by
from cluster.machine.trouble import Fault, Trouble, is_of_the_machine

_NEEDS = {
    "conntrack": "conntrack",
    "containerd": "containerd",
    "ctr": "containerd",
    "debootstrap": "debootstrap",
    "etcd": "etcd-server",
    "ip": "iproute2",
    "ipset": "ipset",
    "iptables": "iptables",
    "npm": "npm",
    "openssl": "openssl",
    "runc": "runc",
}
"""Programs, and the Debian packages that have them."""
_ADMINISTRATORS = "/usr/local/sbin:/usr/sbin:/sbin"


def up(*, control_plane_only: bool, images: Sequence[str]) -> int:
    """Start what does not run yet, and print the kubeconfig's path on standard output.

    Returns:
        0 where a cluster runs, 3 where this machine cannot run one, and 1 where none could, by a fault of ours.
    """
    began = time.monotonic()
    places = find_places()
    # Not every root has its own programs on the path.
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:{_ADMINISTRATORS}"
    pass_proxies_by()
    try:
        _check(places)
        with alone(places, "up"):
            _ask_for_rights(places)
            _start_or_clean_up(places, control_plane_only=control_plane_only, images=images)
    except (Trouble, OSError) as trouble:
        if isinstance(trouble, OSError) and not is_of_the_machine(trouble):
            raise
        _say(f"there is no cluster: {trouble}")
        return 1 if isinstance(trouble, Fault) else 3
    _say(f"the cluster is up after {time.monotonic() - began:.0f} s")
    print(places.kubeconfig)  # noqa: T201
    return 0


def down(*, purge: bool) -> int:
    """Stop everything and remove what it left.

    Returns:
        0 when nothing is left, and 1 otherwise; what is left is named.
    """
    places = find_places()
    for name in (*addons.NAMES, *node.NAMES):
        stop(places, name)
    stop_runtime(places)
    for name in control.NAMES:
        stop(places, name)
    node.remove_node(places)
    remove_network(places)
    left = [*_processes_left(places), *node.node_left(places), *network_left()]
    if left:
        _say("\n  ".join(["the cluster is down, but this is left:", *left]))
        return 1
    shutil.rmtree(places.root if purge else places.run, ignore_errors=True)
    places.kubeconfig.unlink(missing_ok=True)
    _say("the cluster is down, and nothing of it is left" + ("" if purge else f" but its caches in {places.root}"))
    return 0


def test(words: Sequence[str]) -> int:
    """Run pytest on the tests that need a cluster, and stop the cluster where it was started for them.

    Returns:
        What pytest returns; that of ``up`` or ``down`` where that fails.
    """
    command = [sys.executable, "-m", "pytest", "-m", "cluster", *words]
    pass_proxies_by()
    if os.environ.get("KUBECONFIG") and os.environ.get("TAKEOUT_TEST_CLUSTER") == "1":
        return subprocess.run(command, check=False, cwd=CHECKOUT).returncode
    places = find_places()
    was_up = running(places, "kube-apiserver")
    if code := up(control_plane_only=False, images=()):
        return code
    try:
        env = {**os.environ, "KUBECONFIG": str(places.kubeconfig), "TAKEOUT_TEST_CLUSTER": "1"}
        code = subprocess.run(command, check=False, cwd=CHECKOUT, env=env).returncode
    finally:
        stopped = 0 if was_up else down(purge=False)
    return code or stopped


def _start_or_clean_up(places: Places, *, control_plane_only: bool, images: Sequence[str]) -> None:
    """Start a cluster whole or not at all; one that ran before stays as it is."""
    was_there = places.run.exists()
    try:
        _start(places, control_plane_only=control_plane_only, images=images)
    except (Trouble, OSError):
        if not was_there:
            down(purge=False)
        raise


def _start(places: Places, *, control_plane_only: bool, images: Sequence[str]) -> None:
    build_programs(places, _say)
    make_network(places)
    make_certificates(places)
    _say(f"starting Kubernetes {kubernetes_version()}; logs are in {places.logs}")
    control.start_control_plane(places)
    if not control_plane_only:
        _start_node(places, images)


def _start_node(places: Places, images: Sequence[str]) -> None:
    start_runtime(places)
    provide(places, images, _say)
    node.start_node(places)
    addons.start_addons(places)
    addons.start_names(places)


def _check(places: Places) -> None:
    """Say at once all that keeps a cluster from running here.

    Raises:
        Trouble: When something does.
    """
    faults = []
    if sys.platform != "linux":
        faults.append("this is not Linux")
    elif os.geteuid():
        faults.append("only root can start one")
    missing = {package for program, package in _NEEDS.items() if shutil.which(program) is None}
    if not has_network_plugins():
        missing.add("containernetworking-plugins")
    if missing:
        faults.append(f"programs are missing; as root: apt-get install {' '.join(sorted(missing))}")
    if faults:
        raise Trouble("; ".join(faults))
    refuse_another(places)


def _ask_for_rights(places: Places) -> None:
    """See what this machine allows before anything is built, which takes long.

    Raises:
        Trouble: When it does not allow what a cluster needs.
    """
    if running(places, "kube-apiserver"):
        return
    if faults := [*lacking(places), *in_the_way(places)]:
        raise Trouble("\n  ".join(["this machine does not allow it", *faults]))


def _processes_left(places: Places) -> list[str]:
    names = (*addons.NAMES, *node.NAMES, *control.NAMES, "containerd")
    return [f"process {name} ({pid})" for name in names if (pid := running(places, name))]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)  # noqa: T201
