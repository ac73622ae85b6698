"""How a hub's parts are called, what does not work without them, and the commands that reach them."""

from __future__ import annotations

from takeout.cluster.doctor.pods import Pod
from takeout.cluster.doctor.snapshot import Snapshot


def kubectl(snapshot: Snapshot, arguments: str) -> str:
    """Return a command for the hub's cluster and namespace."""
    context = f" --context {snapshot.context}" if snapshot.context else ""
    return f"kubectl{context} --namespace {snapshot.namespace} {arguments}"


def everywhere(snapshot: Snapshot, arguments: str) -> str:
    """Return a command for what belongs to no namespace."""
    context = f" --context {snapshot.context}" if snapshot.context else ""
    return f"kubectl{context} {arguments}"


def restart(snapshot: Snapshot, part: str) -> str:
    """Return the command that starts the hub or the proxy again."""
    names = [
        workload.name for workload in snapshot.workloads if workload.kind == "Deployment" and workload.part == part
    ]
    return kubectl(snapshot, f"rollout restart deployment {next(iter(names), part)}")


def user_of(pod_name: str) -> str:
    """Return whose server a pod was, as far as its name tells; KubeSpawner puts a hash behind odd names."""
    return pod_name.removeprefix("jupyter-").partition("---")[0]


def stopped_by(pod: Pod) -> tuple[str, ...]:
    """Return what does not work while this pod does not, in the words of ``Finding.stops``."""
    return stopped(pod.part, pod.name, pod.user)


def stopped(part: str, name: str = "", user: str = "") -> tuple[str, ...]:
    """Return what does not work while a pod of this part does not."""
    own = (f"pod/{name}",) if name else ()
    match part:
        case "hub":
            return (*own, "hub")
        case "proxy":
            return (*own, "proxy")
        case "autohttps":
            return (*own, "address")
        case "singleuser-server":
            return (*own, f"user/{user or user_of(name)}")
        case "user-scheduler":
            return (*own, "scheduler")
    return own


def whose(pod: Pod) -> str:
    """Return the pod as a person would call it."""
    return named_part(pod.part, pod.name, pod.user)


def named_part(part: str, name: str, user: str = "") -> str:
    """Return a part of a hub as a person would call it."""
    words = {
        "hub": "the hub",
        "proxy": "the proxy",
        "autohttps": "the proxy that gets certificates",
        "user-scheduler": "the user scheduler",
        "image-puller": "the puller of images",
    }
    if part == "singleuser-server":
        return f"the server of {user or user_of(name)}"
    return words.get(part, f"the pod {name}")
