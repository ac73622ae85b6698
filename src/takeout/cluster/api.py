"""What Takeout asks of a Kubernetes cluster: objects as data, logs, events, permissions, exec, port-forward.

Every call has a time limit, is repeated where that is right (429, 503, a connection that broke), and fails with an
error in words: ``NetworkError`` for a cluster that cannot be reached, ``ClusterError`` (with ``status``) for one
that refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from takeout.cluster.connect import connect
from takeout.cluster.connection import PATIENCE_SECONDS
from takeout.cluster.kinds import Kind
from takeout.cluster.store import Objects, Store
from takeout.cluster.streams import Executed, execute, forwarded


@dataclass(frozen=True, slots=True)
class Allowed:
    """Whether somebody may do something.

    Attributes:
        yes: Whether they may.
        reason: The cluster's reason, where it gives one.
    """

    yes: bool
    reason: str = ""


class Cluster(Store):
    """A cluster; a context manager, or ``close`` it. Its methods may be called from several threads."""

    @classmethod
    def connect(
        cls, context: str = "", *, kubeconfig: str | Path | None = None, patience_seconds: float = PATIENCE_SECONDS
    ) -> Self:
        """Return the cluster of a kubeconfig's context, the current one where empty; nothing is asked yet.

        Raises:
            OptionError: When the kubeconfig has no such context.
            InputError: When there is no kubeconfig, or it is broken.
            ToolError: When the Kubernetes client is not installed.
        """
        return cls(connect(context, kubeconfig=kubeconfig, patience_seconds=patience_seconds))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self.connection.close()

    @property
    def context(self) -> str:
        """The kubeconfig's context."""
        return self.connection.context

    @property
    def server(self) -> str:
        """The cluster's address."""
        return self.connection.server

    @property
    def namespace(self) -> str:
        """The context's namespace."""
        return self.connection.namespace

    def version(self) -> str:
        """Return Kubernetes' version, such as ``v1.34.1``."""
        return str(self.connection.json("GET", "/version", "tell its version").get("gitVersion", ""))

    def may(self, verb: str, kind: str, namespace: str = "", *, subresource: str = "", name: str = "") -> Allowed:
        """Return whether the kubeconfig's user may ``verb`` a kind; ``*`` is every verb, and every kind."""
        known = Kind("*/", "*", "*", namespaced=True) if kind == "*" else self._kinds.find(kind)
        if known is None:
            return Allowed(yes=False, reason=f"the cluster has no {kind}")
        attributes = {
            "verb": verb,
            "group": known.group,
            "resource": known.plural,
            "subresource": subresource,
            "name": name,
            "namespace": namespace if known.namespaced else "",
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {key: value for key, value in attributes.items() if value}},
        }
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        status = self.connection.json("POST", path, "ask for permissions", body=review).get("status") or {}
        return Allowed(bool(status.get("allowed")), str(status.get("reason") or ""))

    def events(self, namespace: str, *, about: str = "", kind: str = "") -> Objects:
        """Return a namespace's events, the oldest first.

        Args:
            namespace: The namespace.
            about: Only those about an object of this name.
            kind: Only those about objects of this kind.
        """
        wanted = {"involvedObject.name": about, "involvedObject.kind": kind}
        fields = ",".join(f"{field}={value}" for field, value in wanted.items() if value)
        return sorted(self.list("Event", namespace, fields=fields), key=when)

    def logs(
        self, pod: str, namespace: str, *, container: str = "", lines: int = 200, previous: bool = False
    ) -> str:
        """Return the last lines of a container's log; ``previous`` is the run before its last restart."""
        query = {"tailLines": str(lines), "container": container, "previous": "true" if previous else ""}
        answer = self.connection.raw(
            "GET",
            self._kinds.of("Pod").path(namespace, pod) + "/log",
            f"read the log of the pod {pod}",
            query={key: value for key, value in query.items() if value},
            accept="*/*",
        )
        return answer.decode(errors="replace")

    def execute(
        self,
        pod: str,
        namespace: str,
        command: Sequence[str],
        *,
        container: str = "",
        timeout_seconds: float = 60.0,
    ) -> Executed:
        """Run a command in a pod and return what it printed and its exit code.

        Raises:
            ClusterError: When it cannot be run, or does not end in time.
        """
        return execute(self.connection, pod, namespace, command, container=container, seconds=timeout_seconds)

    @contextmanager
    def forward(self, pod: str, namespace: str, port: int) -> Iterator[str]:
        """Yield a local ``host:port`` whose connections end at the pod's port, until the block ends."""
        with forwarded(self.connection, pod, namespace, port) as address:
            yield address

    def service_pod(self, service: str, namespace: str) -> str:
        """Return a ready pod behind a service; empty where there is none."""
        selector = (self.get("Service", service, namespace).get("spec") or {}).get("selector") or {}
        labels = ",".join(f"{key}={value}" for key, value in selector.items())
        ready = [pod for pod in self.list("Pod", namespace, labels=labels) if is_ready(pod)] if labels else []
        return str(ready[0]["metadata"]["name"]) if ready else ""

    def proxied(self, service: str, namespace: str, port: int | str, path: str) -> bytes:
        """Return what a service answers to a GET, by way of the apiserver."""
        address = (
            f"/api/v1/namespaces/{quote(namespace)}/services/{quote(service)}:{port}/proxy/{path.lstrip('/')}"
        )
        return self.connection.raw("GET", address, f"ask the service {service}", accept="*/*")


def when(event: Mapping[str, Any]) -> str:
    """Return the time of an event as text that sorts; which field has it depends on who wrote the event."""
    series = event.get("series") or {}
    times = (event.get("lastTimestamp"), series.get("lastObservedTime"), event.get("eventTime"))
    made = (event.get("metadata") or {}).get("creationTimestamp")
    return str(next(filter(None, (*times, made)), ""))


def is_ready(item: Mapping[str, Any]) -> bool:
    """Whether a pod or a node says that it is ready, and is not on its way out."""
    if (item.get("metadata") or {}).get("deletionTimestamp"):
        return False
    conditions = (item.get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)
