"""A Kubernetes API in memory that only reads: it knows who may read what, and what was asked for."""

from __future__ import annotations

import base64
import gzip
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from cluster.doctor.lab import IMAGE, Lab
from cluster.handle import Handle
from takeout.cluster.api import Cluster

_KINDS = {
    "v1": "ConfigMap Event Namespace Node PersistentVolume PersistentVolumeClaim Pod Secret Service "
    "ServiceAccount",
    "apps/v1": "DaemonSet Deployment ReplicaSet StatefulSet",
    "batch/v1": "Job",
    "discovery.k8s.io/v1": "EndpointSlice",
    "networking.k8s.io/v1": "Ingress IngressClass NetworkPolicy",
    "storage.k8s.io/v1": "StorageClass",
}
_ODD = {"ingress": "ingresses", "ingressclass": "ingressclasses", "storageclass": "storageclasses"}
_CLUSTER_WIDE = ("Namespace", "Node", "PersistentVolume", "IngressClass", "StorageClass")


def plural(kind: str) -> str:
    name = kind.lower()
    return _ODD.get(name) or (name[:-1] + "ies" if name.endswith("policy") else f"{name}s")


class Api:
    """What there is.

    Attributes:
        items: Every object.
        forbidden: Plurals that may not be read, ``logs`` among them.
        logs: By pod and container, with ``-previous`` behind those of the run before.
        asked: The paths that were asked for, and how the answer was wanted.
        url: Where it listens.
    """

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        self.forbidden: set[str] = set()
        self.logs: dict[str, str] = {}
        self.asked: list[tuple[str, str]] = []
        self.url = ""

    def put(self, text: str, namespace: str = "reef") -> None:
        """Add objects, written in YAML."""
        for item in yaml.safe_load(text):
            if item["kind"] not in _CLUSTER_WIDE:
                item["metadata"].setdefault("namespace", namespace)
            self.items.append(item)

    def release(self, values: dict[str, Any], *, name: str = "reef", namespace: str = "reef") -> None:
        """Add Helm's record of a release."""
        record = {
            "name": name,
            "version": 3,
            "info": {"status": "deployed", "description": "Upgrade complete"},
            "chart": {
                "metadata": {"name": "jupyterhub", "version": "4.3.3"},
                "values": {"cull": {"enabled": True}},
            },
            "config": values,
        }
        packed = base64.b64encode(gzip.compress(json.dumps(record).encode()))
        self.items.append(
            {
                "kind": "Secret",
                "metadata": {
                    "name": f"sh.helm.release.v1.{name}.v3",
                    "namespace": namespace,
                    "labels": {"owner": "helm", "name": name},
                },
                "data": {"release": base64.b64encode(packed).decode()},
            }
        )

    def answer(self, method: str, address: str, accept: str) -> tuple[int, bytes]:
        parts = urlsplit(address)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.asked.append((parts.path, accept))
        if parts.path == "/version":
            return 200, b'{"gitVersion": "v1.35.4"}'
        if method == "POST":
            return 201, b'{"status": {"allowed": false}}'
        version = parts.path.removeprefix("/apis/").removeprefix("/api/")
        if version in _KINDS:
            listed = [
                {"kind": kind, "name": plural(kind), "namespaced": kind not in _CLUSTER_WIDE}
                for kind in _KINDS[version].split()
            ]
            return 200, json.dumps({"resources": listed}).encode()
        return self._object(parts.path, query, accept)

    def _object(self, path: str, query: dict[str, str], accept: str) -> tuple[int, bytes]:
        *_, before, last = path.split("/")
        namespace = path.partition("/namespaces/")[2].partition("/")[0] if "/namespaces/" in path else ""
        if last == "log":
            if "logs" in self.forbidden:
                return _refusal(403)
            key = f"{before}/{query['container']}" + ("-previous" if "previous" in query else "")
            return (200, self.logs[key].encode()) if key in self.logs else _refusal(400)
        if last in self.forbidden:
            return _refusal(403)
        if before == "namespaces":
            return 200, json.dumps({"kind": "Namespace", "metadata": {"name": last}}).encode()
        found = [i for i in self.items if plural(i["kind"]) == last]
        found = [i for i in found if not namespace or i["metadata"].get("namespace") == namespace]
        for wanted in filter(None, query.get("labelSelector", "").split(",")):
            key, _, value = wanted.partition("=")
            found = [i for i in found if (i["metadata"].get("labels") or {}).get(key) == value]
        if "PartialObjectMetadataList" in accept:
            found = [{"kind": "PartialObjectMetadata", "metadata": i["metadata"]} for i in found]
        return 200, json.dumps({"items": found, "metadata": {}}, default=str).encode()


