"""Deploy, upgrade, interrupt and remove on a real cluster, with a chart that is ready at once."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from takeout.cli import main
from takeout.cluster.api import Cluster
from takeout.cluster.releases import Releases
from takeout.errors import ClusterError

pytestmark = pytest.mark.cluster

BROKEN = "broken: true\n"
Run = Callable[..., tuple[int, dict[str, Any]]]


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


def arguments(replica: Path, chart: Path, space: str) -> list[str]:
    options = ["--chart", str(chart), "--namespace", space, "--no-smoke", "--offline", "--json"]
    # The small chart asks for nothing that these could find.
    skipped = [
        word for check in ("storage", "homes", "room", "nodes", "images", "dns") for word in ("--skip", check)
    ]
    return ["hub", "deploy", str(replica), *options, *skipped]


@pytest.fixture
def begun(
    live: Cluster, space: str, replica: Path, tiny_chart: Path
) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
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


def until(holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if holds():
            return
        assert process.poll() is None, "the deployment ended by itself"
        time.sleep(0.1)
    pytest.fail("it does not come to that")


def token(live: Cluster, space: str) -> str:
    return str(live.get("Secret", "hub", space)["data"]["token"])


def word(live: Cluster, space: str) -> str:
    return str(live.get("ConfigMap", "hub", space)["data"]["word"])


def test_install_upgrade_roll_back_remove(live: Cluster, space: str, run: Run) -> None:
    code, document = run()
    assert code == 0, document
    assert document["deployed"]["revision"] == 1
    assert not document["deployed"]["upgraded"]
    before = token(live, space)
    managers = {
        (m["manager"], m["operation"]) for m in live.get("ConfigMap", "hub", space)["metadata"]["managedFields"]
    }
    if sys.platform.startswith("linux"):
        assert managers == {("helm", "Apply")}, "the program helm must find its own fields"
    code, document = run(local="word: two\n")
    assert code == 0, document
    assert document["deployed"]["revision"] == 2
    assert (word(live, space), token(live, space)) == ("two", before)
    with Releases(live, space) as releases:
        assert [r.status for r in releases.history("reef")] == ["superseded", "deployed"]
        assert releases.values("reef")["word"] == "two"
        releases.roll_back("reef", 1, 60)
        assert word(live, space) == "one"
    code, document = run("--undeploy")
    assert code == 0, document
    assert document["removed"] == ["the release reef", f"the namespace {space}"]
    assert live.find("ConfigMap", "takeout-reef", space) is None


def test_a_dry_run_and_a_difference_change_nothing(live: Cluster, space: str, run: Run) -> None:
    code, document = run("--dry-run")
    assert code == 0, document
    assert {item["object"] for item in document["objects"]} == {"ConfigMap/hub", "Secret/hub"}
    assert live.find("Namespace", space) is None
    code, document = run("--diff")
    assert (code, document["revision"]) == (0, 0)
    assert live.find("Namespace", space) is None
    assert run()[0] == 0
    secret = token(live, space)
    assert run("--diff")[1]["changed"] is False
    _, document = run("--diff", local="word: two\n")
    assert [(v["path"], v["before"], v["after"]) for v in document["values"]] == [("word", None, "two")]
    assert [(o["object"], o["change"]) for o in document["objects"]] == [("ConfigMap/hub", "changed")]
    assert "+  word: two" in "\n".join(document["objects"][0]["lines"])
    assert secret not in json.dumps(document)
    assert word(live, space) == "one"


def test_what_the_cluster_refuses_is_found_beforehand(run: Run, tiny_chart: Path) -> None:
    wrong = "apiVersion: v1\nkind: Service\nmetadata: {name: proxy-public}\nspec: {ports: [{port: 99999}]}\n"
    (tiny_chart / "templates" / "wrong.yaml").write_text(wrong)
    code, document = run("--dry-run")
    assert code == 1
    (refused,) = (item for item in document["objects"] if item["change"] == "refused")
    assert refused["object"] == "Service/proxy-public"
    assert "99999" in refused["message"]


def test_an_installation_that_was_killed_is_mended(
    live: Cluster, space: str, run: Run, begun: Callable[[], subprocess.Popen[bytes]]
) -> None:
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


def test_an_upgrade_that_was_killed_is_mended(
    live: Cluster, space: str, run: Run, begun: Callable[[], subprocess.Popen[bytes]]
) -> None:
    assert run()[0] == 0
    process = begun()
    process.send_signal(signal.SIGKILL)
    process.wait()
    code, document = run(local="word: three\n")
    assert code == 0, document
    assert "left pending-upgrade by an interruption" in document["deployed"]["mended"]
    assert word(live, space) == "three"


def test_ctrl_c_leaves_a_release_that_can_be_deployed(
    live: Cluster, space: str, run: Run, begun: Callable[[], subprocess.Popen[bytes]]
) -> None:
    process = begun()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=120) == 130
    assert live.find("Lease", "takeout-reef", space) is None
    code, document = run(local="")
    assert code == 0, document


def test_two_at_once_are_refused(
    live: Cluster, space: str, run: Run, begun: Callable[[], subprocess.Popen[bytes]]
) -> None:
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


def test_a_release_of_somebody_else_is_refused_until_it_is_adopted(
    live: Cluster, space: str, run: Run, tiny_chart: Path
) -> None:
    live.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    with Releases(live, space) as releases:
        releases._call("install", releases._config.install, tiny_chart, "reef", {"word": "theirs"})
    code, document = run()
    assert (code, document["reason"]) == (3, "Foreign")
    assert word(live, space) == "theirs"
    assert run("--undeploy")[0] == 3
    assert run("--adopt")[0] == 0
    assert word(live, space) == "one"
    _, document = run("--undeploy")
    assert live.find("Namespace", space) is not None, "a namespace that was there before stays"


def test_a_failed_upgrade_says_why_and_goes_back(live: Cluster, space: str, run: Run) -> None:
    assert run()[0] == 0
    code, document = run("--timeout", "20", "--rollback-on-failure", local=BROKEN)
    assert (code, document["code"]) == (3, "cluster")
    assert "registry.invalid/hub:none cannot be pulled" in document["message"]
    assert document["hint"].startswith("rolled back to revision 1")
    with Releases(live, space) as releases:
        assert [r.status for r in releases.history("reef")][-2:] == ["failed", "deployed"]
    assert live.list("Deployment", space) == []


def test_a_namespace_that_is_full_is_told(live: Cluster, space: str, run: Run) -> None:
    live.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "none"},
        "spec": {"hard": {"pods": "0"}},
    }
    live.create(quota, space)
    code, document = run("--timeout", "10", local=BROKEN)
    assert code == 3
    assert "its pods are refused" in document["message"]
    assert "exceeded quota" in document["message"]


def test_a_hook_that_fails_is_told(live: Cluster, space: str, run: Run, tiny_chart: Path) -> None:
    assert run()[0] == 0
    hook = """
