"""Remove a deployment on a real cluster, and keep what holds homes."""

from dataclasses import replace

import pytest

from cluster.deploy.small import Run, volume_for_its_claim
from takeout.cluster.api import Cluster
from takeout.cluster.keep import keep_by_upgrade
from takeout.cluster.releases import Releases

pytestmark = pytest.mark.cluster


def test_claims_stay_unless_they_are_named(live: Cluster, space: str, run: Run) -> None:
    with volume_for_its_claim(live, space):
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


def test_a_removal_without_a_deployment_says_so(run: Run, space: str) -> None:
    code, document = run("--undeploy")
    assert code == 0
    assert document["kept"] == [f"there is no namespace {space}: nothing to remove"]


def test_helm_writes_a_release_anew_whatever_its_chart_is_called(live: Cluster, space: str, run: Run) -> None:
    with volume_for_its_claim(live, space):
        assert run(local="claim: true\n")[0] == 0
        with Releases(live, space) as releases:
            # Helm writes name and version as one word, with a hyphen where they meet.
            keep_by_upgrade(releases, replace(releases.history("reef")[-1], chart_name="reef-hub"))
            last = releases.history("reef")[-1]
            assert (last.number, last.status, last.chart) == (2, "deployed", "reef-hub-4.3.3")
            assert (last.chart_name, last.chart_version) == ("reef-hub", "4.3.3")
            assert "helm.sh/resource-policy: keep" in releases.manifest("reef")
        assert run("--undeploy", "--delete-homes", f"{space}/hub-db-dir")[0] == 0
