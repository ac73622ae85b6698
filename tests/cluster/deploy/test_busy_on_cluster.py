"""A real apiserver that answers 429 and 503, and one that is started again in the middle."""

import secrets
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cluster.deploy.busy import Robot, robot
from cluster.deploy.small import Run, once, word
from cluster.handle import Handle, until
from cluster.machine.places import HERE, find_places
from cluster.machine.processes import stop
from takeout.cli import main
from takeout.cli.output import Output
from takeout.cluster.api import Cluster
from takeout.cluster.releases import Releases

pytestmark = pytest.mark.cluster

_PYTHON = "docker.io/library/python:3.13-slim"
_METRICS = "v1beta1.metrics.k8s.io"
_SLOW = f"""
apiVersion: apps/v1
kind: Deployment
metadata: {{name: slow}}
spec:
  selector: {{matchLabels: {{app: slow}}}}
  template:
    metadata: {{labels: {{app: slow}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: slow
        image: {_PYTHON}
        imagePullPolicy: IfNotPresent
        command: [sleep, "3600"]
        readinessProbe: {{exec: {{command: ["true"]}}, initialDelaySeconds: 10, periodSeconds: 1}}
"""
"""A deployment that is ready only after the apiserver was away."""


@pytest.fixture
def busy(live: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Robot]:
    """A user whom the cluster can be told to refuse; KUBECONFIG is theirs."""
    with robot(live, f"takeout-robot-{secrets.token_hex(3)}", tmp_path) as found:
        monkeypatch.setenv("KUBECONFIG", str(found.kubeconfig))
        yield found


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[list[str], ExitStack]]:
    """What a command tells, and what ends as soon as it tells that it waits for the cluster."""
    said: list[str] = []
    message = Output.message
    with ExitStack() as refused:

        def hear(self: Output, text: str) -> None:
            said.append(text)
            if "waiting for it" in text:
                refused.close()
            message(self, text)

        monkeypatch.setattr(Output, "message", hear)
        yield said, refused


@pytest.fixture
def unserved(live: Cluster) -> Iterator[None]:
    """Have metrics whose server is gone, as a metrics-server leaves them that was not removed whole."""
    kind = "apiregistration.k8s.io/v1/APIService"
    if live.find(kind, _METRICS) is not None:
        pytest.skip("this cluster has metrics of its own")
    spec: dict[str, Any] = {
        "group": "metrics.k8s.io",
        "version": "v1beta1",
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
        "insecureSkipTLSVerify": True,
        "service": {"namespace": "kube-system", "name": "no-metrics-server"},
    }
    metadata = {"name": _METRICS}
    live.create(
        {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": metadata, "spec": spec}
    )
    try:
        until(lambda: b'"False"' in _status(live), "the cluster notices that nobody serves the metrics")
        yield
    finally:
        live.delete(kind, _METRICS)


def test_a_cluster_that_is_too_busy_is_waited_for(
    space: str, run: Run, busy: Robot, told: tuple[list[str], ExitStack], replica: Path
) -> None:
    said, refused = told
    refused.enter_context(busy.refused())
    code, document = run()
    assert code == 0, document
    assert "the cluster is too busy to tell its version (429): waiting for it, for 90 s at most" in said
    assert "the cluster answers again" in said

    said.clear()
    refused.enter_context(busy.refused())
    assert main(["hub", "doctor", str(replica), "--namespace", space]) in (0, 1)
    assert "the cluster answers again" in said


def test_a_cluster_that_is_too_busy_for_helm_is_told(
    live: Cluster, space: str, run: Run, busy: Robot, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run()[0] == 0
    put = Releases.put

    def refused(*arguments: Any, **options: Any) -> None:
        with busy.refused():
            put(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Releases, "put", refused)
        code, document = run("--rollback-on-failure", local="word: two\n")
    assert (code, document["reason"]) == (3, "Busy"), document
    assert "too many requests" in document["message"]
    assert "what was there before runs on" in document["hint"]
    assert word(live, space) == "one"
    assert run(local="word: two\n")[0] == 0
    assert word(live, space) == "two"


@pytest.mark.usefixtures("unserved")
def test_metrics_without_a_server_stop_nothing(live: Cluster, space: str, run: Run, replica: Path) -> None:
    assert run()[0] == 0
    assert run("--dry-run")[0] == 0
    assert run(local="word: two\n")[0] == 0
    assert main(["hub", "doctor", str(replica), "--namespace", space]) in (0, 1)
    code, document = run("--undeploy")
    assert code == 0, document
    assert f"kubectl delete apiservice {_METRICS}" in document["told"]
    assert live.find("Namespace", space) is not None, "no namespace is removed meanwhile"
    code, document = run()
    assert code == 1
    (found,) = (check for check in document["preflight"] if check["id"] == "namespace")
    assert f"while {_METRICS} has no server" in found["problems"][0]["what"]


def test_an_apiserver_that_is_started_again_is_waited_for(  # noqa: PLR0917 - they are fixtures
    cluster: Handle, live: Cluster, space: str, run: Run, tiny_chart: Path, images: Callable[[Iterable[str]], None]
) -> None:
    if not cluster.ours:
        pytest.skip("only the apiserver of `tests/cluster/up` may be stopped")
    images([_PYTHON])
    (tiny_chart / "templates" / "more.yaml").write_text(_SLOW)
    with once(lambda: bool(live.list("Pod", space)), _start_apiserver_again):
        code, document = run()
    assert code == 0, document
    assert run()[0] == 0


def _start_apiserver_again() -> None:
    stop(find_places(), "kube-apiserver")
    subprocess.run([sys.executable, HERE / "up"], check=True, capture_output=True, timeout=600)


def _status(live: Cluster) -> bytes:
    path = f"/apis/apiregistration.k8s.io/v1/apiservices/{_METRICS}/status"
    return live.connection.raw("GET", path, "see whether metrics are served")
