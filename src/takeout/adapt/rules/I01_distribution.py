"""The kind of Kubernetes cluster, which the origin's chart found out at installation."""

from __future__ import annotations

from takeout.adapt.cite import infrastructure
from takeout.adapt.context import Context
from takeout.adapt.pods import paths_to
from takeout.adapt.rule import Case, Draft, Rule

_CONFIG_MAP = "basehub-cluster-info"
_BY_PROVIDER = {"gcp": "gke", "aws": "eks"}


def change(draft: Draft) -> None:
    """Write the kind of cluster where the values ask a ConfigMap for it."""
    for path in paths_to(draft, "configMapKeyRef"):
        reference = draft.get_map(path)
        if reference.get("name") != _CONFIG_MAP or len(path) < 3:  # noqa: PLR2004 - variable, valueFrom, reference
            continue
        variable = path[:-2]
        kind = _distribution(draft.context)
        if isinstance(draft.get_map(variable).get("name"), str):
            draft.remove((*variable, "valueFrom"))
            draft.set((*variable, "value"), kind)
        else:
            draft.set(variable, kind)


def _distribution(context: Context) -> str:
    """Return what the ConfigMap would say here, or said at the origin where what reads it knows no better."""
    known = context.target.distribution
    return known if known in ("gke", "eks", "aks") else _BY_PROVIDER.get(context.hub.provider, "aks")


RULE = Rule(
    id="I01",
    title="Say what kind of cluster it is instead of asking a ConfigMap",
    why=(
        "The ConfigMap `basehub-cluster-info` is made by a template of the origin's chart. Without it the hub's "
        "pod waits for ever in `CreateContainerConfigError`, and so does Dask Gateway's."
    ),
    source=infrastructure("helm-charts/basehub/templates/configmap-cluster-info.yaml"),
    safety="sure",
    change=change,
    cases=(
        Case(
            "a mapping and a list of variables",
            """
jupyterhub:
  hub:
    extraEnv:
      KIND: {valueFrom: {configMapKeyRef: {name: basehub-cluster-info, key: K8S_DIST}}}
dask-gateway:
  gateway:
    env:
      - name: KIND
        valueFrom: {configMapKeyRef: {name: basehub-cluster-info, key: K8S_DIST}}
""",
            """
jupyterhub: {hub: {extraEnv: {KIND: gke}}}
dask-gateway: {gateway: {env: [{name: KIND, value: gke}]}}
""",
            target="gke",
        ),
        Case(
            "elsewhere it stays what it was",
            "jupyterhub: {hub: {extraEnv: {KIND: {valueFrom: {configMapKeyRef: {name: basehub-cluster-info}}}}}}",
            "jupyterhub: {hub: {extraEnv: {KIND: eks}}}",
            hub={"provider": "aws"},
        ),
        Case(
            "other ConfigMaps are left alone",
            "jupyterhub: {hub: {extraEnv: {A: {valueFrom: {configMapKeyRef: {name: mine, key: a}}}}}}",
        ),
    ),
)
