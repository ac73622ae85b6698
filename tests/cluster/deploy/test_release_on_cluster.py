"""Releases that were installed with Helm by hand, read as a source from a real cluster."""

import json
from pathlib import Path

import pytest
import yaml

from takeout.chart.helm import Chart
from takeout.chart.places import Places, Wanted
from takeout.cli import main
from takeout.cluster.api import Cluster
from takeout.cluster.releases import Releases
from takeout.replica.files import read_files
from takeout.values.node import to_data

pytestmark = pytest.mark.cluster


def test_a_release_by_hand_is_replicated_with_equal_values(
    live: Cluster, space: str, tiny_chart: Path, tmp_path: Path
) -> None:
    given = {
        "hub": {
            "config": {
                "JupyterHub": {"authenticator_class": "dummy"},
                "DummyAuthenticator": {"password": "p" * 12},
            }
        },
        "word": "theirs",
    }
    live.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    with Releases(live, space) as releases:
        releases._call("install", releases._config.install, tiny_chart, "reef", given)
    source = ["--source", f"release:{live.context}/{space}/reef"]
    assert main(["hub", "replicate", *source, "--to", str(tmp_path / "again"), "--with-secrets", "-q"]) in (0, 1)
    assert to_data(read_files(tmp_path / "again").merged) == given


# The chart makes up what is secret and not given, anew for its checksums: nothing would compare equal.
GIVEN = """
proxy: {secretToken: TOKEN, service: {type: ClusterIP}}
cull: {timeout: 1800, every: 300}
hub:
  config:
    JupyterHub: {authenticator_class: native, admin_access: false, cookie_secret: TOKEN}
    CryptKeeper: {keys: [TOKEN]}
    Authenticator: {admin_users: [ada, bob], allow_all: true}
  extraConfig:
    10-own: |
      # as the community wrote it
      c.KubeSpawner.start_timeout = 7 * 60
singleuser:
  defaultUrl: /lab
  storage: {capacity: 2Gi, homeMountPath: /home/jovyan}
  memory: {guarantee: 256M, limit: 1G}
  profileList:
    - {display_name: Small, default: true, slug: small}
    - display_name: Large
      slug: large
      kubespawner_override: {mem_guarantee: 512M, environment: {SIZE: large}}
scheduling: {userScheduler: {enabled: false}}
"""


def test_a_release_of_the_real_chart_comes_out_as_it_runs(
    live: Cluster, space: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    wanted = Wanted("jupyterhub", "4.3.3")
    found = next(Places.of().search(wanted), None)
    if found is None:
        pytest.skip(f"this needs the chart {wanted}: pull it, or name its folder in TAKEOUT_CHARTS")
    given = yaml.safe_load(GIVEN.replace("TOKEN", "0123456789abcdef" * 4))
    live.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    with Releases(live, space) as releases, Chart.load(found[0]) as helm:
        releases._call("install", releases._config.install, helm.handle, "reef", given)
    again = tmp_path / "again"
    source = ["--source", f"release:{live.context}/{space}/reef"]
    assert main(["hub", "replicate", *source, "--to", str(again), "--with-secrets", "-q"]) in (0, 1)
    assert to_data(read_files(again).merged) == given
    assert given["proxy"]["secretToken"] not in (again / "values.yaml").read_text()

    capfd.readouterr()
    place = ["--namespace", space, "--release", "reef"]
    assert main(["hub", "deploy", str(again), *place, "--diff", "--offline", "--json"]) == 0
    difference = json.loads(capfd.readouterr().out)
    assert (difference["revision"], difference["changed"]) == (1, False), difference
