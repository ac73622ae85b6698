"""A release that was not finished: provoked on a real cluster, recognised, mended by the advice, gone."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cluster.doctor.lab import Lab, stand_in
from takeout.chart.helm import Chart
from takeout.cluster.doctor.condition import Finding
from takeout.cluster.records import read_records, rewrite
from takeout.cluster.releases import Releases
from takeout.errors import ClusterError

_HOOK = """\
{{- if .Values.broken }}
apiVersion: v1
kind: ConfigMap
metadata: {name: "Not A Name", annotations: {helm.sh/hook: "pre-install,pre-upgrade"}}
{{- end }}
"""
_SECONDS = 120


@pytest.fixture
def chart(tmp_path: Path) -> Iterator[Chart]:
    """A chart of a hub that works, with a hook that fails when it is told to."""
    folder = tmp_path / "jupyterhub"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: jupyterhub\nversion: 4.3.3\n")
    (folder / "values.yaml").write_text("broken: false\nhub: {}\nsingleuser: {}\n")
    (folder / "templates" / "hook.yaml").write_text(_HOOK)
    objects = "\n---\n".join(json.dumps(item) for item in stand_in())
    (folder / "templates" / "hub.yaml").write_text(objects)
    with Chart.load(folder) as made:
        yield made


@pytest.fixture
def releases(lab: Lab) -> Iterator[Releases]:
    with Releases(lab.cluster, lab.namespace) as made:
        yield made


def _follow(lab: Lab, releases: Releases, finding: Finding) -> None:
    """Do what the advice says, with the code of the program that it names."""
    for command in finding.commands:
        program, option, namespace, verb, name = shlex.split(command)
        assert (program, option, namespace) == ("helm", "--namespace", lab.namespace)
        if verb == "history":
            assert releases.history(name)
        elif verb == "rollback":
            releases.roll_back(name, 0, _SECONDS)
        else:
            assert verb == "uninstall"
            releases.uninstall(name, _SECONDS)


def test_an_upgrade_that_failed_and_one_that_was_cut_off(lab: Lab, chart: Chart, releases: Releases) -> None:
    releases._call("install", releases._config.install, chart.handle, "hub", {})
    with pytest.raises(ClusterError, match="Not A Name"):
        releases._call("upgrade", releases._config.upgrade, chart.handle, "hub", {"broken": True})
    failed = {("H27", "Release/hub"): "revision 2: failed"}
    (finding,) = lab.wait_for(failed)
    assert "the last change of the release hub failed" in finding.message
    _follow(lab, releases, finding)
    lab.wait_without(failed)
    assert releases.history("hub")[-1].status == "deployed"

    # What is left of a Helm that was killed two hours ago.
    record = read_records(lab.cluster, lab.namespace, "hub")[-1]
    began = (datetime.now(UTC) - timedelta(hours=2)).isoformat()
    info = {**record.release["info"], "status": "pending-upgrade", "last_deployed": began}
    rewrite(lab.cluster, record, {**record.release, "info": info})
    cut_off = {("H27", "Release/hub"): "pending-upgrade"}
    (finding,) = lab.wait_for(cut_off)
    assert "was not finished" in finding.message
    _follow(lab, releases, finding)
    lab.wait_without(cut_off)


def test_an_installation_that_failed(lab: Lab, chart: Chart, releases: Releases) -> None:
    with pytest.raises(ClusterError, match="Not A Name"):
        releases._call("install", releases._config.install, chart.handle, "hub", {"broken": True})
    failed = {("H27", "Release/hub"): "revision 1: failed"}
    (finding,) = lab.wait_for(failed)
    _follow(lab, releases, finding)
    assert releases.history("hub") == []
