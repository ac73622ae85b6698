"""Secrets, ConfigMaps and services that somebody else's chart made by templates of its own."""

from __future__ import annotations

import re

from takeout.adapt.nets.references import references
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.values.path import Path, format_path

# Every object that these made is known to a rule of its own; one that is missing is a fault, and must be seen.
_KNOWN_CHARTS = ("base-hub", "basehub", "daskhub", "ephemeral-hub")
_SERVICES: Path = ("jupyterhub", "hub", "services")
_KNOWN_SERVICES = ("binder", "configurator", "dask-gateway", "docs", "usage-quotas")
_KINDS = {"Secret": "secret", "ConfigMap": "configmap", "Service": "service"}


def change(draft: Draft) -> None:
    """Ask for each object that values name and that nothing in the replica makes."""
    is_known = draft.context.hub.chart in _KNOWN_CHARTS
    missing: dict[tuple[str, str], list[str]] = {}
    for finding in references(draft.values, draft.manifests, draft.context):
        kind, _, name = finding.subject.partition("/")
        if is_known and not (kind == "Service" and _is_run_elsewhere(draft, finding.path)):
            continue
        if kind in _KINDS and "tls" not in finding.path:
            missing.setdefault((kind, name.partition("/")[0]), []).append(f"`{format_path(finding.path)}`")
    for (kind, name), places in missing.items():
        _ask(draft, kind, name, places)


def _is_run_elsewhere(draft: Draft, path: Path) -> bool:
    """Whether a path is the address of a service that runs beside the hub, in a release of its own."""
    if path[:3] != _SERVICES or len(path) != len(_SERVICES) + 2 or path[-1] != "url":
        return False
    return path[3] not in _KNOWN_SERVICES and not draft.get((*path[:-1], "command"))


def _ask(draft: Draft, kind: str, name: str, places: list[str]) -> None:
    short = _KINDS[kind]
    host, _, namespace = name.partition(".")
    command = f"kubectl --namespace {namespace or draft.context.hub.name} get {short} {host} --output yaml"
    draft.ask(
        Action(
            f"bring-{short}-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"),
            f"Bring the {kind} {name}, or take out what names it",
            f"{', '.join(dict.fromkeys(places))} named it. Templates of the origin's own chart made it, another "
            "release beside the hub, or somebody by hand; neither z2jh nor this replica does. The command shows "
            "it while you can still reach the origin's cluster: put your own beside the other manifests, or take "
            "out what names it in `local.values.yaml`.",
            (command,),
            command,
            stage="secrets" if kind == "Secret" else "review",
            blocking=kind != "Service",
            covers=(Cover("references", f"{kind}/{name}"), Cover("references", f"{kind}/{name}/*")),
        )
    )


RULE = Rule(
    id="S04",
    title="Ask for objects that the origin's own chart made",
    why=(
        "A chart of somebody's own often makes a Secret, a ConfigMap or a service beside the hub. A pod that "
        "mounts one that is not there never starts."
    ),
    source="https://helm.sh/docs/chart_template_guide/",
    safety="ask",
    change=change,
    cases=(
        Case(
            "a Secret and a service of a chart's own",
            """
jupyterhub:
  hub: {services: {mlflow: {url: 'http://mlflow:5000'}}}
  singleuser: {storage: {extraVolumes: [{name: git, secret: {secretName: gitconfig}}]}}
""",
            hub={"chart": "lagoon"},
            actions=("bring-service-mlflow", "bring-secret-gitconfig"),
        ),
        Case(
            "a service that runs in a release of its own, beside a chart that rules know",
            """
jupyterhub:
  hub: {services: {pub: {url: 'http://pub-service'}, mine: {url: 'http://mine:80', command: [mine]}}}
  singleuser: {storage: {extraVolumes: [{name: git, secret: {secretName: gitconfig}}]}}
""",
            hub={"chart": "basehub"},
            actions=("bring-service-pub-service",),
        ),
        Case(
            "what z2jh makes needs nobody",
            "jupyterhub: {hub: {extraEnv: {A: {valueFrom: {secretKeyRef: {name: hub, key: values.yaml}}}}}}",
            hub={"chart": "lagoon"},
        ),
    ),
)
