"""Whether nodes have what the hub's pods and people's servers ask for."""

from typing import Any

from cluster.deploy.checks import Look, node, whats

PROFILES = """
singleuser:
  profileList:
    - {display_name: Small, kubespawner_override: {mem_guarantee: 1G}}
    - display_name: Large
      kubespawner_override: {mem_guarantee: 30G, node_selector: {pool: big}}
    - display_name: GPU
      kubespawner_override: {extra_resource_limits: {nvidia.com/gpu: "1"}}
"""


def test_room_labels_and_devices(look: Look, api: Any) -> None:
    api.put(node("n1"))
    results = look(PROFILES)
    assert "server of the profile 'Large'" in whats(results["room"])
    assert "30.0 GiB, pool=big" in whats(results["room"])
    assert "'GPU'" in whats(results["room"])
    assert "'Small'" not in whats(results["room"])
    assert "labelled pool=big, which the cluster does not have" in whats(results["nodes"])
    api.put(node("n2", memory="64Gi", pool="big"))
    assert "'Large'" not in whats(look(PROFILES)["room"])


def test_taints_keep_out_and_other_pods_take_room(look: Look, api: Any) -> None:
    own = "singleuser: {memory: {guarantee: 10G}}"
    api.put(node("n1", taints=[{"key": "dedicated", "value": "others", "effect": "NoSchedule"}]))
    assert "no node fits" in whats(look(own)["room"])
    api.put(node("n1", taints=[{"key": "hub.jupyter.org/dedicated", "value": "user", "effect": "NoSchedule"}]))
    assert look(own)["room"].status == "ok"
    api.put(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "big"},
            "spec": {"nodeName": "n1", "containers": [{"resources": {"requests": {"memory": "12Gi"}}}]},
        },
        "elsewhere",
    )
    assert "no node has room now for a person's server" in whats(look(own)["room"])


PLACEHOLDER = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: user-placeholder}
spec:
  replicas: REPLICAS
  template: {spec: {containers: [{name: pause, resources: {requests: {memory: 32Gi}}}]}}
"""


def test_a_placeholder_without_a_node_is_doubtful(look: Look, api: Any) -> None:
    """An autoscaler may bring the node; where there is none, Helm waits until the time is up."""
    api.put(node("n1"))
    room = look(template=PLACEHOLDER.replace("REPLICAS", "1"))["room"]
    assert room.status == "doubtful"
    assert "no node fits a placeholder for a person's server (0 cores and 32.0 GiB)" in whats(room)
    assert "scheduling.userPlaceholder.enabled: false" in room.problems[0].mend
    assert look(template=PLACEHOLDER.replace("REPLICAS", "0"))["room"].status == "ok"
