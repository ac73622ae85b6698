"""Tell in words what a deployment waits for: which pods are not ready, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from takeout.cluster.api import Cluster, is_ready, when
from takeout.cluster.store import Object

_WARNINGS = frozenset(
    {
        "FailedMount",
        "FailedAttachVolume",
        "FailedScheduling",
        "FailedCreate",
        "FailedBinding",
        "ProvisioningFailed",
        "BackOff",
        "Failed",
        "Unhealthy",
    }
)
_SETTLED = ("ContainerCreating", "PodInitializing", "")
_MOST = 300


@dataclass(frozen=True, slots=True)
class Waiting:
    """A pod that is not ready.

    Attributes:
        pod: Its name.
        why: Why, in words.
        is_stuck: Whether waiting alone will hardly help.
    """

    pod: str
    why: str
    is_stuck: bool = False

    def __str__(self) -> str:
        """Return the pod and the reason."""
        return f"{self.pod}: {self.why}"


def is_going(cluster: Cluster, namespace: str) -> bool:
    """Whether a namespace is gone, or on its way out."""
    found = cluster.find("Namespace", namespace)
    return found is None or bool(found["metadata"].get("deletionTimestamp"))


def pending(cluster: Cluster, namespace: str) -> list[Waiting]:
    """Return the namespace's pods that are not ready, each with the reason; servers of people are left out."""
    events: dict[str, list[Object]] = {}
    for event in cluster.events(namespace):
        about = event.get("involvedObject") or {}
        events.setdefault(f"{about.get('kind')}/{about.get('name')}", []).append(event)
    pods = cluster.list("Pod", namespace)
    found = [_waiting(pod, events) for pod in pods if _counts(pod)]
    found += [_without_pods(item, events) for item in _empty_sets(cluster, namespace)]
    return [item for item in found if item is not None]


def told(waiting: Iterable[Waiting], *, before: set[str], tell: Callable[[str], None]) -> set[str]:
    """Tell what is new in ``waiting`` and return what was told by now.

    That a probe fails is told only of what has failed in the end: everything that starts fails its first one.
    """
    now = {str(item) for item in waiting if " probe failed" not in item.why}
    for line in sorted(now - before):
        tell(f"waiting for {line}")
    return before | now


def why_not_ready(pod: Mapping[str, Any], events: Iterable[Mapping[str, Any]] = ()) -> tuple[str, bool]:
    """Return why a pod is not ready, and whether waiting alone will hardly help."""
    status = pod.get("status") or {}
    for state in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        name = state.get("name")
        held = (state.get("state") or {}).get("waiting") or {}
        reason = str(held.get("reason") or "")
        if reason in ("ImagePullBackOff", "ErrImagePull", "InvalidImageName"):
            detail = _short(held.get("message"))
            return f"the image {state.get('image')} cannot be pulled ({reason}): {detail}", True
        if reason == "CrashLoopBackOff":
            ended = (state.get("lastState") or {}).get("terminated") or {}
            return f"its container {name} ends again and again (exit code {ended.get('exitCode', '?')})", True
        if reason not in _SETTLED:
            return f"{reason}: {_short(held.get('message'))}", True
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return f"no node takes it: {_short(condition.get('message'))}", True
    last = next((event for event in sorted(events, key=when)[::-1] if _tells(event)), None)
    if last is not None:
        stuck = last.get("type") == "Warning"
        return f"{_short(last.get('message'))}", stuck
    return ("it starts" if status.get("phase") == "Pending" else "it runs, and is not ready yet"), False


def _counts(pod: Object) -> bool:
    labels = pod["metadata"].get("labels") or {}
    phase = (pod.get("status") or {}).get("phase")
    return (
        labels.get("component") != "singleuser-server"
        and phase != "Succeeded"
        and not pod["metadata"].get("deletionTimestamp")
        and not is_ready(pod)
    )


def _waiting(pod: Object, events: Mapping[str, list[Object]]) -> Waiting | None:
    name = str(pod["metadata"]["name"])
    return Waiting(name, *why_not_ready(pod, events.get(f"Pod/{name}", ())))


def _empty_sets(cluster: Cluster, namespace: str) -> list[Object]:
    """Return the replica sets that may not make the pods they should: a quota, a policy, a missing account."""
    return [
        item
        for item in cluster.list("ReplicaSet", namespace)
        if ((item.get("spec") or {}).get("replicas") or 0) > ((item.get("status") or {}).get("replicas") or 0)
    ]


def _without_pods(item: Object, events: Mapping[str, list[Object]]) -> Waiting | None:
    name = str(item["metadata"]["name"])
    failed = [event for event in events.get(f"ReplicaSet/{name}", ()) if event.get("reason") == "FailedCreate"]
    return Waiting(name, f"its pods are refused: {_short(failed[-1].get('message'))}", True) if failed else None


def _tells(event: Mapping[str, Any]) -> bool:
    return event.get("type") == "Warning" or event.get("reason") in ("Pulling", "SuccessfulAttachVolume")


def _short(message: object) -> str:
    text = " ".join(str(message or "").split())
    return text if len(text) <= _MOST else f"{text[:_MOST]}…"
