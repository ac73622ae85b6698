"""C06: a Dask Gateway that clusters of today can install."""

from __future__ import annotations

from dataclasses import replace

from takeout.adapt.context import Dependency
from takeout.adapt.pods import is_on
from takeout.adapt.rule import Action, Case, Draft, Rule

_CHART = "dask-gateway"
# The first release whose objects Kubernetes 1.22 and later know; it reads the values of 0.9.0 as they are.
_RELEASE = "2022.4.0"
_REPOSITORY = "https://helm.dask.org/"
_KEYS = frozenset({"controller", "enabled", "gateway", "global", "rbac", "traefik"})
"""All that either release reads; the later one refuses every other key."""


def change(draft: Draft) -> None:
    """Have the next release in the place of 0.9.0 and older."""
    for name, dependency in draft.context.hub.dependencies.items():
        if dependency.chart != _CHART or not dependency.version.startswith("0.") or not is_on(draft, name):
            continue
        draft.require(replace(dependency, version=_RELEASE, repository=_REPOSITORY))
        for key in sorted(draft.get_map((name,)).keys() - _KEYS):
            draft.remove((name, key), why="the chart never read it, and its next release refuses it")
        draft.ask(
            Action(
                "dask-gateway-release",
                "Try Dask Gateway with the images that people use",
                f"The hub had Dask Gateway {dependency.version}, which Kubernetes 1.22 and later refuse; the "
                f"replica has {_RELEASE}, the next release. An image whose package `dask-gateway` is older may "
                "have to be built anew with the same release.",
                verify="In a server: `import dask_gateway; dask_gateway.Gateway().new_cluster()`",
            )
        )


RULE = Rule(
    id="C06",
    title="Have a Dask Gateway that clusters of today can install",
    why=(
        "Dask Gateway 0.9.0 brings definitions in a form that Kubernetes took out in 1.22, so that Helm refuses "
        "to install the hub with it."
    ),
    source="https://github.com/dask/dask-gateway/issues/419",
    safety="ask",
    change=change,
    cases=(
        Case(
            "the release of 2020",
            given="dask-gateway: {gateway: {prefix: /services/dask-gateway}}",
            hub={"dependencies": {_CHART: Dependency(_CHART, _CHART, "0.9.0", "https://dask.org/charts")}},
            actions=("dask-gateway-release",),
        ),
        Case(
            "a key in the wrong place",
            given="dask-gateway: {gateway: {}, extraConfig: {idle: c.KubeClusterConfig.idle_timeout = 1800}}",
            expect="dask-gateway: {gateway: {}}",
            hub={"dependencies": {_CHART: "0.9.0"}},
            actions=("dask-gateway-release",),
        ),
        Case(
            "it is off",
            given="dask-gateway: {enabled: false}",
            hub={
                "dependencies": {
                    _CHART: Dependency(_CHART, _CHART, "0.9.0", "https://dask.org/charts", "dask-gateway.enabled")
                }
            },
        ),
        Case(
            "a later release",
            given="dask-gateway: {gateway: {prefix: /services/dask-gateway}}",
            hub={"dependencies": {_CHART: "2022.6.1"}},
        ),
    ),
)
