"""Releases that were installed with Helm by hand, read as a source from a real cluster."""

from pathlib import Path

import pytest

from takeout.cli import main
from takeout.cluster.api import Cluster
from takeout.cluster.releases import Releases

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
    from takeout.replica.files import read_files  # noqa: PLC0415
    from takeout.values.node import to_data  # noqa: PLC0415

    assert to_data(read_files(tmp_path / "again").merged) == given
