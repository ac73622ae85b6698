from typing import Any

import pytest

from takeout.cluster.api import Cluster
from takeout.cluster.watch import is_going, pending, told, why_not_ready


def pod(name: str, status: dict[str, Any], **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}, "status": status}


def held(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    state = {
        "name": "hub",
        "image": "registry.example.edu/hub:1",
        "state": {"waiting": {"reason": reason}},
        **more,
    }
    state["state"]["waiting"]["message"] = message
    return {"phase": "Pending", "containerStatuses": [state]}


def event(name: str, reason: str, message: str, kind: str = "Warning", about: str = "Pod") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": f"{name}.{reason}"},
        "involvedObject": {"kind": about, "name": name},
        "type": kind,
        "reason": reason,
        "message": message,
        "lastTimestamp": "2026-05-05T10:00:00Z",
    }


UNSCHEDULED = {
    "phase": "Pending",
    "conditions": [
        {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available: 1 Insufficient memory."}
    ],
}


@pytest.mark.parametrize(
    ("status", "words", "stuck"),
    [
        (
            held("ImagePullBackOff", "Back-off pulling image"),
            "the image registry.example.edu/hub:1 cannot be pulled (ImagePullBackOff): Back-off pulling image",
            True,
        ),
        (
            held("CrashLoopBackOff", lastState={"terminated": {"exitCode": 1}}),
            "its container hub ends again and again (exit code 1)",
            True,
        ),
        (
            held("CreateContainerConfigError", 'secret "hub" not found'),
            'CreateContainerConfigError: secret "hub" not found',
            True,
        ),
        (UNSCHEDULED, "no node takes it: 0/1 nodes are available: 1 Insufficient memory.", True),
        (held("ContainerCreating"), "it starts", False),
        ({"phase": "Running"}, "it runs, and is not ready yet", False),
    ],
)
def test_a_pod_says_why(status: dict[str, Any], words: str, stuck: bool) -> None:
    assert why_not_ready({"status": status}) == (words, stuck)


def test_the_last_event_says_why_where_the_pod_does_not() -> None:
    events = [
        event("hub", "FailedMount", 'MountVolume.SetUp failed: configmap "x" not found'),
        event("hub", "Pulling", "Pulling image", kind="Normal"),
    ]
    status = {"status": held("ContainerCreating")}
    assert why_not_ready(status, events[:1]) == ('MountVolume.SetUp failed: configmap "x" not found', True)
    assert why_not_ready(status, events) == ("Pulling image", False)


def test_what_is_ready_or_on_its_way_out_or_a_persons_is_left_out(faked: Cluster, api: Any) -> None:
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    api.put(pod("hub-1", ready), "reef")
    api.put(pod("jupyter-ada", UNSCHEDULED, component="singleuser-server"), "reef")
    api.put(pod("user-placeholder-0", UNSCHEDULED, component="user-placeholder"), "reef")
    api.put(pod("hook-1", {"phase": "Succeeded"}), "reef")
    api.put(pod("proxy-1", UNSCHEDULED), "reef")
    # Helm waits for a placeholder as for everything else.
    assert [item.pod for item in pending(faked, "reef")] == ["user-placeholder-0", "proxy-1"]


def test_a_namespace_that_goes_is_seen(faked: Cluster, api: Any) -> None:
    assert is_going(faked, "reef")
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "reef"}}
    api.put(namespace)
    assert not is_going(faked, "reef")
    api.put({**namespace, "metadata": {"name": "reef", "deletionTimestamp": "2026-05-05T10:00:00Z"}})
    assert is_going(faked, "reef")


def test_pods_that_are_refused_are_seen(faked: Cluster, api: Any) -> None:
    api.put(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {"name": "hub-7c"},
            "spec": {"replicas": 1},
            "status": {"replicas": 0},
        },
        "reef",
    )
    api.put(event("hub-7c", "FailedCreate", "pods is forbidden: exceeded quota", about="ReplicaSet"), "reef")
    assert [str(item) for item in pending(faked, "reef")] == [
        "hub-7c: its pods are refused: pods is forbidden: exceeded quota"
    ]


def test_only_what_is_new_is_told(faked: Cluster, api: Any) -> None:
    api.put(pod("hub-1", UNSCHEDULED), "reef")
    said: list[str] = []
    before = told(pending(faked, "reef"), before=set(), tell=said.append)
    told(pending(faked, "reef"), before=before, tell=said.append)
    assert len(said) == 1
    assert said[0].startswith("waiting for hub-1: no node takes it")
