"""Deployments that are killed, cut off, or meet another one, on a real cluster."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from cluster.deploy.small import BROKEN, Begun, Run, arguments, once_helm_is_at_work, token, word
from cluster.deploy.wire import Wire
from takeout.cli import main
from takeout.cluster.api import Cluster
from takeout.errors import ClusterError

pytestmark = pytest.mark.cluster


@pytest.fixture
def wire(live: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """The cluster by way of a wire; KUBECONFIG goes through it."""
    server = urlsplit(live.server)
    wire = Wire(str(server.hostname), server.port or 443)
    data = yaml.safe_load(Path(live.connection.kubeconfig).read_text())
    for item in data["clusters"]:
        item["cluster"]["server"] = f"https://127.0.0.1:{wire.port}"
        item["cluster"]["tls-server-name"] = server.hostname
    file = tmp_path / "through-the-wire"
    file.write_text(yaml.safe_dump(data))
    monkeypatch.setenv("KUBECONFIG", str(file))
    yield wire
    wire.close()


def test_an_installation_that_was_killed_is_mended(live: Cluster, space: str, run: Run, begun: Begun) -> None:
    process = begun()
    secret = token(live, space)
    process.send_signal(signal.SIGKILL)
    process.wait()
    code, document = run(local="")
    assert code == 0, document
    assert "left pending-install by an interruption" in document["deployed"]["mended"]
    assert document["deployed"]["revision"] == 2
    assert token(live, space) == secret
    assert live.list("Deployment", space) == []


def test_an_upgrade_that_was_killed_is_mended(live: Cluster, space: str, run: Run, begun: Begun) -> None:
    assert run()[0] == 0
    process = begun()
    process.send_signal(signal.SIGKILL)
    process.wait()
    code, document = run(local="word: three\n")
    assert code == 0, document
    assert "left pending-upgrade by an interruption" in document["deployed"]["mended"]
    assert word(live, space) == "three"


def test_ctrl_c_leaves_a_release_that_can_be_deployed(live: Cluster, space: str, run: Run, begun: Begun) -> None:
    process = begun()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) == 130
    assert live.find("Lease", "takeout-reef", space) is None
    code, document = run(local="")
    assert code == 0, document


def test_two_at_once_are_refused(live: Cluster, space: str, run: Run, begun: Begun) -> None:
    process = begun()
    code, document = run()
    assert (code, document["code"]) == (3, "cluster")
    assert f"under way, by process {process.pid}" in document["message"]
    assert "--undeploy" not in document["hint"]
    assert run("--undeploy")[0] == 3
    assert live.find("ConfigMap", "hub", space) is not None


def test_somebody_elses_helm_is_not_disturbed(live: Cluster, space: str, run: Run) -> None:
    """Another Helm has begun just now, and has no Lease of ours."""
    assert run()[0] == 0
    from takeout.cluster.records import read_records, rewrite  # noqa: PLC0415

    record = read_records(live, space, "reef")[-1]
    info = {**record.release["info"], "status": "pending-upgrade"}
    rewrite(live, record, {**record.release, "info": info})
    code, document = run(local="word: two\n")
    assert code == 3
    assert "somebody's Helm may be at work" in document["message"]
    assert word(live, space) == "one"


def test_an_apiserver_that_is_gone_is_told(
    replica: Path,
    tiny_chart: Path,
    kubeconfig: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    data = json.loads(kubeconfig.read_text())
    data["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    kubeconfig.write_text(json.dumps(data))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    assert main(arguments(replica, tiny_chart, "nowhere")) == 3
    assert json.loads(capfd.readouterr().out)["code"] == "network"
    assert os.environ["KUBECONFIG"] == str(kubeconfig)
    assert ClusterError.exit_code == 3


def test_a_cluster_that_goes_away_in_the_middle(live: Cluster, space: str, run: Run, wire: Wire) -> None:
    assert run()[0] == 0
    with once_helm_is_at_work(live, space, wire.cut):
        code, document = run("--timeout", "15", "--rollback-on-failure", local=BROKEN)
    assert (code, document["code"]) == (3, "network"), document
    assert "went away" in document["message"]
    assert word(live, space) == "one"
    wire.is_cut = False
    code, document = run(local="word: two\n")
    assert code == 0, document
    assert word(live, space) == "two"


def test_a_namespace_that_is_deleted_in_the_middle(live: Cluster, space: str, run: Run) -> None:
    with once_helm_is_at_work(live, space, lambda: live.delete("Namespace", space)):
        code, document = run("--rollback-on-failure", local=BROKEN)
    assert (code, document["reason"]) == (3, "NamespaceTerminating"), document
    assert f"the namespace {space} was deleted while the hub was being deployed into it" in document["message"]
    assert "or deploy into another" in document["hint"]
