"""Keep two deployments of one release apart, by a Lease that is renewed while one is under way."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from takeout.cluster.api import Cluster
from takeout.cluster.refusals import CONFLICT
from takeout.cluster.store import Object
from takeout.errors import ClusterError, NetworkError, TakeoutError

LEASE_SECONDS = 20
"""For how long a deployment may be silent before another may take over; a renewal comes every quarter of it."""

_LOOK_SECONDS = 1.0


@contextmanager
def held(
    cluster: Cluster,
    namespace: str,
    release: str,
    *,
    tell: Callable[[str], None],
    lease_seconds: int = LEASE_SECONDS,
) -> Iterator[bool]:
    """Hold the Lease of a release; yield whether an earlier deployment left it behind.

    Args:
        cluster: The cluster.
        namespace: The release's namespace, which must be there.
        release: The release.
        tell: Told when an earlier deployment's silence must be waited for.
        lease_seconds: How long it lasts without a renewal.

    Raises:
        ClusterError: When another deployment is under way.
    """
    name, me = f"takeout-{release}", _holder()
    left_behind = _acquire(cluster, namespace, name, me, seconds=lease_seconds, tell=tell)
    ended = threading.Event()
    keeper = threading.Thread(
        target=_keep,
        args=(cluster, namespace, name, me, ended, lease_seconds / 4),
        name=f"lease {name}",
        daemon=True,
    )
    keeper.start()
    try:
        yield left_behind
    except NetworkError:
        # What became of the work is not known: whoever comes next is to find the lease, and look.
        _end(ended, keeper)
        raise
    except BaseException:
        _end(ended, keeper)
        _give_back(cluster, namespace, name, me)
        raise
    _end(ended, keeper)
    _give_back(cluster, namespace, name, me)


def _end(ended: threading.Event, keeper: threading.Thread) -> None:
    ended.set()
    keeper.join()


def _give_back(cluster: Cluster, namespace: str, name: str, me: str) -> None:
    # A cluster that has gone away lets it run out.
    with contextlib.suppress(TakeoutError):
        _release(cluster, namespace, name, me)


def _acquire(
    cluster: Cluster, namespace: str, name: str, me: str, *, seconds: int, tell: Callable[[str], None]
) -> bool:
    told = False
    while True:
        found = cluster.find("Lease", name, namespace)
        try:
            if found is None:
                cluster.create(_lease(name, me, seconds), namespace)
                return False
            holder = str((found.get("spec") or {}).get("holderIdentity") or "")
            if not holder:
                cluster.replace({**found, "spec": _lease(name, me, seconds)["spec"]}, namespace)
                return False
            if not _is_gone(holder):
                if not told:
                    tell(f"a deployment by {_who(holder)} may be under way: waiting to see whether it is alive")
                    told = True
                _wait_for_silence(cluster, namespace, found, holder)
            cluster.replace({**found, "spec": _lease(name, me, seconds)["spec"]}, namespace)
            return True  # noqa: TRY300 - the one way out that others follow
        except ClusterError as error:
            if error.status != CONFLICT:
                raise  # somebody was quicker: look again


def _wait_for_silence(cluster: Cluster, namespace: str, found: Object, holder: str) -> None:
    """Return when the lease has not been renewed for as long as it says; clocks are not compared."""
    spec = found["spec"]
    deadline = time.monotonic() + float(spec.get("leaseDurationSeconds") or LEASE_SECONDS)
    while time.monotonic() < deadline:
        now = cluster.find("Lease", found["metadata"]["name"], namespace)
        state = (now or {}).get("spec") or {}
        if state.get("holderIdentity") in (None, ""):
            raise ClusterError("the lease was given back", status=CONFLICT)
        if state.get("renewTime") != spec.get("renewTime"):
            raise ClusterError(
                f"another deployment of {found['metadata']['name'].removeprefix('takeout-')} is under way, "
                f"by {_who(holder)} since {state.get('acquireTime', '')[:19]}",
                reason="Busy",
                hint="wait until it has ended, then run this again",
            )
        time.sleep(_LOOK_SECONDS)


def _keep(  # noqa: PLR0917 - a thread's target
    cluster: Cluster, namespace: str, name: str, me: str, ended: threading.Event, pause_seconds: float
) -> None:
    while not ended.wait(pause_seconds):
        # A renewal that fails is tried again at the next turn; the lease has time for three of them.
        if not cluster.connection.answers():
            continue
        with contextlib.suppress(TakeoutError):
            _renew(cluster, namespace, name, me)


def _renew(cluster: Cluster, namespace: str, name: str, me: str) -> None:
    found = cluster.find("Lease", name, namespace)
    if found is not None and (found.get("spec") or {}).get("holderIdentity") == me:
        cluster.replace({**found, "spec": {**found["spec"], "renewTime": _now()}}, namespace)


def _release(cluster: Cluster, namespace: str, name: str, me: str) -> None:
    found = cluster.find("Lease", name, namespace)
    if found is not None and (found.get("spec") or {}).get("holderIdentity") == me:
        metadata = found["metadata"]
        cluster.delete("Lease", name, namespace, uid=metadata["uid"], version=metadata["resourceVersion"])


def _lease(name: str, me: str, seconds: int) -> Object:
    now = _now()
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "takeout"}},
        "spec": {"holderIdentity": me, "leaseDurationSeconds": seconds, "acquireTime": now, "renewTime": now},
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _holder() -> str:
    return f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


def _who(holder: str) -> str:
    host, _, rest = holder.partition("/")
    return f"process {rest.partition('/')[0]} on {host}"


def _is_gone(holder: str) -> bool:
    """Whether the holder was a process of this very machine, and is no more."""
    host, _, rest = holder.partition("/")
    number = rest.partition("/")[0]
    if host != socket.gethostname() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
