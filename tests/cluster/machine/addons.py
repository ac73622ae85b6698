"""What a cluster has beside its own programs: names for services, volumes for claims, addresses for balancers."""

from __future__ import annotations

from typing import Any

from cluster.machine.api import apply, kubectl
from cluster.machine.images import DNS
from cluster.machine.places import BALANCER_RANGE, BRIDGE, DNS_SERVICE, Places
from cluster.machine.processes import start

NAMES = ("policy", "cloud")
_NAMES_SECONDS = 300

_CORE_FILE = """\
.:53 {
  errors
  health
  ready
  kubernetes cluster.local in-addr.arpa ip6.arpa {
    fallthrough in-addr.arpa ip6.arpa
  }
  template ANY ANY {
    rcode NXDOMAIN
  }
}
"""
"""Names outside of the cluster do not exist: a test that needs one would depend on the weather."""

_LABELS = {"k8s-app": "kube-dns"}


def start_addons(places: Places) -> None:
    """Start what serves volumes, addresses and network policies."""
    apply(places, [*_storage_classes(), *_ingress_classes()])
    start(
        places,
        "cloud",
        [
            places.bin / "cloud",
            f"--kubeconfig={places.kubeconfig}",
            f"--volumes={places.run / 'volumes'}",
            f"--addresses={BALANCER_RANGE}",
        ],
    )
    policy = [places.bin / "policy", f"--kubeconfig={places.kubeconfig}", f"--bridge={BRIDGE}"]
    start(places, "policy", policy)


def start_names(places: Places) -> None:
    """Start CoreDNS, and wait until it answers."""
    apply(places, _names())
    wait = ("--namespace", "kube-system", "rollout", "status", "deployment/coredns")
    kubectl(places, *wait, f"--timeout={_NAMES_SECONDS}s", timeout_seconds=_NAMES_SECONDS + 30)


def _storage_classes() -> list[dict[str, Any]]:
    """Return the default class, and one that binds before a pod asks: clouds have both."""
    return [
        _class("standard", default="true", mode="WaitForFirstConsumer"),
        _class("immediate", default="false", mode="Immediate"),
    ]


def _class(name: str, *, default: str, mode: str) -> dict[str, Any]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": {"storageclass.kubernetes.io/is-default-class": default}},
        "provisioner": "takeout.test/directories",
        "volumeBindingMode": mode,
        "allowVolumeExpansion": False,
    }


def _ingress_classes() -> list[dict[str, Any]]:
    """Return a class that no controller serves: an ingress is accepted, and leads nowhere."""
    return [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": {"name": "nginx"},
            "spec": {"controller": "takeout.test/none"},
        }
    ]


def _names() -> list[dict[str, Any]]:
    metadata = {"name": "coredns", "namespace": "kube-system"}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "takeout-test:coredns"}
    account = {"kind": "ServiceAccount", **metadata}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": role["name"]},
            "rules": [
                {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": ["list", "watch"]},
                {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": role["name"]},
            "roleRef": role,
            "subjects": [account],
        },
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"Corefile": _CORE_FILE}},
        _deployment(metadata),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "kube-dns", "namespace": "kube-system", "labels": _LABELS},
            "spec": {
                "clusterIP": DNS_SERVICE,
                "selector": _LABELS,
                "ports": [
                    {"name": "dns", "port": 53, "protocol": "UDP"},
                    {"name": "dns-tcp", "port": 53, "protocol": "TCP"},
                ],
            },
        },
    ]


def _deployment(metadata: dict[str, str]) -> dict[str, Any]:
    container = {
        "name": "coredns",
        "image": DNS,
        "args": ["-conf", "/etc/coredns/Corefile"],
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns"}],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
    }
    pod = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        "containers": [container],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "selector": {"matchLabels": _LABELS},
            "template": {"metadata": {"labels": _LABELS}, "spec": pod},
        },
    }
