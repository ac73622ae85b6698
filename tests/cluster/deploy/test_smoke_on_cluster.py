"""Real replicas on a real cluster: deployed, tried as a person would, upgraded, rolled back, removed."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from cluster.deploy.small import Run
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


_BROUGHT = ("gateway.dask.org", "traefik.containo.us", "traefik.io")
"""The groups of kinds that the companions' charts bring; Helm never takes them away."""

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


@pytest.fixture
def clean(live: Cluster, space: str) -> Iterator[None]:
    """Leave nothing outside of the namespace: neither of a test that failed, nor kinds that a chart brings."""
    before = _kinds(live)
    yield
    with Releases(live, space) as releases:
        for left in releases.all():
            releases.uninstall(left.release, 240)
    for name in _kinds(live) - before:
        live.delete("CustomResourceDefinition", name)


def _kinds(live: Cluster) -> set[str]:
    names = {str(item["metadata"]["name"]) for item in live.list("CustomResourceDefinition")}
    return {name for name in names if name.partition(".")[2] in _BROUGHT}


@pytest.fixture(params=HUBS, ids=lambda hub: hub.id)
def hub(request: pytest.FixtureRequest) -> Hub:
    found: Hub = request.param
    return found


@pytest.fixture
def sized_replica(hub: Hub, snapshot: Path, tmp_path: Path) -> Path:
    """A replica of the hub, unchanged but for its domain and size."""
    replica = tmp_path / "replica"
    options = ["--source", str(snapshot), "--domain", "hub.example.edu", "--auth", "shared-password"]
    assert main(["hub", "replicate", hub.id, "--to", str(replica), *options, "--storage", hub.storage]) == 0
    lock = json.loads((replica / "takeout.json").read_text())
    need_charts(hub, lock)
    assert [companion["chart"] for companion in lock["companions"]] == list(hub.companions)
    local = replica / "local.values.yaml"
    local.write_text(yaml.safe_dump(sized(yaml.safe_load((replica / "values.yaml").read_text()))))
    return replica


@pytest.fixture
def deploy(
    sized_replica: Path,
    space: str,
    images: Callable[[Iterable[str]], None],
    capfd: pytest.CaptureFixture[str],
) -> Run:
    """Deploy the replica, whose images are there, and return the exit code and the document."""
    capfd.readouterr()
    assert main(["hub", "images", str(sized_replica), "--offline", "--json"]) == 0
    images([item["image"] for item in json.loads(capfd.readouterr().out)["images"]])

    def run(*more: str) -> tuple[int, dict[str, Any]]:
        capfd.readouterr()
        code = main(["hub", "deploy", str(sized_replica), "--namespace", space, "--offline", "--json", *more])
        return code, json.loads(capfd.readouterr().out)

    return run


@pytest.mark.usefixtures("clean")
def test_a_real_replica_works(hub: Hub, live: Cluster, space: str, deploy: Run) -> None:
    if hub.storage == "pvc:homes":
        live.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
        live.create(claim("homes"), space)
    code, document = deploy("--profiles", "first", "--start-timeout", "240")
    steps = {step["step"]: step for step in document.get("smoke", {}).get("steps", [])}
    assert code == 0, [step for step in steps.values() if not step["ok"]] or document
    assert {"log in", "idle culling", "another user stays out", "the home persists"} <= set(steps)
    assert any("is read-only" in name for name in steps) is hub.shared
    assert any("is writable for admins" in name for name in steps) is hub.shared
    claims = [str(item["metadata"]["name"]) for item in live.list("PersistentVolumeClaim", space)]
    assert [name for name in claims if "check" in name] == []
    if "dask-gateway" in hub.companions:
        assert ask(live, space, "services/dask-gateway/api/health") == {"status": "pass"}

    code, document = deploy("--no-smoke")
    assert (code, document["deployed"]["revision"]) == (0, 2), document
    with Releases(live, space) as releases:
        releases.roll_back(document["deployed"]["release"], 1, 240)
    code, document = deploy("--undeploy")
    assert code == 0, document
    assert f"the claim {space}/hub-db-dir (1Gi)" in document["kept"]
    assert live.find("Deployment", "hub", space) is None
