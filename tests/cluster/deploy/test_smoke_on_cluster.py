"""Real replicas on a real cluster: deployed, tried as a person would, upgraded, rolled back, removed."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from takeout.chart.places import Places, Wanted
from takeout.cli import main
from takeout.cluster.api import Cluster
from takeout.cluster.releases import Releases

pytestmark = pytest.mark.cluster


@dataclass(frozen=True)
class Hub:
    """A hub of the snapshot.

    Attributes:
        id: Its id at the origin.
        storage: Where the replica's homes live.
        companions: The charts beside z2jh's.
        shared: Whether there is a shared folder.
    """

    id: str
    storage: str
    companions: tuple[str, ...] = ()
    shared: bool = False


HUBS = (
    Hub("cloudbank/boise", "dynamic"),
    Hub("2i2c-aws-us/showcase", "pvc:homes", ("dask-gateway",), shared=True),
    Hub("ucmerced/prod", "pvc:homes", shared=True),
)


def sized(values: dict[str, Any]) -> dict[str, Any]:
    """Return local values that make a hub fit a small machine without a network of its own.

    Only sizes change, the machines that are asked for, and what fetches pages from the internet at the start.
    """
    umbrella = "jupyterhub" in values
    hub = values["jupyterhub"] if umbrella else values
    profiles = json.loads(json.dumps(hub.get("singleuser", {}).get("profileList") or []))
    for profile in profiles:
        shrink(profile)
        for option in (profile.get("profile_options") or {}).values():
            for choice in (option.get("choices") or {}).values():
                shrink(choice)
    local: dict[str, Any] = {
        "hub": {"initContainers": [], "extraContainers": []},
        "singleuser": {"memory": {"guarantee": "64M"}, "nodeSelector": {}},
        "scheduling": {"userPlaceholder": {"resources": {"requests": {"memory": "64M"}}}},
    }
    if profiles:
        local["singleuser"]["profileList"] = profiles
    return {"jupyterhub": local} if umbrella else local


def shrink(holder: dict[str, Any]) -> None:
    override = holder.get("kubespawner_override")
    if not override:
        return
    override.pop("node_selector", None)
    for key in ("extra_resource_limits", "extra_resource_guarantees"):
        if key in override:
            override[key] = {}
    override["mem_guarantee"], override["cpu_guarantee"] = "64M", 0.01


def need_charts(hub: Hub, lock: dict[str, Any]) -> None:
    for chart in (lock["chart"], *lock["companions"]):
        wanted = Wanted(chart["chart"], chart["version"])
        if not any(Places.of().search(wanted)):
            pytest.skip(f"{hub.id} needs the chart {wanted}: pull it, or name its folder in TAKEOUT_CHARTS")


def claim(name: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def ask(live: Cluster, space: str, path: str) -> Any:
    """Return what is answered below the hub's address: by its own proxy, and by whatever that leads to."""
    with live.forward(live.service_pod("proxy-public", space), space, 8000) as address:
        return httpx.get(f"http://{address}/{path}", timeout=60).json()


@pytest.mark.parametrize("hub", HUBS, ids=lambda hub: hub.id)
def test_a_real_replica_works(  # noqa: PLR0917 - fixtures
    hub: Hub,
    live: Cluster,
    space: str,
    snapshot: Path,
    tmp_path: Path,
    images: Callable[[Iterable[str]], None],
    capfd: pytest.CaptureFixture[str],
) -> None:
    replica = tmp_path / "replica"
    options = ["--source", str(snapshot), "--domain", "hub.example.edu", "--auth", "shared-password"]
    assert main(["hub", "replicate", hub.id, "--to", str(replica), *options, "--storage", hub.storage]) == 0
    lock = json.loads((replica / "takeout.json").read_text())
    need_charts(hub, lock)
    assert [companion["chart"] for companion in lock["companions"]] == list(hub.companions)
    local = replica / "local.values.yaml"
    local.write_text(yaml.safe_dump(sized(yaml.safe_load((replica / "values.yaml").read_text()))))
    capfd.readouterr()
    assert main(["hub", "images", str(replica), "--offline", "--json"]) == 0
    listed = json.loads(capfd.readouterr().out)["images"]
    images([item["image"] for item in listed])
    if hub.storage == "pvc:homes":
        live.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
        live.create(claim("homes"), space)

    def run(*more: str) -> tuple[int, dict[str, Any]]:
        capfd.readouterr()
        code = main(["hub", "deploy", str(replica), "--namespace", space, "--offline", "--json", *more])
        return code, json.loads(capfd.readouterr().out)

    code, document = run("--profiles", "first", "--start-timeout", "240")
    steps = {step["step"]: step for step in document.get("smoke", {}).get("steps", [])}
    assert code == 0, [step for step in steps.values() if not step["ok"]] or document
    assert {"log in", "idle culling", "another user stays out", "the home persists"} <= set(steps)
    assert any("is read-only" in name for name in steps) is hub.shared
    assert any("is writable for admins" in name for name in steps) is hub.shared
    assert [
        pvc["metadata"]["name"] for pvc in live.list("PersistentVolumeClaim", space) if "check" in str(pvc)
    ] == []

    if "dask-gateway" in hub.companions:
        assert ask(live, space, "services/dask-gateway/api/health") == {"status": "pass"}

    code, document = run("--no-smoke")
    assert (code, document["deployed"]["revision"]) == (0, 2), document
    with Releases(live, space) as releases:
        releases.roll_back(document["deployed"]["release"], 1, 240)
    code, document = run("--undeploy")
    assert code == 0, document
    assert f"the claim {space}/hub-db-dir (1Gi)" in document["kept"]
    assert live.find("Deployment", "hub", space) is None
