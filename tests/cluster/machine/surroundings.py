"""What else is on this machine, and around it, that a cluster would run into: seen before anything is built."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from cluster.machine.build import MODULES, is_anything_stale
from cluster.machine.places import (
    API_PORT,
    BALANCER_RANGE,
    BRIDGE,
    CLUSTER_RANGE,
    ETCD_PEER_PORT,
    ETCD_PORT,
    SERVICE_RANGE,
    Places,
)
from cluster.machine.processes import running
from cluster.machine.run import run, tried
from cluster.machine.trees import MIRROR, SUITE
from cluster.machine.trouble import Trouble

PORTS = {
    API_PORT: "kube-apiserver",
    ETCD_PORT: "etcd",
    ETCD_PEER_PORT: "etcd",
    10248: "kubelet",
    10249: "kube-proxy",
    10250: "kubelet",
    10256: "kube-proxy",
    10257: "kube-controller-manager",
    10259: "kube-scheduler",
}
"""Where the cluster's programs listen, on one address or on all."""

_RANGES = (CLUSTER_RANGE, SERVICE_RANGE, BALANCER_RANGE)
_DIRECT = (*_RANGES, "127.0.0.0/8", "127.0.0.1", "localhost", ".svc", ".cluster.local")
_BRIDGES = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
_MEMORY = Path("/proc/meminfo")
_NEEDED_KIB = 2 << 20
_ANSWER_SECONDS = 10.0
_MODULE_SECONDS = 60.0
_SMALL_MODULE = "golang.org/x/time"


def in_the_way(places: Places) -> list[str]:
    """Return what is in the way, each in a sentence; within a second, or some where no network answers."""
    return [fault for probe in _PROBES for fault in probe(places)]


def pass_proxies_by() -> None:
    """Have programs started from here speak with the cluster directly, whatever proxy leads to the internet."""
    for name in ("NO_PROXY", "no_proxy"):
        before = [part for part in os.environ.get(name, "").split(",") if part]
        os.environ[name] = ",".join([*before, *(part for part in _DIRECT if part not in before)])


def _ports(places: Places) -> Iterator[str]:
    for port, program in PORTS.items():
        if running(places, program) is None and is_taken(port):
            yield f"another program listens on port {port}, where {program} is to"


def is_taken(port: int) -> bool:
    """Whether somebody listens on a port, on whichever address; what a connection left behind does not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return True
    return False


def _ranges(_: Places) -> Iterator[str]:
    for route in json.loads(run(["ip", "-4", "-json", "route"], timeout_seconds=_ANSWER_SECONDS) or "[]"):
        if route.get("dst") in (None, "default") or route.get("dev") == BRIDGE:
            continue
        there = ipaddress.IPv4Network(route["dst"], strict=False)
        for ours in _RANGES:
            if there.subnet_of(ipaddress.IPv4Network(ours)):  # a wider one may be there: ours are nearer
                yield f"a network of this machine, {there} ({route.get('dev', '?')}), is in the cluster's {ours}"


def _bridges(_: Places) -> Iterator[str]:
    if not _BRIDGES.exists():
        tried(["modprobe", "br_netfilter"], timeout_seconds=_ANSWER_SECONDS)
    if not _BRIDGES.exists():
        yield "packets on a bridge do not come to iptables: the kernel has no br_netfilter"


def _memory(_: Places) -> Iterator[str]:
    found = re.search(r"MemAvailable:\s+(\d+) kB", _MEMORY.read_text())
    if found and int(found[1]) < _NEEDED_KIB:
        yield f"{int(found[1]) >> 10} MiB of memory are free, and {_NEEDED_KIB >> 10} are needed"


def _debian(places: Places) -> Iterator[str]:
    """See that Debian can be had for the images, unless it was before."""
    address = f"{MIRROR}/dists/{SUITE}/Release"
    if (places.images / "debian.json").exists():
        return
    try:
        urllib.request.urlopen(address, timeout=_ANSWER_SECONDS).close()  # noqa: S310 - ours
    except (urllib.error.URLError, OSError) as error:
        yield f"Debian cannot be had for the images: {address}: {getattr(error, 'reason', error)}"


def _modules(places: Places) -> Iterator[str]:
    """See that Go modules can be had, unless everything is built: Go itself tries for minutes."""
    if not is_anything_stale(places):
        return
    try:
        run(["go", "mod", "download", _SMALL_MODULE], cwd=MODULES, timeout_seconds=_MODULE_SECONDS)
    except Trouble as trouble:
        yield f"Go modules cannot be had: {' '.join(str(trouble).split())}"


_PROBES: tuple[Callable[[Places], Iterator[str]], ...] = (_ports, _ranges, _bridges, _memory, _debian, _modules)
