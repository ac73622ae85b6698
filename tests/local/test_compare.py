"""The pods of both sides, by the real spawner, for hubs of the example."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from takeout.errors import DirectoryError, OptionError, RevisionError
from takeout.local.compare import compare
from takeout.local.comparison import Comparison
from takeout.local.describe import Describer
from takeout.local.environment import Environment
from takeout.local.original import original
from takeout.replica.files import read_files

MakeReplica = Callable[..., Path]
RunTakeout = Callable[..., subprocess.CompletedProcess[str]]
Compare = Callable[[Path], Comparison]

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "infrastructure"


@pytest.fixture(scope="module")
def compared(environment: Environment) -> Iterator[Compare]:
    """Compare a replica with its source; one process describes the pods of all tests."""
    with Describer(environment) as describer:

        def run(directory: Path) -> Comparison:
            files = read_files(directory)
            return compare(files, original(files), describer, environment.users)

        yield run


def by_path(comparison: Comparison) -> dict[str, list[str]]:
    return {each.path: [cause.name for cause in each.causes] for each in comparison.differences}


def test_every_difference_of_the_example_is_a_rules(make_replica: MakeReplica, compared: Compare) -> None:
    found = compared(make_replica("lagoon/research"))

    assert found.unexplained == ()
    names = by_path(found)
    # The original imports what is in the origin's own hub image alone; what else differs is seen all the same.
    assert names[""] == ["M01"]
    assert names["spec.containers[notebook].env[SCRATCH_BUCKET].value"] == ["I03"]
    assert names["spec.volumes[home].persistentVolumeClaim.claimName"] == ["S01"]
    (team,) = [each for each in found.differences if "TEAM_BUCKET" in each.path]
    assert {found.pairs[number].user for number in team.pairs} == {"admin"}
    assert [cause.keys for cause in team.causes] == [("jupyterhub.custom.singleuserAdmin.extraEnv.TEAM_BUCKET",)]
    nodes = [each for each in found.differences if each.path == "spec.nodeSelector"]
    assert {found.pairs[number].options["profile"] for number in nodes[0].pairs} == {"shared"}
    assert len(found.pairs) == 2 * len({tuple(pair.options.items()) for pair in found.pairs})


def test_every_rule_that_mends_the_original_is_named(make_replica: MakeReplica, compared: Compare) -> None:
    found = compared(make_replica("lagoon/teaching"))
    assert found.unexplained == ()
    assert by_path(found)[""] == ["M01", "X05"]
    assert len(found.differences) > 1


def test_an_edit_is_not_a_rules_and_the_owners_own_values_are_theirs(
    make_replica: MakeReplica, compared: Compare, run_takeout: RunTakeout
) -> None:
    replica = make_replica("estuary/workshop", "singleuser:\n  extraEnv:\n    OURS: ours\n")
    values = replica / "values.yaml"
    text = values.read_text()
    assert "\nsingleuser:\n" in text
    values.write_text(text.replace("\nsingleuser:\n", "\nsingleuser:\n  extraLabels:\n    by-hand: x\n", 1))

    found = compared(replica)
    (unexplained,) = found.unexplained
    assert unexplained.path == "metadata.labels.by-hand"
    assert [(cause.name, cause.keys) for cause in unexplained.causes] == [
        ("values.yaml", ("singleuser.extraLabels.by-hand",))
    ]
    assert by_path(found)["spec.containers[notebook].env[OURS]"] == ["local.values.yaml"]

    done = run_takeout("hub", "check", replica, "--pods", "--offline", "--json")
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["checks"][-1]["name"] == "pods"
    assert document["checks"][-1]["status"] == "found"
    assert "by-hand" in document["checks"][-1]["items"][0]
    assert {each["explained"] for each in document["pods"]["differences"]} == {True, False}
    for choice in document["pods"]["choices"]:
        assert choice["replica"]["kind"] == "Pod"
        assert choice["original"] or "jupyterhub_usage_quotas" in choice["original_error"]


def test_a_source_that_moved_is_named_with_the_mend(make_replica: MakeReplica, tmp_path: Path) -> None:
    replica = make_replica("estuary/workshop")
    lock = json.loads((replica / "takeout.json").read_text())
    lock["source"]["label"] = str(tmp_path / "gone")
    (replica / "takeout.json").write_text(json.dumps(lock))
    files = read_files(replica)

    with pytest.raises(DirectoryError) as caught:
        original(files)
    assert "--source PATH|URL" in caught.value.hint

    assert original(files, str(EXAMPLE)).entry.id == "estuary/workshop"

    other = tmp_path / "other"
    shutil.copytree(EXAMPLE, other)
    shutil.rmtree(other / "config/clusters/estuary")
    with pytest.raises(DirectoryError, match="no hub estuary/workshop"):
        original(files, str(other))


def test_the_commit_of_the_lock_is_what_is_read(make_replica: MakeReplica, tmp_path: Path) -> None:
    replica = make_replica("estuary/workshop")
    clone = tmp_path / "clone"
    shutil.copytree(EXAMPLE, clone)
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "one")):
        subprocess.run(["git", "-C", clone, "-c", "user.name=a", "-c", "user.email=a@b.c", *command], check=True)
    head = subprocess.run(["git", "-C", clone, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    (clone / "config/clusters/estuary/cluster.yaml").write_text("hubs: []\n")
    lock = json.loads((replica / "takeout.json").read_text())
    commit = head.stdout.strip()
    lock["source"] |= {"label": f"{clone}@{commit[:9]}", "revision": commit}
    (replica / "takeout.json").write_text(json.dumps(lock))

    assert original(read_files(replica)).revision == commit

    lock["source"]["revision"] = "0" * 40
    (replica / "takeout.json").write_text(json.dumps(lock))
    with pytest.raises(RevisionError) as caught:
        original(read_files(replica))
    assert "--source" in caught.value.hint


def test_what_came_from_a_chart_and_files_says_so(make_replica: MakeReplica) -> None:
    replica = make_replica("estuary/workshop")
    lock = json.loads((replica / "takeout.json").read_text())
    lock["source"]["era"] = "chart"
    (replica / "takeout.json").write_text(json.dumps(lock))
    with pytest.raises(OptionError, match="--chart and -f"):
        original(read_files(replica))
