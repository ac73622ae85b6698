"""The node: the kubelet, kube-proxy, and what they leave on the machine."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from cluster.machine.api import kubectl
from cluster.machine.mounts import mounts_below
from cluster.machine.places import (
    CLUSTER_RANGE,
    DNS_SERVICE,
    NODE,
    NODE_ADDRESS,
    Places,
)
from cluster.machine.processes import running, start, wait_for
from cluster.machine.run import tried
from cluster.machine.trouble import Trouble

NAMES = ("kube-proxy", "kubelet")
"""In the order in which they are stopped."""

_CGROUPS = Path("/sys/fs/cgroup")
_POD_CGROUP = "kubepods"
_LOG_LINKS = Path("/var/log/containers")
_DEVICES = Path("/var/lib/kubelet")


def start_node(places: Places) -> None:
    """Start the node's programs and wait until the cluster finds the node ready."""
    where = places.certificates
    configuration = places.run / "kubelet.json"
    configuration.write_text(json.dumps(_configure_kubelet(places), indent=1))
    start(
        places,
        "kubelet",
        [
            places.bin / "kubelet",
            f"--config={configuration}",
            f"--kubeconfig={where / 'kubelet.kubeconfig'}",
            f"--root-dir={places.run / 'kubelet'}",
            f"--hostname-override={NODE}",
            f"--node-ip={NODE_ADDRESS}",
        ],
    )
    proxy = places.run / "kube-proxy.json"
    if not running(places, "kube-proxy"):  # It ends when this file changes.
        proxy.write_text(json.dumps(_configure_proxy(places), indent=1))
    start(places, "kube-proxy", [places.bin / "kube-proxy", f"--config={proxy}"])
    wait_for(places, "kubelet", lambda: _is_ready(places))
    if not running(places, "kube-proxy"):
        raise Trouble(f"kube-proxy ended as soon as it was started; see {places.logs / 'kube-proxy.log'}")


def remove_node(places: Places) -> None:
    """Unmount what pods had mounted, and remove cgroups and links; the kubelet and the containers are stopped."""
    for mount in mounts_below(places.root):
        tried(["umount", "--lazy", mount])
    for directory in _cgroups():
        for path, _, _ in os.walk(directory, topdown=False):
            Path(path).rmdir()
    for link in _links(places):
        link.unlink()
    if _LOG_LINKS.is_dir() and not any(_LOG_LINKS.iterdir()):
        _LOG_LINKS.rmdir()
    shutil.rmtree(_DEVICES / "device-plugins", ignore_errors=True)
    if _DEVICES.is_dir() and not any(_DEVICES.iterdir()):
        _DEVICES.rmdir()


def node_left(places: Places) -> list[str]:
    """Return what is still there of a node."""
    return [
        *(f"mount {mount}" for mount in mounts_below(places.root)),
        *(f"cgroup {directory}" for directory in _cgroups()),
        *(f"link {link}" for link in _links(places)),
    ]


def _configure_kubelet(places: Places) -> dict[str, object]:
    where = places.certificates
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        # Machines without systemd, and ones that still have the first version of cgroups, do as well.
        "cgroupDriver": "cgroupfs",
        "failCgroupV1": False,
        "failSwapOn": False,
        "address": NODE_ADDRESS,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(where / "authority.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(where / "server.crt"),
        "tlsPrivateKeyFile": str(where / "server.key"),
        "clusterDNS": [DNS_SERVICE],
        "clusterDomain": "cluster.local",
        "containerRuntimeEndpoint": f"unix://{places.socket}",
        "podLogsDir": str(places.run / "pods"),
        "volumePluginDir": str(places.run / "plugins"),
        # The machine's disk is no concern of the tests, and the images cannot be pulled again.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "serializeImagePulls": False,
        "nodeStatusMaxImages": -1,
    }


def _configure_proxy(places: Places) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(places.certificates / "proxy.kubeconfig")},
        "mode": "iptables",
        "clusterCIDR": CLUSTER_RANGE,
        "hostnameOverride": NODE,
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        # The machine's table of connections is left as it is.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _is_ready(places: Places) -> bool:
    condition = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
    try:
        return kubectl(places, "get", "node", NODE, "--output", condition) == "True"
    except Trouble:
        return False


def _cgroups() -> list[Path]:
    """Return the cgroups of pods: one in each hierarchy of the first version, one alone in the second."""
    return [path for path in (_CGROUPS / _POD_CGROUP, *_CGROUPS.glob(f"*/{_POD_CGROUP}")) if path.is_dir()]


def _links(places: Places) -> list[Path]:
    """Return the links that the kubelet makes to logs, wherever those are."""
    if not _LOG_LINKS.is_dir():
        return []
    return [link for link in _LOG_LINKS.iterdir() if str(link.readlink()).startswith(str(places.run))]
