"""The last lines of those containers that have something to tell."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from takeout.cluster.api import Cluster
from takeout.cluster.doctor.picture import lines_of
from takeout.cluster.doctor.pods import Container, Pod
from takeout.cluster.doctor.snapshot import Snapshot, Unread
from takeout.errors import ClusterError

_LINES = {"hub": 2000, "proxy": 300, "autohttps": 300}
"""A hub says only once, when it starts, that nobody is allowed; the others repeat themselves."""

_LINES_OF_OTHERS = 80
_MOST_OTHERS = 20
"""So many servers that do not start say as much as hundreds."""

_NO_LOG = "unable to retrieve container logs for"
"""What the kubelet gives in place of a log that the runtime has removed, as if it were one."""

_AT_A_TIME = 8
_FORBIDDEN = 403

Logs = dict[str, tuple[str, ...]]


def read_logs(cluster: Cluster, snapshot: Snapshot) -> tuple[Logs, Logs, list[Unread]]:
    """Return the containers' last lines, those of the runs before, and what could not be read."""
    wanted = list(_wanted(snapshot))
    now: Logs = {}
    before: Logs = {}
    refused: set[str] = set()

    def read(pod: Pod, container: Container, previous: bool) -> None:
        lines = _LINES.get(pod.part, _LINES_OF_OTHERS)
        try:
            text = cluster.logs(
                pod.name, snapshot.namespace, container=container.name, lines=lines, previous=previous
            )
        except ClusterError as error:
            if error.status == _FORBIDDEN:
                refused.add("logs")
            return  # a container that has not started, or whose log was turned over, has none
        if not text.startswith(_NO_LOG):
            (before if previous else now)[f"{pod.name}/{container.name}"] = lines_of(text)

    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="doctor-logs") as pool:
        for future in [pool.submit(read, *one) for one in wanted]:
            future.result()
    return now, before, [Unread(what, "not allowed") for what in sorted(refused)]


def _wanted(snapshot: Snapshot) -> Iterator[tuple[Pod, Container, bool]]:
    """Yield the containers whose logs matter, and whether the run before is meant."""
    others = 0
    for pod in snapshot.pods:
        if pod.deleted and pod.part != "hub":
            continue
        is_core = pod.part in _LINES
        failing = any(not container.ready for container in pod.spec.containers if not container.init)
        if not is_core:
            others += failing
            if not failing or others > _MOST_OTHERS:
                continue
        for container in pod.spec.containers:
            if not container.state or (container.init and not container.is_failing):
                continue
            yield pod, container, False
            if container.restarts and not container.ready:
                yield pod, container, True
