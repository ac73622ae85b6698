from collections.abc import Callable
from dataclasses import replace

import pytest

from takeout.adapt.rule import Action
from takeout.replica.model import Replica
from takeout.replica.pools import needs, pool_steps
from takeout.targets import load_target

MakeReplica = Callable[..., Replica]
FIELDS = {"cluster": "c", "namespace": "n", "host": "h"}

PROFILES = """\
jupyterhub:
  singleuser:
    profileList:
      - kubespawner_override: {node_selector: {node.kubernetes.io/instance-type: r5.4xlarge}}
      - kubespawner_override: {node_selector: {node.kubernetes.io/instance-type: g4dn.xlarge}}
      - kubespawner_override: {node_selector: {node.kubernetes.io/instance-type: no-such-machine}}
"""


def titles(replica: Replica, *actions: Action, dask: bool = False) -> list[str]:
    target = replica.context.target
    return [step.title for step in pool_steps(target, needs(replica), dask=dask, fields=FIELDS, actions=actions)]


def test_each_machine_that_the_values_name_gets_a_pool(make_replica: MakeReplica) -> None:
    replica = make_replica(PROFILES, target="eks")

    found = titles(replica, dask=True)

    assert len(found) == 3
    assert "r5.4xlarge" in found[0]
    assert "g4dn.xlarge" in found[1]
    assert "Dask" in found[2]


def test_without_names_the_targets_usual_machine_gets_one(make_replica: MakeReplica) -> None:
    found = titles(make_replica(target="gke"))

    assert len(found) == 1
    assert load_target("gke").user_type in found[0]


@pytest.mark.parametrize("target", ["any", "k3s"])
def test_one_node_needs_no_pools(make_replica: MakeReplica, target: str) -> None:
    assert titles(make_replica(target=target)) == []


def test_a_pool_that_an_action_makes_is_not_made_twice(make_replica: MakeReplica) -> None:
    action = Action("node-pools", "Create", "", ("eksctl create nodegroup r5.4xlarge",), stage="cluster")

    found = titles(make_replica(PROFILES, target="eks"), action)

    assert len(found) == 1
    assert "g4dn.xlarge" in found[0]


def test_shared_storage_is_seen_in_values_and_objects(make_replica: MakeReplica) -> None:
    own = "jupyterhub: {hub: {db: {pvc: {storageClassName: standard-rwx}}}}\n"
    assert needs(make_replica(own, target="gke")).shared
    plain = make_replica(target="gke")
    assert not needs(plain).shared
    claim = {"kind": "PersistentVolumeClaim", "spec": {"storageClassName": "standard-rwx"}}
    adaptation = replace(plain.adaptation, manifests=(claim,))
    assert needs(replace(plain, adaptation=adaptation)).shared
