import os
import socket
import subprocess
import threading
from typing import Any

import pytest

from takeout.cluster import lease
from takeout.cluster.api import Cluster
from takeout.cluster.lease import held
from takeout.errors import ClusterError


def silent(_: str) -> None:
    pass


def somebody_elses(holder: str, renewed: str = "2026-05-05T10:00:00.000000Z") -> dict[str, Any]:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "takeout-reef"},
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": 1,
            "acquireTime": renewed,
            "renewTime": renewed,
        },
    }


def test_a_lease_is_taken_and_given_back(faked: Cluster) -> None:
    with held(faked, "reef", "reef", tell=silent) as left_behind:
        found = faked.get("Lease", "takeout-reef", "reef")
        assert found["spec"]["holderIdentity"].startswith(f"{socket.gethostname()}/{os.getpid()}/")
        assert not left_behind
    assert faked.find("Lease", "takeout-reef", "reef") is None


def test_it_is_given_back_when_the_work_fails(faked: Cluster) -> None:
    with pytest.raises(ZeroDivisionError), held(faked, "reef", "reef", tell=silent):
        raise ZeroDivisionError
    assert faked.find("Lease", "takeout-reef", "reef") is None


def test_two_at_once_are_refused(faked: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second sees the first renew its lease; no clock decides."""
    looks = iter(range(1000))
    said: list[str] = []

    def renewed(name: str, namespace: str) -> None:
        found = faked.get("Lease", name, namespace)
        spec = {**found["spec"], "renewTime": f"2026-05-05T10:00:{next(looks):02}.000000Z"}
        faked.replace({**found, "spec": spec}, namespace)

    faked.create(somebody_elses("elsewhere/1/abc"), "reef")
    monkeypatch.setattr(lease.time, "sleep", lambda _: renewed("takeout-reef", "reef"))
    with (
        pytest.raises(ClusterError, match="under way, by process 1 on elsewhere") as caught,
        held(faked, "reef", "reef", tell=said.append, lease_seconds=60),
    ):
        pass
    assert caught.value.reason == "Busy"
    assert said == ["a deployment by process 1 on elsewhere may be under way: waiting to see whether it is alive"]
    assert faked.get("Lease", "takeout-reef", "reef")["spec"]["holderIdentity"] == "elsewhere/1/abc"


def test_a_lease_that_is_not_renewed_is_taken_over(faked: Cluster) -> None:
    faked.create(somebody_elses("elsewhere/1/abc"), "reef")
    with held(faked, "reef", "reef", tell=silent) as left_behind:
        assert left_behind


def test_a_process_of_this_machine_that_is_gone_is_not_waited_for(faked: Cluster) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    item = somebody_elses(f"{socket.gethostname()}/{ended.pid}/abc")
    item["spec"]["leaseDurationSeconds"] = 3600
    faked.create(item, "reef")
    with held(faked, "reef", "reef", tell=silent) as left_behind:
        assert left_behind


def test_it_is_renewed_while_the_work_lasts(faked: Cluster) -> None:
    with held(faked, "reef", "reef", tell=silent, lease_seconds=1):
        first = faked.get("Lease", "takeout-reef", "reef")["spec"]["renewTime"]
        later = threading.Event()
        for _ in range(600):
            if faked.get("Lease", "takeout-reef", "reef")["spec"]["renewTime"] != first:
                break
            later.wait(0.05)
        else:
            pytest.fail("it was not renewed")
