"""The nodes net: what is demanded of a node, and what a target offers."""

from __future__ import annotations

import base64

import pytest
import yaml

from takeout.adapt.context import Context, HubFacts
from takeout.adapt.nets import cast
from takeout.adapt.nets.nodes import nodes, nodes_of_manifests, quantity
from takeout.targets import InstanceType, Target
from takeout.values.node import Mapping, from_data

TARGET = Target(
    "t",
    labels={
        "hub.jupyter.org/node-purpose": ("core",),
        "pool": ("*",),
        "node.kubernetes.io/instance-type": ("m", "g"),
    },
    instance_types=(InstanceType("m", 4, 32), InstanceType("g", 8, 64, 1, "t4")),
)
CONTEXT = Context(HubFacts("prod"), TARGET)


def node(text: str) -> Mapping:
    values = from_data(yaml.safe_load(text))
    assert isinstance(values, Mapping)
    return values


@pytest.mark.parametrize(
    ("values", "subject"),
    [
        ("singleuser: {nodeSelector: {a/b: c}}", "label:a/b=c"),
        ("hub: {nodeSelector: {hub.jupyter.org/node-purpose: other}}", "label:hub.jupyter.org/node-purpose=other"),
        (
            "o: {node_selector: {node.kubernetes.io/instance-type: r5}}",
            "label:node.kubernetes.io/instance-type=r5",
        ),
        ("userPods: {nodeAffinity: {matchNodePurpose: require}}", "label:hub.jupyter.org/node-purpose=user"),
        (
            "extraNodeAffinity: {required: [{matchExpressions: [{key: a, operator: In, values: [b]}]}]}",
            "label:a=b",
        ),
        ("o: {node_affinity_required: [{matchExpressions: [{key: a, operator: Exists}]}]}", "label:a"),
        (
            (
                "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: "
                "[{matchExpressions: [{key: a, operator: In, values: [b]}]}]}}}"
            ),
            "label:a=b",
        ),
        ("o: {extra_resource_limits: {nvidia.com/gpu: '2'}}", "device:nvidia.com/gpu=2"),
        ("singleuser: {extraResource: {guarantees: {amd.com/gpu: 4}}}", "device:amd.com/gpu=4"),
        ("hub: {resources: {limits: {xilinx.com/fpga: 1}}}", "device:xilinx.com/fpga=1"),
        ("o: {mem_guarantee: 65G}", "memory:65G"),
        ("singleuser: {memory: {guarantee: 100G, limit: 200G}}", "memory:100G"),
        ("o: {cpu_guarantee: 9}", "cores:9"),
        ("hub: {resources: {requests: {cpu: 9000m}}}", "cores:9000m"),
    ],
)
def test_what_is_demanded_and_not_offered(values: str, subject: str) -> None:
    found = nodes(node(values), CONTEXT)
    assert [f.subject for f in found] == [subject]
    assert "demands" in found[0].message
    assert found[0].path


@pytest.mark.parametrize(
    "values",
    [
        "singleuser: {nodeSelector: {pool: anything}}",
        "scheduling: {corePods: {nodeAffinity: {matchNodePurpose: require}}}",
        "scheduling: {userPods: {nodeAffinity: {matchNodePurpose: prefer}}}",
        "singleuser: {extraTolerations: [{key: a, value: b}]}",
        "o: {extraNodeAffinity: {preferred: [{matchExpressions: [{key: a, operator: In, values: [b]}]}]}}",
        "o: {node_affinity_required: [{matchExpressions: [{key: a, operator: NotIn, values: [b]}]}]}",
        (
            "o: {node_affinity_required: [{matchExpressions: [{key: a, operator: Exists}]}, "
            "{matchExpressions: [{key: pool, operator: Exists}]}]}"
        ),
        (
            "o: {node_affinity_required: [{matchExpressions: "
            "[{key: node.kubernetes.io/instance-type, operator: In, values: [r5, m]}]}]}"
        ),
        "o: {extra_resource_limits: {nvidia.com/gpu: 1}}",
        "o: {extra_resource_limits: {nvidia.com/gpu: 0}}",
        "o: {mem_guarantee: 64G, cpu_guarantee: 0.05, mem_limit: 900G}",
        "o: {mem_guarantee: null, cpu_guarantee: lots}",
        "hub: {enabled: false, nodeSelector: {a: b}}",
        "hub: {resources: {required: [x], requests: {cpu: 10m, memory: 64Mi}}}",
        "nodeSelector: null",
    ],
)
def test_what_is_offered_or_no_demand(values: str) -> None:
    assert nodes(node(values), CONTEXT) == []


def test_a_target_without_machines_says_nothing_about_sizes() -> None:
    assert nodes(node("o: {mem_guarantee: 900G, cpu_guarantee: 99}"), Context(HubFacts("x"), Target("any"))) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1Gi", 1 << 30),
        ("1G", 1 << 30),
        ("0.5", 0.5),
        (2, 2),
        ("500m", 0.5),
        ("64Mi", 64 << 20),
        (None, 0),
        ("x", 0),
    ],
)
def test_quantities(text: object, number: float) -> None:
    assert quantity(text) == number


def test_rendered_pods_and_the_hubs_own_values() -> None:
    values = "singleuser: {nodeSelector: {a: b}}"
    objects = [
        {
            "kind": "Deployment",
            "metadata": {"name": "hub"},
            "spec": {"template": {"spec": {"nodeSelector": {"c": "d"}, "tolerations": [{"key": "e"}]}}},
        },
        {
            "kind": "Secret",
            "metadata": {"name": "hub"},
            "data": {"values.yaml": base64.b64encode(values.encode()).decode()},
        },
        {"kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"nodeSelector": "text"}},
    ]
    found = nodes_of_manifests(objects, CONTEXT)
    assert [(f.manifest, f.subject) for f in found] == [
        ("Deployment/hub", "label:c=d"),
        ("Secret/hub", "label:a=b"),
    ]


def test_cast_runs_all_three_nets_on_values_and_on_what_is_rendered() -> None:
    from takeout.adapt.terms import Term  # noqa: PLC0415 - used here alone

    context = Context(HubFacts("prod"), TARGET, (Term("acme", "organisation", "x"),))
    values = node("jupyterhub: {hub: {existingSecret: x, nodeSelector: {a: acme}}}")
    on_values = cast(values, [], context)
    assert [(f.net, f.subject) for f in on_values] == [
        ("references", "Secret/x"),
        ("origin", "acme"),
        ("nodes", "label:a=acme"),
    ]
    pod = {
        "kind": "Pod",
        "metadata": {"name": "p"},
        "spec": {"nodeSelector": {"a": "acme"}, "serviceAccountName": "s"},
    }
    rendered = [f for f in cast(values, [], context, [pod]) if f.manifest]
    assert [(f.net, f.subject) for f in rendered] == [
        ("references", "ServiceAccount/s"),
        ("origin", "acme"),
        ("nodes", "label:a=acme"),
    ]
