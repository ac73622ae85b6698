"""``takeout hub doctor`` on a cluster in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from takeout.cli import main
from takeout.cluster.doctor.target import read_target
from takeout.errors import DirectoryError, OptionError

_EKS = "arn:aws:eks:us-east-2:1:cluster/reef"
_RELEASE = f"release:{_EKS}/reef/reef"


@pytest.mark.usefixtures("memory_hub", "memory_kubeconfig")
def test_a_hub_that_runs_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hub", "doctor", _RELEASE]) == 0
    printed = capsys.readouterr()
    assert "Nothing is found wrong" in printed.out
    assert "reef in the namespace reef, jupyterhub 4.3.3, revision 3" in printed.out
    assert "not looked at: the health of the hub (no ports may be forwarded)" in printed.err


@pytest.mark.usefixtures("memory_kubeconfig")
def test_what_is_wrong_is_told_with_evidence_and_mend(memory_hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    memory_hub.items = [item for item in memory_hub.items if not item["metadata"]["name"].startswith("sh.helm")]
    memory_hub.release({"cull": {"enabled": False}, "hub": {}, "singleuser": {"serviceAccountName": "user-sa"}})
    assert main(["hub", "doctor", _RELEASE]) == 1
    out = capsys.readouterr().out
    assert "1. H02  The service account user-sa is not there" in out
    assert "ServiceAccount/user-sa: there is no such ServiceAccount" in out
    assert f"$ kubectl --context {_EKS} --namespace reef create serviceaccount user-sa" in out
    assert "2. H23  The culler is off" in out
    assert "       cull:\n         enabled: true\n" in out


@pytest.mark.usefixtures("memory_kubeconfig")
def test_json_is_one_document(memory_hub: Any, capsys: pytest.CaptureFixture[str]) -> None:
    memory_hub.put("""
- kind: Pod
  metadata: {name: hub-2, labels: {component: hub}}
  spec: {containers: [{name: hub}], volumes: [{name: a, configMap: {name: motd}}]}
  status: {phase: Pending}
""")
    assert main(["hub", "doctor", _RELEASE, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["healthy"] is False
    assert document["hub"]["chart"] == "jupyterhub"
    (finding,) = document["findings"]
    assert (finding["id"], finding["subject"], finding["certainty"]) == ("H01", "ConfigMap/motd", "sure")
    assert finding["evidence"]
    assert finding["source"].startswith("https://")
    assert finding["consequences"] == []


def test_a_cluster_that_cannot_be_reached_is_the_worlds_fault(
    memory_kubeconfig: Path, memory: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    memory_kubeconfig.write_text(memory_kubeconfig.read_text().replace(memory.url, "http://127.0.0.1:1"))
    assert main(["hub", "doctor", _RELEASE]) == 3
    assert "cannot be reached" in capsys.readouterr().err


@pytest.mark.usefixtures("memory_hub", "memory_kubeconfig")
def test_a_namespace_without_a_hub_is_the_users(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hub", "doctor", f"release:{_EKS}/elsewhere/x"]) == 2
    assert f"release:{_EKS}/reef/reef" in capsys.readouterr().err


def test_a_context_may_have_slashes() -> None:
    target = read_target(_RELEASE)
    assert (target.context, target.namespace, target.release) == (_EKS, "reef", "reef")


def test_what_is_left_out_is_the_current_ones() -> None:
    assert read_target("release:reef/hub").context == ""
    assert read_target("release:hub").namespace == ""


def test_options_count_more() -> None:
    target = read_target("release:a/b/c", context="x", namespace="y", release="z")
    assert (target.context, target.namespace, target.release) == ("x", "y", "z")


def test_a_release_has_a_name() -> None:
    with pytest.raises(OptionError, match="names no release"):
        read_target("release:a/b/")


def test_a_directory_has_to_be_a_replica(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError, match="not a replica"):
        read_target(str(tmp_path))


@pytest.mark.usefixtures("memory_kubeconfig")
def test_a_replicas_directory_names_its_hub(
    memory_hub: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = Path(__file__).parents[3] / "examples/infrastructure"
    replica = tmp_path / "replica"
    main(["hub", "replicate", "lagoon/research", "--to", str(replica), "--source", str(source), "--quiet"])
    capsys.readouterr()
    memory_hub.items = []
    memory_hub.put(
        "- {kind: Deployment, metadata: {name: hub, labels: {component: hub}}, spec: {replicas: 0}}", "research"
    )
    memory_hub.release(
        {"cull": {"enabled": False}, "hub": {}, "singleuser": {}}, name="research", namespace="research"
    )
    assert main(["hub", "doctor", str(replica)]) == 1
    out = capsys.readouterr().out
    assert "research in the namespace research" in out
    assert f"in {replica}/local.values.yaml" in out
    assert f"then `takeout hub deploy {replica}`" in out