apiVersion: v1
kind: ConfigMap
metadata: {name: "Not A Name", annotations: {helm.sh/hook: pre-upgrade}}
"""
    (tiny_chart / "templates" / "hook.yaml").write_text(hook)
    code, document = run(local="word: two\n")
    assert code == 3
    assert "Not A Name" in document["message"]
    assert word(live, space) == "one", "the previous hub is as it was"


def test_claims_stay_unless_they_are_named(live: Cluster, space: str, run: Run) -> None:
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"reef-{space}"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Mi"},
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": "/var/empty"},
            "claimRef": {"namespace": space, "name": "hub-db-dir"},
        },
    }
    live.create(volume)
    try:
        assert run(local="claim: true\n")[0] == 0
        code, document = run("--undeploy")
        assert code == 0, document
        assert document["kept"] == [f"the claim {space}/hub-db-dir (1Mi)"]
        assert live.find("ConfigMap", "hub", space) is None
        claim = live.get("PersistentVolumeClaim", "hub-db-dir", space)
        code, document = run(local="claim: true\n")
        assert code == 0, document
        assert (
            live.get("PersistentVolumeClaim", "hub-db-dir", space)["metadata"]["uid"] == claim["metadata"]["uid"]
        )
        assert run("--undeploy", "--delete-homes", f"{space}/none")[0] == 2
        assert run("--undeploy", "--delete-homes", "elsewhere/hub-db-dir")[0] == 2
        assert run("--undeploy")[1]["kept"] == [f"the claim {space}/hub-db-dir (1Mi)"]
        code, document = run("--undeploy", "--delete-homes", f"{space}/hub-db-dir")
        assert code == 0, document
        assert document["kept"] == []
        assert document["removed"][-1] == f"the namespace {space}"
    finally:
        live.delete("PersistentVolume", f"reef-{space}")


def test_a_removal_without_a_deployment_says_so(run: Run, space: str) -> None:
    code, document = run("--undeploy")
    assert code == 0
    assert document["kept"] == [f"there is no namespace {space}: nothing to remove"]


def test_a_namespace_that_is_going_is_refused(live: Cluster, space: str, run: Run) -> None:
    live.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    held = {"name": "held", "finalizers": ["example.org/held"]}
    live.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held}, space)
    live.delete("Namespace", space)
    code, document = run()
    live.patch("ConfigMap", "held", space, {"metadata": {"finalizers": None}})
    assert code == 1
    (found,) = (check for check in document["preflight"] if check["id"] == "namespace")
    assert "is being deleted" in found["problems"][0]["what"]


def test_a_release_by_hand_is_replicated_with_equal_values(
    live: Cluster, space: str, tiny_chart: Path, tmp_path: Path
) -> None:
    given = {
        "hub": {
            "config": {
                "JupyterHub": {"authenticator_class": "dummy"},
                "DummyAuthenticator": {"password": "p" * 12},
            }
        },
        "word": "theirs",
    }
    live.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    with Releases(live, space) as releases:
        releases._call("install", releases._config.install, tiny_chart, "reef", given)
    source = ["--source", f"release:{live.context}/{space}/reef"]
    assert main(["hub", "replicate", *source, "--to", str(tmp_path / "again"), "--with-secrets", "-q"]) in (0, 1)
    from takeout.replica.files import read_files  # noqa: PLC0415
    from takeout.values.node import to_data  # noqa: PLC0415

    assert to_data(read_files(tmp_path / "again").merged) == given


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


class Wire:
    """A way to the apiserver that can be cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self._to = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[socket.socket] = []
        self.is_cut = False
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.is_cut:
                near.close()
                continue
            far = socket.create_connection(self._to)
            self._pairs += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self) -> None:
        self.is_cut = True
        for end in self._pairs:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.cut()
        self._listener.close()
        for end in self._pairs:
            end.close()


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


def test_a_cluster_that_goes_away_in_the_middle(live: Cluster, space: str, run: Run, wire: Wire) -> None:
    assert run()[0] == 0

    def cut_when_helm_is_at_work() -> None:
        with Releases(live, space) as releases:
            while not (last := releases.last("reef")) or not last.status.startswith("pending"):
                time.sleep(0.1)
        wire.cut()

    cutter = threading.Thread(target=cut_when_helm_is_at_work)
    cutter.start()
    code, document = run("--timeout", "15", "--rollback-on-failure", local=BROKEN)
    cutter.join()
    assert (code, document["code"]) == (3, "network"), document
    assert "went away" in document["message"]
    assert word(live, space) == "one"
    wire.is_cut = False
    code, document = run(local="word: two\n")
    assert code == 0, document
    assert word(live, space) == "two"
