"""Make a replica from a hub's configuration: merge, adapt, cast the nets, and lay out the files; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from takeout.adapt.context import Context, Options
from takeout.adapt.engine import Adaptation, adapt, identity
from takeout.adapt.nets import cast
from takeout.adapt.nets.finding import surprises
from takeout.adapt.rule import Cover, Keep, Rule
from takeout.errors import Fault, Where
from takeout.replica.layout import HELM_IGNORE, arrange, chart_file, choose_layout, compact_yaml
from takeout.replica.lock import make_lock
from takeout.replica.model import (
    CHART,
    HELMIGNORE,
    IGNORE,
    LOCAL,
    MANIFESTS,
    README,
    REPORT,
    SECRETS,
    VALUES,
    Layout,
    Replica,
)
from takeout.replica.report import report
from takeout.replica.runbook import runbook
from takeout.replica.secrets import secret_entries
from takeout.replica.wording import place_actions, place_purposes
from takeout.source.model import Configuration
from takeout.targets import Target
from takeout.values.merge import lift, overlay, settle
from takeout.values.node import Data, Mapping
from takeout.values.write import write_yaml

_IGNORE = f"""\
# What must not be published with the rest.
{SECRETS}
# Charts that `helm dependency update` fetches.
charts/*.tgz
"""


def build(
    configuration: Configuration, options: Options, target: Target, rules: Iterable[Rule], *, label: str = ""
) -> Replica:
    """Return the replica of one hub.

    Args:
        configuration: The hub at its origin.
        options: What the user asked for.
        target: Where the replica will run.
        rules: The rules, in the order to run them.
        label: How to name the source to a person, without credentials.
    """
    rules = tuple(rules)
    merged = merge(configuration)
    context = Context(configuration.facts, target, configuration.terms, options)
    adaptation = _keep_chosen(adapt(lift(merged, configuration.jupyterhub), context, rules), context)
    layout = choose_layout(
        adaptation.values, configuration.facts, adaptation.dependencies, configuration.jupyterhub
    )
    values, lost = arrange(adaptation.values, layout)
    findings = tuple(cast(adaptation.values, adaptation.manifests, context))
    rooted = adaptation.values
    secrets = place_purposes(secret_entries(adaptation.secrets, rooted, layout), rooted, layout)
    adaptation = replace(adaptation, actions=place_actions(adaptation.actions, rooted, layout))
    replica = Replica(
        id=configuration.entry.id,
        values=values,
        layout=layout,
        context=context,
        adaptation=adaptation,
        findings=findings,
        surprises=tuple(surprises(findings, adaptation.actions, adaptation.keeps)),
        faults=(
            *all_faults(configuration),
            *(_lost(key) for key in lost if key not in configuration.facts.dependencies),
        ),
        secrets=secrets,
    )
    lock = make_lock(
        configuration, context, adaptation, values, layout=layout, rules=rules, secrets=secrets, label=label
    )
    replica = replace(replica, lock=lock)
    return replace(replica, files=_files(replica, rules, label), seeds=_seeds(layout))


def _keep_chosen(adaptation: Adaptation, context: Context) -> Adaptation:
    """Return ``adaptation`` with a word on the domain, where the one that was chosen mentions the origin."""
    domain = context.options.domain
    if not domain or not context.mentions_origin(domain):
        return adaptation
    keep = Keep(Cover("origin", f"*{domain}*"), "it is the address that you chose for the replica")
    return replace(adaptation, keeps=(*adaptation.keeps, keep))


def merge(configuration: Configuration) -> Mapping:
    """Return the values that Helm would hand to the charts below the source's own."""
    layers = [layer.values for layer in configuration.layers if layer.kind != "chart"]
    return settle(configuration.chart, overlay(layers))


def all_faults(configuration: Configuration) -> tuple[Fault, ...]:
    """Return what is wrong in the source, each fault once, in the order of the layers."""
    found = [*configuration.faults, *(fault for layer in configuration.layers for fault in layer.faults)]
    return tuple(dict.fromkeys(found))


def manifest_files(manifests: Iterable[dict[str, Data]]) -> dict[str, str]:
    """Return the Kubernetes objects by the names of their files."""
    files: dict[str, str] = {}
    for manifest in manifests:
        kind, name = identity(manifest)
        stem = (
            "".join(c if c.isalnum() or c in "-." else "-" for c in f"{kind}-{name}".lower()).strip("-.")
            or "object"
        )
        file, number = f"{MANIFESTS}/{stem}.yaml", 2
        while file in files:
            file, number = f"{MANIFESTS}/{stem}-{number}.yaml", number + 1
        files[file] = compact_yaml(manifest)
    return files


def _files(replica: Replica, rules: tuple[Rule, ...], label: str) -> dict[str, str]:
    files = {VALUES: write_yaml(replica.values, header=_header(replica, label))}
    if replica.layout.umbrella:
        files[CHART] = chart_file(replica.context.hub.name, replica.layout)
    files |= manifest_files(replica.adaptation.manifests)
    files[REPORT] = report(replica, rules, label)
    files[README] = runbook(replica, tuple(name for name in files if name.startswith(f"{MANIFESTS}/")))
    return files


def _header(replica: Replica, label: str) -> tuple[str, ...]:
    chart = replica.layout.jupyterhub
    what = (
        "this directory's umbrella chart"
        if replica.layout.umbrella
        else f"the chart {chart.chart} {chart.version}"
    )
    return (
        f"Values of the hub {replica.id} for {what}, merged from {label or 'its source'}.",
        "`takeout hub explain . KEY` tells where a value came from, what changed it and why.",
        f"Changes of your own belong into {LOCAL}: a later run writes this file anew.",
    )


def _seeds(layout: Layout) -> dict[str, str]:
    example = ("jupyterhub:", "  cull:", "    timeout: 7200") if layout.umbrella else ("cull:", "  timeout: 7200")
    local = [
        f"# Your own changes: what stands here wins over {VALUES} and {SECRETS}.",
        "# No run of Takeout touches this file.",
        "# For example, to stop idle servers after two hours:",
        "#",
        *(f"# {line}" for line in example),
    ]
    seeds = {LOCAL: "\n".join(local) + "\n", IGNORE: _IGNORE}
    return {**seeds, HELMIGNORE: HELM_IGNORE} if layout.umbrella else seeds


def _lost(key: str) -> Fault:
    message = f"the values have a key {key!r} that belongs to no chart of the replica; it was left out"
    return Fault("left-out", message, Where(VALUES, path=key), "look whether you need it")
