"""Deploy and upgrade on a real cluster, with a chart that is ready at once."""

import json
import sys
from pathlib import Path

import pytest

from cluster.deploy.small import BROKEN, Run, token, word
from takeout.cluster.api import Cluster
from takeout.cluster.releases import Releases

pytestmark = pytest.mark.cluster


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
    code, document = run("--timeout", "30", "--rollback-on-failure", local=BROKEN)
    assert (code, document["code"]) == (3, "cluster")
    assert "127.0.0.1:1/hub:none cannot be pulled" in document["message"]
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
    code, document = run("--timeout", "30", local=BROKEN)
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


def test_a_namespace_that_is_going_is_refused(live: Cluster, space: str, run: Run) -> None:
    live.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    held = {"name": "held", "finalizers": ["example.org/held"]}
    live.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held}, space)
    live.delete("Namespace", space)
    try:
        code, document = run()
    finally:
        live.patch("ConfigMap", "held", space, {"metadata": {"finalizers": None}})
    assert code == 1
    (found,) = (check for check in document["preflight"] if check["id"] == "namespace")
    assert "is being deleted" in found["problems"][0]["what"]
