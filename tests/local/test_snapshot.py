"""Real hubs: their configuration loads, every profile and choice gives a pod, and every difference has a rule."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from takeout.chart.places import Places, Wanted
from takeout.local.causes import NOT_OFFERED
from takeout.local.compare import compare
from takeout.local.describe import Describer, Descriptions, subject
from takeout.local.environment import Environment
from takeout.local.original import original
from takeout.local.prepare import Wishes
from takeout.replica.files import read_files
from takeout.replica.replicate import Wishes as Replicating
from takeout.replica.replicate import replicate
from takeout.source import open_source
from takeout.source.query import resolve

EVERY = os.environ.get("TAKEOUT_EVERY_HUB") == "1"
"""A few hubs that between them differ most, unless every hub is asked for: that takes some minutes."""

FEW = ("2i2c/mtu", "2i2c-aws-us/showcase", "hhmi/spyglass")
MADE_BY_BINDERHUB = "token required"
"""What the spawner of a BinderHub says to whoever asks for a server without it."""


def replicas(snapshot: Path, into: Path) -> Iterable[Path]:
    source = open_source(str(snapshot), None)
    hubs = source.hubs()
    chosen = hubs if EVERY else [resolve(hubs, name) for name in FEW]
    for entry in chosen:
        directory = into / entry.id
        assert replicate(source, entry, Replicating("{hub}.example.edu"), directory).error is None
        yield directory


def test_every_choice_of_real_hubs_gives_a_pod_that_differs_from_the_original_by_rules_alone(
    snapshot: Path, environment: Environment, tmp_path: Path
) -> None:
    with Describer(environment) as describer:
        for directory in replicas(snapshot, tmp_path):
            files = read_files(directory)
            found = compare(files, original(files), describer, environment.users)
            assert found.unexplained == (), found.hub
            recorded = {(rule, key) for rule, key, *_ in files.lock["changes"]}
            causes = [cause for each in found.differences for cause in each.causes]
            for cause in causes:  # what the rules did now is what the lock says that they did
                assert cause.name == "secrets.yaml" or {(cause.name, key) for key in cause.keys} <= recorded
            assert found.differences, found.hub
            assert len(found.pairs) >= 2, found.hub  # a member's and an admin's
            for pair in found.pairs:
                error = pair.replica.error
                assert pair.replica.pod or error == NOT_OFFERED or MADE_BY_BINDERHUB in error, (found.hub, pair)
            assert any(pair.replica.pod for pair in found.pairs) or "binder" in found.hub


def test_the_table_gives_the_traits_that_the_chart_gives(
    snapshot: Path, environment: Environment, tmp_path: Path
) -> None:
    if not any(True for _ in Places.of().search(Wanted("jupyterhub", "4.3.3"))):
        pytest.skip("the chart jupyterhub 4.3.3 is not on this machine: pull it with Helm, or set TAKEOUT_CHARTS")
    directories = list(replicas(snapshot, tmp_path))
    asked = [
        replace(subject(each, environment, Wishes(by_table=by_table)), choices=({},), traits=True)
        for by_table in (True, False)
        for each in directories
    ]
    found = [traits(one, described) for one, described in zip(asked, one_by_one(asked, environment), strict=True)]
    compared = 0
    for table, chart, one in zip(
        found[: len(directories)], found[len(directories) :], asked[len(directories) :], strict=True
    ):
        if one.prepared.plan.chart:  # another chart of the replica may not be on this machine
            assert table == chart, one.prepared.plan.hub
            compared += 1
    assert compared


def one_by_one(asked: Iterable[Any], environment: Environment) -> Iterable[Descriptions]:
    """Describe one after the other: both configurations of a hub have the same folder."""
    with Describer(environment) as describer:
        for one in asked:
            yield from describer.describe([one])


def traits(one: Any, described: Descriptions) -> dict[str, Any]:
    """What a configuration came to, without what is made up anew each time."""
    assert described.error is None, (one.prepared.plan.hub, described.error)
    config = {section: dict(values) for section, values in described.traits.items() if values}
    config["CryptKeeper"].pop("keys", None)
    hub = config["JupyterHub"]
    for name in ("services", "load_roles"):
        listed = [{key: value for key, value in each.items() if key != "api_token"} for each in hub[name]]
        hub[name] = sorted(listed, key=lambda each: str(each["name"]))
    return config