def _refusal(status: int) -> tuple[int, bytes]:
    message = 'pods is forbidden: User "ada" cannot list resource' if status == 403 else "no such log"
    return status, json.dumps({"kind": "Status", "message": message, "reason": "Forbidden"}).encode()


@pytest.fixture
def memory() -> Iterator[Api]:
    """A cluster in memory."""
    made = Api()

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # the doctor asks many things at a time; a full queue makes connections wait
        daemon_threads = True

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = made.answer(self.command, self.path, self.headers.get("Accept") or "")
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _do  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def memory_kubeconfig(memory: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kubeconfig for it, with one context whose name has slashes, as those of EKS."""
    name = "arn:aws:eks:us-east-2:1:cluster/reef"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": "a", "cluster": {"server": memory.url}}],
        "contexts": [{"name": name, "context": {"cluster": "a", "user": "ada", "namespace": "reef"}}],
        "users": [{"name": "ada", "user": {"token": "t"}}],
    }
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(document))
    monkeypatch.setenv("KUBECONFIG", str(path))
    return path


@pytest.fixture
def memory_cluster(memory_kubeconfig: Path) -> Iterator[Cluster]:
    """A connection to it."""
    with Cluster.connect(kubeconfig=memory_kubeconfig) as connected:
        yield connected


HUB = """
- kind: Deployment
  metadata: {name: hub, labels: {component: hub, release: reef}}
  spec: {replicas: 1, template: {metadata: {labels: {component: hub}}, spec: {containers: [{name: hub}]}}}
  status: {readyReplicas: 1}
- kind: Deployment
  metadata: {name: proxy, labels: {component: proxy, release: reef}}
  spec: {replicas: 1, template: {metadata: {labels: {component: proxy}}, spec: {containers: [{name: chp}]}}}
  status: {readyReplicas: 1}
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub, release: reef}}
  spec: {containers: [{name: hub}]}
  status:
    phase: Running
    conditions: [{type: Ready, status: "True"}]
    containerStatuses: [{name: hub, ready: true, state: {running: {startedAt: '2026-08-21T11:50:05Z'}}}]
- kind: Pod
  metadata: {name: proxy-1, labels: {component: proxy, release: reef}}
  spec: {containers: [{name: chp}]}
  status:
    phase: Running
    conditions: [{type: Ready, status: "True"}]
    containerStatuses: [{name: chp, ready: true, state: {running: {}}}]
- {kind: Service, metadata: {name: hub}, spec: {selector: {component: hub}}}
- kind: EndpointSlice
  metadata: {name: hub-a, labels: {kubernetes.io/service-name: hub}}
  endpoints: [{addresses: [10.0.0.4]}]
"""


@pytest.fixture
def memory_hub(memory: Api) -> Api:
    """A hub in it that runs."""
    memory.put(HUB)
    memory.logs["hub-1/hub"] = "Running JupyterHub version 5.4.4\nUser logged in: ada\n"
    memory.release({"hub": {}, "singleuser": {}})
    return memory


@pytest.fixture
def lab(namespace: Handle, images: Callable[[Iterable[str]], None], tmp_path: Path) -> Iterator[Lab]:
    """A namespace of its own on a real cluster, with what it takes to break a hub there and to mend it."""
    images([IMAGE])
    with Cluster.connect(kubeconfig=namespace.kubeconfig) as connected:
        yield Lab(connected, namespace.namespace, namespace.kubectl, tmp_path)
