"""Hubs of every era as their sources really had them, from small sources to a closed replica."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from takeout.adapt.context import Options
from takeout.adapt.rules import all_rules
from takeout.replica.build import build
from takeout.replica.model import Replica
from takeout.source import open_source
from takeout.targets import load_target
from takeout.values.node import Data, to_data

Files = dict[str, str]

Z2JH = "- {{name: jupyterhub, version: {version}, repository: 'https://jupyterhub.github.io/helm-chart/'}}\n"
DASK = "- {{name: dask-gateway, version: {version}, repository: 'https://helm.dask.org/'}}\n"
BINDER = (
    "- {{name: binderhub-service, version: {version}, repository: 'https://charts.acme.example/', "
    "condition: binderhub-service.enabled}}\n"
)
ADDRESS = "jupyterhub: {ingress: {hosts: [reef.acme.cloud]}}\n"
DASKHUB_NEEDS = "- {name: basehub, version: 0.1.0, repository: 'file://../basehub'}\n"
DEPLOYER = 'class Hub:\n    def get_generated_config(self):\n        return {"hub": self.spec["auth0"]}\n'


def chart(name: str, *needs: str) -> str:
    return f"apiVersion: v2\nname: {name}\nversion: 0.1.0\ndependencies:\n{''.join(needs)}"


def inline(config: str, template: str = "basehub", *, deployer: str = DEPLOYER) -> Files:
    """A cluster whose only hub has its values in the cluster file (E4)."""
    values = "".join(f"      {line}\n" for line in config.splitlines())
    return {
        "config/hubs/reef.cluster.yaml": (
            "name: reef\nprovider: gcp\ngcp: {project: acme-reef-77, cluster: reef-cluster}\nhubs:\n"
            f"  - name: prod\n    domain: reef.acme.cloud\n    template: {template}\n    config:\n{values}"
        ),
        "deployer/hub.py": deployer,
        "hub-templates/basehub/Chart.yaml": chart("basehub", Z2JH.format(version="1.1.3")),
        "hub-templates/basehub/values.yaml": "jupyterhub: {}\n",
        "hub-templates/daskhub/Chart.yaml": chart("daskhub", DASKHUB_NEEDS, DASK.format(version="0.9.0")),
        "hub-templates/daskhub/values.yaml": "dask-gateway: {gateway: {auth: {type: jupyterhub}}}\n",
    }


def listed(values: str, name: str = "basehub", *, needs: str, defaults: str, deployer: str = "") -> Files:
    """A cluster whose only hub has its values in a file (E5 with a deployer that adds values, E6 without)."""
    files = {
        "config/clusters/reef/cluster.yaml": (
            "name: reef\nprovider: gcp\ngcp: {project: acme-reef-77, cluster: reef-cluster}\nhubs:\n"
            f"- name: prod\n  domain: reef.acme.cloud\n  helm_chart: {name}\n"
            "  helm_chart_values_files: [address.values.yaml, prod.values.yaml]\n"
        ),
        "config/clusters/reef/address.values.yaml": "{}\n" if deployer else ADDRESS,
        "config/clusters/reef/prod.values.yaml": values,
        "helm-charts/basehub/Chart.yaml": chart("basehub", needs),
        "helm-charts/basehub/values.yaml": defaults,
        "helm-charts/daskhub/Chart.yaml": chart("daskhub", DASKHUB_NEEDS, DASK.format(version="2022.6.1")),
        "helm-charts/daskhub/values.yaml": "dask-gateway: {enabled: true, gateway: {auth: {type: jupyterhub}}}\n",
    }
    return files | ({"deployer/hub.py": deployer} if deployer else {})


def replica(root: Path, files: Files, era: str) -> Replica:
    for file, text in files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    source = open_source(str(root))
    assert source.era == era
    [hub] = source.hubs()
    made = build(source.load(hub), Options("hub.example.edu"), load_target("any"), all_rules())
    assert made.surprises == ()
    return made


def at(made: Replica, *path: str) -> Data:
    data: Any = to_data(made.values)
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data  # type: ignore[no-any-return]  # a plain document has any shape


def actions(made: Replica) -> set[str]:
    return {action.id for action in made.adaptation.actions}


def secrets(made: Replica) -> set[str]:
    return {secret.path for secret in made.adaptation.secrets}


TOKENS = {"dask-gateway.gateway.auth.jupyterhub.apiToken", "jupyterhub.hub.services.dask-gateway.apiToken"}


def test_e4_cloud_resources_lay_beside_z2jhs_own_values(tmp_path: Path) -> None:
    config = (
        "jupyterhub:\n  cloudResources: {provider: gcp, gcp: {projectId: acme-reef-77}, "
        "scratchBucket: {enabled: true}}\n"
    )
    made = replica(tmp_path, inline(config), "E4")
    assert "acme-reef-77" not in made.files["values.yaml"]
    assert at(made, "cloudResources", "scratchBucket", "enabled") is False
    assert "copy-bucket-scratch" in actions(made)


def test_e4_first_dask_gateway_shares_a_token(tmp_path: Path) -> None:
    made = replica(tmp_path, inline("basehub: {jupyterhub: {}}", "daskhub"), "E4")
    assert secrets(made) >= TOKENS
    assert "version: 0.9.0" not in made.files["Chart.yaml"]
    assert at(made, "jupyterhub", "hub", "services", "dask-gateway", "display") is False


def test_e4_scheduling_is_left_to_the_cluster(tmp_path: Path) -> None:
    made = replica(tmp_path, inline("jupyterhub: {scheduling: {userScheduler: {enabled: true}}}"), "E4")
    assert at(made, "scheduling", "userScheduler", "enabled") is False


DOCS = """\
jupyterhub:
  custom: {docs_service: {enabled: false, repo: '', branch: ''}}
  hub:
    extraConfig:
      05-add-docs-service-if-enabled: |
        from z2jh import get_config

        if get_config("custom.docs_service.enabled"):
            c.JupyterHub.services.append({"name": "docs", "url": "http://docs-service"})
