"""Subcharts of the source's chart that no other rule knows."""

from __future__ import annotations

from takeout.adapt.context import Dependency
from takeout.adapt.pods import is_off, is_on
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule

# Each has rules of its own.
_KNOWN = (
    "binderhub-service",
    "dask-gateway",
    "jupyterhub",
    "jupyterhub-groups-exporter",
    "jupyterhub-home-nfs",
)


def change(draft: Draft) -> None:
    """Drop the values of a subchart that is off; ask the owners to look at one that is on."""
    for name, chart in draft.context.hub.dependencies.items():
        if chart.chart in _KNOWN or name in _KNOWN or name not in draft.values.entries:
            continue
        if is_off(draft, name):
            draft.remove((name,), why="this chart is off in this hub")
        elif is_on(draft, name) and not chart.repository.startswith("file:"):
            draft.ask(
                Action(
                    f"review-{name}",
                    f"Look at the chart {chart.chart}",
                    f"The hub comes with the chart `{chart.chart}` {chart.version} from `{chart.repository}`. "
                    f"Takeout has no rules for it: its values stand below `{name}` as they were. See whether the "
                    "hub needs it, and whether it names anything that stays behind.",
                    verify=f"helm template . --show-only 'charts/{chart.chart}/**'",
                    covers=(Cover("origin", "*", name), Cover("references", "*", name), Cover("nodes", "*", name)),
                )
            )


_ON = Dependency("postgres", "postgresql", "15.0.0", "https://charts.example.org", "postgres.enabled")

RULE = Rule(
    id="C04",
    title="Take out companion charts that are off, and have the owners look at unknown ones",
    why="A chart that Takeout does not know may lean on things that stay at the origin.",
    source="https://helm.sh/docs/topics/charts/#chart-dependencies",
    safety="ask",
    change=change,
    cases=(
        Case(
            "off: gone",
            "{postgres: {enabled: false, size: 1}, jupyterhub: {}}",
            "jupyterhub: {}",
            hub={"dependencies": {"postgres": _ON}},
        ),
        Case(
            "on: kept, to be looked at",
            "{postgres: {enabled: true, size: 1}, jupyterhub: {}}",
            hub={"dependencies": {"postgres": _ON}},
            actions=("review-postgres",),
        ),
        Case(
            "z2jh itself is no companion",
            "jupyterhub: {enabled: true}",
            hub={"dependencies": {"jupyterhub": _ON}},
        ),
    ),
)
