"""A Kubernetes API in memory, for what needs no nodes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

RESOURCES = {
    "v1": {
        "ConfigMap": ("configmaps", True),
        "Event": ("events", True),
        "Namespace": ("namespaces", False),
        "Node": ("nodes", False),
        "PersistentVolume": ("persistentvolumes", False),
        "PersistentVolumeClaim": ("persistentvolumeclaims", True),
        "Pod": ("pods", True),
        "Secret": ("secrets", True),
        "Service": ("services", True),
        "ServiceAccount": ("serviceaccounts", True),
    },
    "apps/v1": {
        "Deployment": ("deployments", True),
        "ReplicaSet": ("replicasets", True),
        "StatefulSet": ("statefulsets", True),
    },
    "batch/v1": {"Job": ("jobs", True)},
    "coordination.k8s.io/v1": {"Lease": ("leases", True)},
    "networking.k8s.io/v1": {
        "Ingress": ("ingresses", True),
        "IngressClass": ("ingressclasses", False),
        "NetworkPolicy": ("networkpolicies", True),
    },
    "policy/v1": {"PodDisruptionBudget": ("poddisruptionbudgets", True)},
    "rbac.authorization.k8s.io/v1": {
        "ClusterRole": ("clusterroles", False),
        "ClusterRoleBinding": ("clusterrolebindings", False),
        "Role": ("roles", True),
        "RoleBinding": ("rolebindings", True),
    },
    "scheduling.k8s.io/v1": {"PriorityClass": ("priorityclasses", False)},
    "storage.k8s.io/v1": {"StorageClass": ("storageclasses", False)},
}


class FakeApi:
    """What the server holds and does.

    Attributes:
        objects: Every object by its path.
        troubles: Answers to give before anything else: status, headers, body; None cuts the connection.
        asked: Every request as ``METHOD path``.
        denied: Verbs that the user may not use; ``*`` is asked for first.
    """

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.troubles: list[tuple[int, dict[str, str], bytes] | None] = []
        self.asked: list[str] = []
        self.denied: set[str] = set()
        self.version = "v1.34.1"
        self.page = 500
        self._count = 0
        self._lock = threading.Lock()

    def put(self, item: dict[str, Any], namespace: str = "") -> dict[str, Any]:
        """Keep an object, as if it had always been there."""
        version, kind = str(item["apiVersion"]), str(item["kind"])
        plural, namespaced = RESOURCES[version][kind]
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        inside = f"/namespaces/{namespace}" if namespaced else ""
        return self.keep(
            f"{root}{inside}/{plural}/{item['metadata']['name']}", item, namespace if namespaced else ""
        )

    def keep(self, path: str, item: dict[str, Any], namespace: str) -> dict[str, Any]:
        """Keep an object at a path, with a new version."""
        self._count += 1
        before = self.objects.get(path, {}).get("metadata", {})
        metadata = {"uid": f"uid-{self._count}", **item["metadata"], "resourceVersion": str(self._count)}
        if before:
            metadata["uid"] = before["uid"]
        if namespace:
            metadata["namespace"] = namespace
        self.objects[path] = {**item, "metadata": metadata}
        return self.objects[path]

    def answer(self, method: str, address: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer a request."""
        with self._lock:
            parts = urlsplit(address)
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            return self._answer(method, parts.path, query, body)

    def _answer(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        if path == "/version":
            return 200, {"gitVersion": self.version}
        if path.endswith("/selfsubjectaccessreviews"):
            allowed = body["spec"]["resourceAttributes"]["verb"] not in self.denied
            return 201, {"status": {"allowed": allowed}}
        version = path.removeprefix("/apis/").removeprefix("/api/")
        if version in RESOURCES:
            return 200, {
                "resources": [
                    {"kind": kind, "name": plural, "namespaced": namespaced}
                    for kind, (plural, namespaced) in RESOURCES[version].items()
                ]
            }
        plurals = {plural for kinds in RESOURCES.values() for plural, _ in kinds.values()}
        *_, before, last = path.split("/")
        namespace = path.split("/namespaces/")[1].partition("/")[0] if "/namespaces/" in path else ""
        if last in plurals and (before not in plurals or method in ("GET", "POST")):
            return self._collection(method, path, query, body, namespace)
        return self._single(method, path, query, body, namespace)

    def _collection(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any], namespace: str
    ) -> tuple[int, dict[str, Any]]:
        if method == "POST":
            there = f"{path}/{body['metadata']['name']}"
            if there in self.objects:
                return 409, status(409, "AlreadyExists", "it is there already")
            return 201, body if "dryRun" in query else self.keep(there, body, namespace)
        if method != "GET":
            return 404, status(404, "NotFound", "no such thing")
        *head, plural = path.split("/")
        within = "/".join(head)
        items = [
            item
            for at, item in self.objects.items()
            if at.rsplit("/", 2)[1] == plural and at.startswith(within) and _fits(item, query)
        ]
        begin = int(query.get("continue", "0"))
        metadata = {"continue": str(begin + self.page)} if begin + self.page < len(items) else {}
        return 200, {"metadata": metadata, "items": items[begin : begin + self.page]}

    def _single(
        self, method: str, path: str, query: dict[str, str], body: dict[str, Any], namespace: str
    ) -> tuple[int, dict[str, Any]]:
        found = self.objects.get(path)
        if method == "PATCH":
            return 200, {**(found or {}), **body} if "dryRun" in query else self.keep(path, body, namespace)
        if found is None:
            return 404, status(404, "NotFound", f"{path} not found")
        if method == "PUT":
            given = body["metadata"].get("resourceVersion")
            if given and given != found["metadata"]["resourceVersion"]:
                return 409, status(409, "Conflict", "the object has been modified")
            return 200, self.keep(path, body, namespace)
        if method == "DELETE":
            wanted = (body or {}).get("preconditions") or {}
            if any(found["metadata"].get(key) != value for key, value in wanted.items()):
                return 409, status(409, "Conflict", "another object")
            del self.objects[path]
        return 200, found


def status(code: int, reason: str, message: str) -> dict[str, Any]:
    """Return a refusal as Kubernetes words it."""
    return {"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}


def _fits(item: dict[str, Any], query: dict[str, str]) -> bool:
    labels = item["metadata"].get("labels") or {}
    pairs = [pair.split("=") for pair in query.get("labelSelector", "").split(",") if pair]
    return all(labels.get(key) == value for key, value in pairs)


@contextmanager
def served(api: FakeApi) -> Iterator[str]:
    """Yield the address at which ``api`` answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            api.asked.append(f"{self.command} {self.path}")
            if api.troubles:
                trouble = api.troubles.pop(0)
                if trouble is None:
                    self.close_connection = True
                    return
                self._send(*trouble)
                return
            code, answer = api.answer(self.command, self.path, body)
            self._send(code, {}, json.dumps(answer).encode())

        def _send(self, code: int, headers: dict[str, str], content: bytes) -> None:
            self.send_response(code)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815 - the names that http.server wants

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    thread.join()
    listening.server_close()
