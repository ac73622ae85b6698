"""A chart so small that it is ready at once, and how it is deployed."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from takeout.cluster.api import Cluster
from takeout.cluster.releases import Releases

BROKEN = "broken: true\n"
"""Local values with which it never gets ready: its image is where nobody listens, which is known at once."""

Run = Callable[..., tuple[int, dict[str, Any]]]
Begun = Callable[[], subprocess.Popen[bytes]]

TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: hub}
data: {word: {{ .Values.word | quote }}}
---
{{- $kept := (lookup "v1" "Secret" .Release.Namespace "hub").data | default dict }}
apiVersion: v1
kind: Secret
metadata: {name: hub}
data: {token: {{ $kept.token | default (randAlphaNum 16 | b64enc) | quote }}}
{{- if .Values.claim }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: hub-db-dir}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: ""
  volumeName: {{ .Release.Name }}-{{ .Release.Namespace }}
  resources: {requests: {storage: 1Mi}}
{{- end }}
{{- if .Values.broken }}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: hub}
spec:
  selector: {matchLabels: {app: jupyterhub, component: hub}}
  template:
    metadata: {labels: {app: jupyterhub, component: hub}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: hub, image: "127.0.0.1:1/hub:none"}]
{{- end }}
"""


def write_chart(folder: Path) -> None:
    """Write a chart called jupyterhub: a ConfigMap, a Secret that it keeps, and a claim if asked to."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text(
        'apiVersion: v2\nname: jupyterhub\nversion: 4.3.3\nkubeVersion: ">=1.28.0-0"\n'
    )
    (folder / "values.yaml").write_text("hub: {config: {}}\nword: one\nclaim: false\nbroken: false\n")
    (folder / "templates" / "all.yaml").write_text(TEMPLATE)


def arguments(replica: Path, chart: Path, space: str) -> list[str]:
    options = ["--chart", str(chart), "--namespace", space, "--no-smoke", "--offline", "--json"]
    # The small chart asks for nothing that these could find.
    skipped = [
        word for check in ("storage", "homes", "room", "nodes", "images", "dns") for word in ("--skip", check)
    ]
    return ["hub", "deploy", str(replica), *options, *skipped]


def until(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if holds():
            return
        assert process.poll() is None, "the deployment ended by itself"
        time.sleep(0.1)
    pytest.fail("it does not come to that")


@contextmanager
def once(holds: Callable[[], bool], act: Callable[[], object]) -> Iterator[None]:
    """Do something from another thread as soon as something holds, unless the block ends before."""
    ended = threading.Event()

    def wait_and_act() -> None:
        while not ended.wait(0.1):
            if holds():
                act()
                return

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def once_helm_is_at_work(live: Cluster, space: str, act: Callable[[], object]) -> Iterator[None]:
    """Do something from another thread as soon as Helm has begun, unless the block ends before."""
    with Releases(live, space) as releases:

        def is_at_work() -> bool:
            last = releases.last("reef")
            return last is not None and last.status.startswith("pending")

        with once(is_at_work, act):
            yield


@contextmanager
def volume_for_its_claim(live: Cluster, space: str) -> Iterator[None]:
    """Have a volume for the claim that the small chart makes with ``claim: true``."""
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "1Mi"},
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": "/var/empty"},
        "claimRef": {"namespace": space, "name": "hub-db-dir"},
    }
    metadata = {"name": f"reef-{space}"}
    live.create({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec})
    try:
        yield
    finally:
        live.delete("PersistentVolume", f"reef-{space}")


def token(live: Cluster, space: str) -> str:
    return str(live.get("Secret", "hub", space)["data"]["token"])


def word(live: Cluster, space: str) -> str:
    return str(live.get("ConfigMap", "hub", space)["data"]["word"])
