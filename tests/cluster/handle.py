"""What a test asks a cluster for."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

_SECONDS = 240
_PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Handle:
    """A cluster, and a namespace in it.

    Attributes:
        kubectl: The program.
        kubeconfig: How to reach the cluster.
        ours: Whether it is the one that ``tests/cluster/up`` started.
        namespace: Where requests go.
    """

    kubectl: str
    kubeconfig: str
    ours: bool
    namespace: str = "default"

    def within(self, namespace: str) -> Handle:
        """Return the same cluster, in another namespace."""
        return replace(self, namespace=namespace)

    def command(self, *words: str) -> list[str]:
        """Return the whole command for kubectl."""
        return [self.kubectl, "--kubeconfig", self.kubeconfig, "--namespace", self.namespace, *words]

    def ask(self, *words: str, given: str | None = None) -> str:
        """Return what kubectl says; a failure is a failure of the test, with kubectl's words."""
        done = subprocess.run(
            self.command(*words), check=False, input=given, capture_output=True, text=True, timeout=_SECONDS
        )
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr.strip()}"
        return done.stdout

    def fails(self, *words: str) -> bool:
        """Whether kubectl ends with an error."""
        done = subprocess.run(self.command(*words), check=False, capture_output=True, timeout=_SECONDS)
        return done.returncode != 0

    def create(self, *documents: Mapping[str, Any]) -> None:
        """Create objects."""
        bundle = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
        self.ask("create", "-f", "-", given=json.dumps(bundle))

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """Return an object."""
        found: dict[str, Any] = json.loads(self.ask("get", kind, name, "--output", "json"))
        return found

    def wait(self, what: str, state: str) -> None:
        """Wait until ``what``, such as ``pod/a``, has a condition, or ``jsonpath={.status.phase}=Running``."""
        self.ask("wait", what, f"--for={state}", f"--timeout={_SECONDS - 20}s")

    def run(self, pod: str, *command: str) -> str:
        """Return what a command in a pod says."""
        return self.ask("exec", pod, "--", *command).strip()


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds that a cluster brings about in its own time."""
    end = time.monotonic() + _SECONDS
    while not holds():
        assert time.monotonic() < end, f"after {_SECONDS} s it is still not so that {what}"
        time.sleep(_PAUSE_SECONDS)


def describe_pod(name: str, image: str, *command: str, **spec: Any) -> dict[str, Any]:
    """Return a pod with one container.

    Args:
        name: The pod's name, and its label ``app``.
        image: The container's image.
        command: What it runs; nothing for what the image says.
        **spec: More of the pod's specification; ``container`` for more of the container's.
    """
    container = {"name": "main", "image": image, "imagePullPolicy": "IfNotPresent", **spec.pop("container", {})}
    if command:
        container["command"] = list(command)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"terminationGracePeriodSeconds": 0, "restartPolicy": "Never", "containers": [container], **spec},
    }


def describe_service(pod: str, kind: str = "ClusterIP") -> dict[str, Any]:
    """Return a service of a pod's name that leads from port 80 to the pod's port 8000."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": pod},
        "spec": {"type": kind, "selector": {"app": pod}, "ports": [{"port": 80, "targetPort": 8000}]},
    }


def describe_claim(name: str) -> dict[str, Any]:
    """Return a claim of the default class."""
    resources = {"requests": {"storage": "1Gi"}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": resources},
    }
