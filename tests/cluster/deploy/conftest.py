"""A cluster in memory and a real one, a small replica, and its deployment."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cluster.deploy.checks import Look
from cluster.deploy.fake_api import FakeApi, served
from cluster.deploy.small import BROKEN, Begun, Run, arguments, until, write_chart
from takeout.cli import main
from takeout.cluster.api import Cluster
from takeout.cluster.connect import connect
from takeout.cluster.connection import Connection
from takeout.cluster.plan import open_plan
from takeout.cluster.preflight.check import Checked, Subject
from takeout.cluster.preflight.checks import network
from takeout.cluster.preflight.run import preflight
from takeout.cluster.releases import Releases


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def server(api: FakeApi) -> Iterator[str]:
    """The address at which ``api`` answers."""
    with served(api) as address:
        yield address


@pytest.fixture
def kubeconfig(server: str, tmp_path: Path) -> Path:
    """A kubeconfig whose context ``here`` is the server."""
    file = tmp_path / "kubeconfig"
    file.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "here",
                "clusters": [{"name": "here", "cluster": {"server": server}}],
                "users": [{"name": "ada", "user": {"token": "kept-to-itself"}}],
                "contexts": [
                    {"name": "here", "context": {"cluster": "here", "user": "ada", "namespace": "lagoon"}}
                ],
            }
        )
    )
    return file


@pytest.fixture
def pauses() -> list[float]:
    """For how long the connection would have waited."""
    return []


@pytest.fixture
def connection(kubeconfig: Path, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    found = connect("here", kubeconfig=kubeconfig)
    monkeypatch.setattr(found, "_pause", pauses.append)
    yield found
    found.close()


@pytest.fixture
def faked(connection: Connection) -> Cluster:
    """The cluster in memory."""
    return Cluster(connection)


@pytest.fixture
def tiny_chart(tmp_path: Path) -> Path:
    """The small chart, to be changed."""
    write_chart(tmp_path / "tiny")
    return tmp_path / "tiny"


@pytest.fixture(scope="session")
def small_replica(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A replica of a small hub, whose name is reef; not to be changed."""
    folder = tmp_path_factory.mktemp("reef")
    values = folder / "config.yaml"
    values.write_text("hub: {config: {JupyterHub: {authenticator_class: dummy}}}\n")
    arguments = ["-f", str(values), "--name", "reef", "--domain", "reef.example.edu", "-q"]
    assert main(["hub", "replicate", *arguments, "--to", str(folder / "replica")]) == 0
    return folder / "replica"


@pytest.fixture
def replica(small_replica: Path, tmp_path: Path) -> Path:
    """A replica of a small hub, to be changed."""
    return Path(shutil.copytree(small_replica, tmp_path / "replica"))


@pytest.fixture(scope="session")
def live() -> Iterator[Cluster]:
    """A real cluster: the one that KUBECONFIG names, where TAKEOUT_TEST_CLUSTER allows it."""
    if os.environ.get("TAKEOUT_TEST_CLUSTER") != "1" or not os.environ.get("KUBECONFIG"):
        pytest.skip("no cluster: set KUBECONFIG and TAKEOUT_TEST_CLUSTER=1, or run `make test-cluster`")
    with Cluster.connect() as found:
        found.version()
        yield found


@pytest.fixture
def space(live: Cluster) -> Iterator[str]:
    """The name of a namespace of the test's own, which is not there yet; removed after."""
    name = f"takeout-deploy-{secrets.token_hex(3)}"
    yield name
    live.delete("Namespace", name)


@pytest.fixture
def run(space: str, replica: Path, tiny_chart: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run ``takeout hub deploy`` on the small replica and return the exit code and the document."""

    def deploy(*more: str, local: str | None = None) -> tuple[int, dict[str, Any]]:
        if local is not None:
            (replica / "local.values.yaml").write_text(local)
        capfd.readouterr()
        code = main([*arguments(replica, tiny_chart, space), *more])
        printed = capfd.readouterr()
        document = json.loads(printed.out) if printed.out.strip() else {}
        return code, {**document, "told": printed.err}

    return deploy


@pytest.fixture
def begun(live: Cluster, space: str, replica: Path, tiny_chart: Path) -> Iterator[Begun]:
    """Begin a deployment that never gets ready, in a process of its own, and wait until Helm is at work."""
    processes = []

    def begin() -> subprocess.Popen[bytes]:
        (replica / "local.values.yaml").write_text(BROKEN)
        command = [sys.executable, "-m", "takeout", *arguments(replica, tiny_chart, space)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        processes.append(process)
        with Releases(live, space) as releases:
            until(
                lambda: (last := releases.last("reef")) is not None and last.status.startswith("pending"), process
            )
            until(lambda: bool(live.list("Deployment", space)), process)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def look(faked: Cluster, replica: Path, tiny_chart: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Look]:
    """Run every check on the small replica, with changes of its local values and of the chart's template."""
    monkeypatch.setattr(network, "_resolved", lambda _: {"192.0.2.1"})
    with ExitStack() as stack:

        def run(local: str = "", template: str = "", **options: Any) -> dict[str, Checked]:
            if local:
                (replica / "local.values.yaml").write_text(local)
            if template:
                file = tiny_chart / "templates" / "more.yaml"
                file.write_text(template)
            plan = stack.enter_context(open_plan(replica, chart=tiny_chart, namespace="lagoon"))
            return {result.id: result for result in preflight(Subject(plan, faked, pull=False), **options)}

        yield run
