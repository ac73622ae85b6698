"""What tests of the checks before a deployment ask for: objects of a cluster, and what was found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from takeout.cluster.preflight.check import Checked

Look = Callable[..., dict[str, Checked]]
"""Run every check, and return what each came to by its id."""


def whats(checked: Checked) -> str:
    return " | ".join(problem.what for problem in checked.problems)


def storage_class(name: str, provisioner: str = "disk.example", *, default: bool = False) -> dict[str, Any]:
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
    metadata = {"name": name, "annotations": annotations}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": metadata,
        "provisioner": provisioner,
    }


def node(name: str, cores: str = "4", memory: str = "16Gi", **more: Any) -> dict[str, Any]:
    taints = more.pop("taints", [])
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/os": "linux", **more}},
        "spec": {"taints": taints},
        "status": {
            "allocatable": {"cpu": cores, "memory": memory},
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }
