"""A user whom the cluster can be told to refuse for being too busy, by its own means."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from takeout.cluster.api import Cluster
from takeout.cluster.refusals import TOO_MANY
from takeout.errors import ClusterError

_FLOW = "flowcontrol.apiserver.k8s.io/v1"
_ROLES = "rbac.authorization.k8s.io"
_ATTEMPTS, _PAUSE_SECONDS = 300, 0.2


@dataclass(frozen=True, slots=True)
class Robot:
    """A service account who may do everything.

    Attributes:
        cluster: The cluster, as its administrator sees it.
        name: Its name, and that of everything that is made for it.
        kubeconfig: The file by which it comes.
    """

    cluster: Cluster
    name: str
    kubeconfig: Path

    @contextmanager
    def refused(self) -> Iterator[None]:
        """Have the apiserver refuse each of its requests with 429, until the block ends, for a minute at most.

        There is room for one request at a time, and one that never comes to its end takes that.

        Source: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
        """
        with ExitStack() as stack:
            for item in (_level(self.name), _flow(self.name)):
                self.cluster.create(item)
                stack.callback(self.cluster.delete, f"{_FLOW}/{item['kind']}", self.name)
            with Cluster.connect(kubeconfig=self.kubeconfig, patience_seconds=0) as own:
                for _ in range(_ATTEMPTS):
                    taken = ExitStack()
                    _begin(own, self.name, stack.enter_context(taken))
                    if _is_refused(own):
                        break
                    taken.close()  # it came before the rule did
                    time.sleep(_PAUSE_SECONDS)
                else:
                    raise AssertionError("the cluster does not refuse")
            yield


def _is_refused(own: Cluster) -> bool:
    try:
        own.version()
    except ClusterError as error:
        return error.status == TOO_MANY
    return False


def _begin(own: Cluster, namespace: str, stack: ExitStack) -> None:
    """Begin a request whose body never comes, and which ends with ``stack``."""
    server = urlsplit(own.server)
    trust = ssl.create_default_context(cafile=own.connection.configuration.ssl_ca_cert)
    plain = stack.enter_context(socket.create_connection((str(server.hostname), server.port or 443), timeout=60))
    safe = stack.enter_context(trust.wrap_socket(plain, server_hostname=server.hostname))
    lines = (
        f"POST /api/v1/namespaces/{namespace}/configmaps HTTP/1.1",
        f"Host: {server.netloc}",
        f"Authorization: {own.connection.credentials()['authorization']}",
        "Content-Type: application/json",
        "Content-Length: 9",
    )
    safe.sendall("\r\n".join((*lines, "", "{")).encode())


@contextmanager
def robot(cluster: Cluster, name: str, folder: Path) -> Iterator[Robot]:
    """Make a service account with a namespace of its own, and remove both after."""
    binding = _binding(name)
    cluster.create(_named("v1", "Namespace", name))
    try:
        cluster.create(_named("v1", "ServiceAccount", name), name)
        cluster.create(binding)
        path = f"/api/v1/namespaces/{name}/serviceaccounts/{name}/token"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = cluster.connection.json("POST", path, "get a token", body=body)["status"]["token"]
        yield Robot(cluster, name, _write_kubeconfig(cluster, token, folder / "robot.kubeconfig"))
    finally:
        cluster.delete(f"{_ROLES}/v1/ClusterRoleBinding", name)
        cluster.delete("Namespace", name)


def _write_kubeconfig(cluster: Cluster, token: str, path: Path) -> Path:
    document = yaml.safe_load(Path(cluster.connection.kubeconfig).read_text())
    context = next(item for item in document["contexts"] if item["name"] == cluster.context)
    document["users"] = [{"name": "robot", "user": {"token": token}}]
    context["context"]["user"] = "robot"
    path.write_text(yaml.safe_dump(document))
    path.chmod(0o600)
    return path


def _named(version: str, kind: str, name: str, **content: Any) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, **content}


def _binding(name: str) -> dict[str, Any]:
    role = {"apiGroup": _ROLES, "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": name}
    return _named(f"{_ROLES}/v1", "ClusterRoleBinding", name, roleRef=role, subjects=[subject])


def _level(name: str) -> dict[str, Any]:
    limited = {
        "nominalConcurrencyShares": 0,
        "lendablePercent": 0,
        "borrowingLimitPercent": 0,
        "limitResponse": {"type": "Reject"},
    }
    return _named(_FLOW, "PriorityLevelConfiguration", name, spec={"type": "Limited", "limited": limited})


def _flow(name: str) -> dict[str, Any]:
    who = {"kind": "ServiceAccount", "serviceAccount": {"name": name, "namespace": name}}
    every = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "clusterScope": True, "namespaces": ["*"]}
    rules = {
        "subjects": [who],
        "resourceRules": [every],
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    }
    spec = {"matchingPrecedence": 2, "priorityLevelConfiguration": {"name": name}, "rules": [rules]}
    return _named(_FLOW, "FlowSchema", name, spec=spec)
