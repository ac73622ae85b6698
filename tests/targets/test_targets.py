"""Targets: data that loads whole, and the nearest machine of another cloud."""

from __future__ import annotations

import string

import pytest

from takeout.errors import OptionError
from takeout.targets import InstanceType, load_target, nearest, target_names

FIELDS = {
    "cluster": "hub",
    "namespace": "hub",
    "host": "hub.example.edu",
    "pool": "user",
    "instance_type": "r5.xlarge",
    "gpus": 1,
    "gpu": "nvidia-l4",
}
CLOUDS = ("gke", "eks", "aks")


@pytest.mark.parametrize("name", target_names())
def test_every_target_loads_and_its_steps_fill(name: str) -> None:
    target = load_target(name)
    assert target.title
    assert target.source
    assert target.ingress is not None
    assert len({step.id for step in target.steps}) == len(target.steps)
    for step in target.steps:
        filled = step.fill(**FIELDS)
        assert filled.title
        assert filled.commands
        assert filled.verify
        for command in filled.commands:
            assert not command.startswith("\n")
            assert not {f"{{{field}}}" for field in FIELDS} & set(command.split())


@pytest.mark.parametrize("name", target_names())
def test_titles_and_texts_name_only_known_fields(name: str) -> None:
    for step in load_target(name).steps:
        for text in (*step.commands, step.verify, step.text, step.title):
            assert {field for _, field, _, _ in string.Formatter().parse(text) if field} <= set(FIELDS)


@pytest.mark.parametrize("name", CLOUDS)
def test_a_cloud_offers_node_pools_storage_and_machines(name: str) -> None:
    target = load_target(name)
    assert target.offers("hub.jupyter.org/node-purpose", "user")
    assert target.offers("k8s.dask.org/node-purpose", "worker")
    assert target.offers("node.kubernetes.io/instance-type", target.user_type)
    assert target.core_type in target.known_types
    assert target.default_class
    assert target.shared_class
    assert {step.id for step in target.steps} >= {"prepare", "cluster", "user-pool", "gpu-pool", "dask-pool"}


@pytest.mark.parametrize("name", ["any", "k3s"])
def test_one_node_without_labels_must_do_elsewhere(name: str) -> None:
    target = load_target(name)
    assert not target.offers("hub.jupyter.org/node-purpose", "user")
    assert not target.taints
    assert not target.instance_types
    assert not target.shared_class
    assert nearest(target.known_types["r5.xlarge"], target) is None


def test_an_unknown_target_is_the_users_mistake() -> None:
    with pytest.raises(OptionError, match="openshift") as error:
        load_target("openshift")
    assert "gke" in error.value.hint


@pytest.mark.parametrize(
    ("wanted", "target", "expected"),
    [
        ("r5.xlarge", "gke", "n2-highmem-4"),
        ("r5.16xlarge", "gke", "n2-highmem-64"),
        ("n2-highmem-4", "eks", "r5.xlarge"),
        ("n1-highmem-8", "eks", "r5.2xlarge"),
        ("n2-highmem-16", "aks", "Standard_E16s_v5"),
        ("Standard_E16_v4", "eks", "r5.4xlarge"),
        ("n1-standard-8", "gke", "n1-standard-8"),
        ("r5.4xlarge", "eks", "r5.4xlarge"),
        ("g4dn.xlarge", "gke", "g2-standard-4"),
        ("g4dn.xlarge", "aks", "Standard_NC4as_T4_v3"),
        ("g2-standard-4", "eks", "g6.xlarge"),
        ("p3.2xlarge", "eks", "g4dn.4xlarge"),
        ("x1.16xlarge", "aks", "Standard_M64s"),
        ("a2-highgpu-1g", "aks", "Standard_NC24ads_A100_v4"),
    ],
)
def test_nearest_keeps_cores_memory_and_gpus(wanted: str, target: str, expected: str) -> None:
    there = load_target(target)
    found = nearest(there.known_types[wanted], there)
    assert found is not None
    assert found.name == expected


def test_nothing_large_enough_gives_the_largest() -> None:
    found = nearest(InstanceType("giant", 1000, 9000), load_target("gke"))
    assert found is not None
    assert found.name == "m1-ultramem-160"


@pytest.mark.parametrize("target", CLOUDS)
def test_nearest_never_offers_less(target: str) -> None:
    there = load_target(target)
    for wanted in there.known_types.values():
        found = nearest(wanted, there)
        assert found is not None
        assert bool(found.gpus) == bool(wanted.gpus)
        if found.memory_gib < wanted.memory_gib * 0.9:
            assert found.memory_gib == max(
                t.memory_gib for t in there.instance_types if bool(t.gpus) == bool(wanted.gpus)
            )
