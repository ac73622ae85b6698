"""A hub on a real cluster, to be broken in a known way, looked at, and mended by following the advice."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from takeout.cluster.api import Cluster
from takeout.cluster.doctor.condition import Finding
from takeout.cluster.doctor.conditions import all_conditions
from takeout.cluster.doctor.diagnose import diagnose
from takeout.cluster.doctor.observe import observe

IMAGE = "docker.io/library/python:3.13-slim"
_LONGEST_SECONDS = 240
"""What a small and busy machine may take for a pod; a test ends as soon as it sees what it waits for."""

_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Lab:
    """A namespace with a hub in it.

    Attributes:
        cluster: The cluster.
        namespace: The namespace.
        kubectl: The program.
        folder: Where commands run.
    """

    cluster: Cluster
    namespace: str
    kubectl: str
    folder: Path

    def apply(self, *items: Mapping[str, Any] | str) -> None:
        """Make or change objects."""
        for item in items:
            documents = yaml.safe_load_all(item) if isinstance(item, str) else [item]
            for document in documents:
                self.cluster.apply(document, self.namespace, force=True)

    def run(self, command: str, **filled: str) -> str:
        """Run a command as the advice gives it, with what a person fills in."""
        for name, value in filled.items():
            command = command.replace(f"<{name}>", value)
        assert "<" not in command.replace("<<", ""), command
        environment = {**os.environ, "PATH": f"{Path(self.kubectl).parent}:{os.environ['PATH']}"}
        done = subprocess.run(  # noqa: S602 - a person pastes it into a shell
            command,
            shell=True,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_LONGEST_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def findings(self) -> dict[tuple[str, str], Finding]:
        """Return what the doctor finds, causes and consequences alike, by condition and subject."""
        snapshot = observe(self.cluster, self.namespace, "hub")
        walked = [each for cause in diagnose(snapshot, all_conditions()) for each in cause.walk()]
        return {(each.condition.id, each.finding.subject): each.finding for each in walked}

    def wait_for(self, wanted: Mapping[tuple[str, str], str]) -> list[Finding]:
        """Look until everything that is wanted is found, and says what it has to, and return it in that order."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while True:
            found = self.findings()
            if all(key in found and words in said(found[key]) for key, words in wanted.items()):
                return [found[key] for key in wanted]
            assert time.monotonic() < deadline, f"wanted: {wanted}\nfound: {_shown(found)}"
            time.sleep(_PAUSE_SECONDS)

    def wait_for_condition(self, id_: str, words: str) -> Finding:
        """Look until a condition is found that says ``words``, whatever it is about."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while True:
            found = self.findings()
            for (condition, _), finding in found.items():
                if condition == id_ and words in said(finding):
                    return finding
            assert time.monotonic() < deadline, f"wanted: {id_} {words}\nfound: {_shown(found)}"
            time.sleep(_PAUSE_SECONDS)

    def wait_without(self, gone: Iterable[tuple[str, str]]) -> None:
        """Look until none of these is found any more."""
        deadline = time.monotonic() + _LONGEST_SECONDS
        while True:
            found = self.findings()
            left = set(gone) & found.keys()
            if not left:
                return
            assert time.monotonic() < deadline, f"still found: {_shown({key: found[key] for key in left})}"
            time.sleep(_PAUSE_SECONDS)

    def replace(self, kind: str, item: Mapping[str, Any]) -> None:
        """Take a pod or a claim away and make it anew, as the hub does when a person starts the server again."""
        name = str(item["metadata"]["name"])
        self.cluster.delete(kind, name, self.namespace)
        deadline = time.monotonic() + _LONGEST_SECONDS
        while self.cluster.find(kind, name, self.namespace) is not None:
            assert time.monotonic() < deadline, f"{kind}/{name} does not go"
            time.sleep(_PAUSE_SECONDS)
        self.apply(item)


def server(user: str, container: Mapping[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """Return a user's server as KubeSpawner makes it, but for what runs in it."""
    notebook = {
        "name": "notebook",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "3600"],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"jupyter-{user}",
            "labels": {"app": "jupyterhub", "component": "singleuser-server", "release": "hub"},
            "annotations": {"hub.jupyter.org/username": user},
        },
        "spec": {
            "terminationGracePeriodSeconds": 0,
            "restartPolicy": "OnFailure",
            "enableServiceLinks": False,
            "automountServiceAccountToken": False,
            "containers": [{**notebook, **(container or {})}],
            **spec,
        },
    }


def claim(name: str, storage_class: str | None = None, **spec: Any) -> dict[str, Any]:
    """Return a claim of one mebibyte."""
    named = {} if storage_class is None else {"storageClassName": storage_class}
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {**asked, **named, **spec},
    }


_ANSWERS = """
import http.server, os, urllib.request
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            if os.environ.get("BEHIND"):
                urllib.request.urlopen(os.environ["BEHIND"] + self.path, timeout=3)
            self.send_response(200)
            self.send_header("X-JupyterHub-Version", "5.4.4")
        except OSError as error:
            print("503 GET", self.path, error, flush=True)
            self.send_response(503)
        self.end_headers()
    def log_message(self, *a): pass
http.server.ThreadingHTTPServer(("", int(os.environ["PORT"])), H).serve_forever()
"""


def part(name: str, port: int, behind: str = "", **spec: Any) -> dict[str, Any]:
    """Return a deployment that stands in for the hub or the proxy: it answers as they do."""
    labels = {"app": "jupyterhub", "component": name, "release": "hub"}
    env = [{"name": "PORT", "value": str(port)}, {"name": "BEHIND", "value": behind}]
    container = {
        "name": "hub" if name == "hub" else "chp",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", _ANSWERS],
        "env": env,
        "ports": [{"name": "http", "containerPort": port}],
        "readinessProbe": {"tcpSocket": {"port": port}, "periodSeconds": 1},
    }
    template = {
        "metadata": {"labels": labels},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [container], **spec},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": {"app": "jupyterhub", "component": name}},
            "template": template,
        },
    }


def stand_in(**spec: Any) -> list[dict[str, Any]]:
    """Return a hub, its proxy and their service; ``spec`` changes the hub's pod."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "hub"},
        "spec": {"selector": {"app": "jupyterhub", "component": "hub"}, "ports": [{"port": 8081}]},
    }
    return [service, part("hub", 8081, **spec), part("proxy", 8000, "http://hub:8081")]


def said(finding: Finding) -> str:
    """Return what a finding tells, and on what evidence."""
    return "\n".join([finding.message, *(f"{item.where}: {item.text}" for item in finding.evidence)])


def _shown(found: Mapping[tuple[str, str], Finding]) -> str:
    lines = [f"{id_} {subject}: {said(finding)}" for (id_, subject), finding in found.items()]
    return "\n".join(lines) or "nothing"