"""


@pytest.mark.parametrize("enabled", [True, False])
def test_e5_pages_served_by_the_origins_chart_are_gone(tmp_path: Path, *, enabled: bool) -> None:
    values = (
        "jupyterhub: {custom: {docs_service: "
        f"{{enabled: {str(enabled).lower()}, repo: 'https://forge.example.org/reef/docs', branch: pages}}}}}}\n"
    )
    files = listed(values, needs=Z2JH.format(version="1.2.0"), defaults=DOCS, deployer=DEPLOYER)
    made = replica(tmp_path, files, "E5")
    assert "docs-service" not in made.files["values.yaml"]
    assert ("publish-docs" in actions(made)) is enabled


def test_e5_dask_gateway_of_2022_is_told_nothing_that_its_schema_refuses(tmp_path: Path) -> None:
    files = listed(
        "basehub: {jupyterhub: {}}\n",
        "daskhub",
        needs=Z2JH.format(version="1.2.0"),
        defaults="jupyterhub: {}\n",
        deployer=DEPLOYER,
    )
    made = replica(tmp_path, files, "E5")
    assert "apiTokenFromSecret" not in made.files["values.yaml"]
    assert secrets(made) >= TOKENS


INIT = """\
jupyterhub:
  singleuser:
    initContainers:
      - {name: fix-ownership, image: busybox, command: [chown, 1000, /home/jovyan]}
"""


@pytest.mark.parametrize("deployer", [DEPLOYER, ""])
def test_a_null_leaves_an_empty_list_where_the_chart_joins_it(tmp_path: Path, deployer: str) -> None:
    files = listed(
        "jupyterhub: {singleuser: {initContainers: null}}\n",
        needs=Z2JH.format(version="2.0.0"),
        defaults=INIT,
        deployer=deployer,
    )
    made = replica(tmp_path, files, "E5" if deployer else "E6")
    assert at(made, "singleuser", "initContainers") == []


@pytest.mark.parametrize(
    ("version", "host"),
    [("0.1.0-0.dev.git.110.hd833d08", "prod-binderhub-service"), ("0.1.0-0.dev.git.303.h6b5e651", "binderhub")],
)
def test_e6_binderhub_service_is_found_by_the_name_of_its_day(tmp_path: Path, version: str, host: str) -> None:
    values = (
        "binderhub-service: {enabled: true}\n"
        f"jupyterhub: {{hub: {{services: {{binder: {{url: 'http://{host}:8090', display: false}}}}}}}}\n"
    )
    files = listed(
        values,
        needs=Z2JH.format(version="3.3.7") + BINDER.format(version=version),
        defaults="binderhub-service: {enabled: false}\njupyterhub: {}\n",
    )
    made = replica(tmp_path, files, "E6")
    assert at(made, "jupyterhub", "hub", "services", "binder", "url") == f"http://{host}:8090"
