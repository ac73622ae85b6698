"""Values that only the templates of the source's own chart read."""

from __future__ import annotations

import re

from takeout.adapt.cite import infrastructure
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.services import drop_service
from takeout.values.node import Data

# Charts that are known although an umbrella has them through a chart of its own, and not by name.
_CHARTS = ("binderhub-service", "dask-gateway", "jupyterhub", "jupyterhub-groups-exporter", "jupyterhub-home-nfs")
# Rules that run later turn these into something else, or say why they go.
_LATER = (
    "azureFile",
    "global",
    "inClusterNFS",
    "nfs",
    "nfsPVC",
    "nodePlaceholder",
    "scratchBucket",
    "userServiceAccount",
)


def change(draft: Draft) -> None:
    """Drop every key that is neither z2jh's nor a companion's, and say which of them did something."""
    charts = draft.context.hub.dependencies
    lost = []
    for key in list(draft.values.entries):
        if key in charts or key in _CHARTS or key in _LATER:
            continue
        if not _is_trivial(draft.get((key,))):
            lost.append(key)
        _drop_services(draft, key)
        draft.remove((key,), why="only templates of the origin's own chart read it")
    if lost:
        names = ", ".join(f"`{key}`" for key in lost)
        draft.ask(
            Action(
                "own-templates",
                "Decide about what the origin's chart made by itself",
                f"These values were read by templates of the chart `{draft.context.hub.chart}` alone, which does "
                f"not come along: {names}. What they made (a web site, an identity provider, a share) is not part "
                "of the replica. REPORT.md shows the values as they were.",
            )
        )


def _drop_services(draft: Draft, host: str) -> None:
    """Take out the hub's services that lead to what the chart made under the same name."""
    for name, service in draft.get_map("jupyterhub.hub.services").items():
        url = service.get("url") if isinstance(service, dict) else None
        if isinstance(url, str) and re.match(rf"https?://{re.escape(host)}[.:/]", f"{url}/"):
            drop_service(draft, name, why=f"it leads to {host}, which the origin's chart made")


def _is_trivial(data: Data) -> bool:
    """Whether a block is empty or says that it is off."""
    if isinstance(data, dict):
        return not data or data.get("enabled") is False or all(_is_trivial(value) for value in data.values())
    return data in (None, "", [], False)


RULE = Rule(
    id="C05",
    title="Take out the values of the origin's own templates",
    why=(
        "The replica is z2jh and its companions; a key that only the origin's chart reads would do nothing, and "
        "would look as if it did."
    ),
    source=infrastructure("helm-charts/basehub/templates/"),
    safety="likely",
    change=change,
    cases=(
        Case(
            "what was off goes without a word",
            "{dex: {enabled: false, image: x}, etcJupyter: {}, jupyterhub: {}}",
            "jupyterhub: {}",
        ),
        Case(
            "what was on is named, and services that lead there go",
            "{dex: {enabled: true}, jupyterhub: {hub: {services: {dex: {url: 'http://dex:5556'}, b: {url: "
            "'http://b'}}}}}",
            "jupyterhub: {hub: {services: {b: {url: 'http://b'}}}}",
            actions=("own-templates",),
        ),
        Case(
            "z2jh and what later rules know stay", "{jupyterhub: {hub: {}}, nfs: {enabled: true}, global: {a: 1}}"
        ),
    ),
)
