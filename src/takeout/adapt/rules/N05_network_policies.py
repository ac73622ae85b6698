"""Network policies that name the namespace where the origin keeps its ingress and monitoring."""

from __future__ import annotations

from typing import Any

from takeout.adapt.cite import infrastructure
from takeout.adapt.pods import paths_to
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.values.node import Data
from takeout.values.path import Path

_NAMESPACE = "support"
_NAMES = ("name", "kubernetes.io/metadata.name")
_APP = "app.kubernetes.io/name"
_CONTROLLERS = ("nginx-ingress", "ingress-nginx", "traefik")


def change(draft: Draft) -> None:
    """Let pods talk to the target's ingress controller, and take out what is about the origin's monitoring."""
    others: list[str] = []
    for path in reversed(paths_to(draft, "namespaceSelector")):
        labels = draft.get_map((*path, "matchLabels"))
        namespaces = [str(labels[name]) for name in _NAMES if name in labels]
        if _NAMESPACE not in namespaces:
            others += namespaces
            continue
        peer = path[:-1]
        if _is_ingress(draft.get_map((*peer, "podSelector", "matchLabels"))):
            for key, selector in _controller(draft).items():
                draft.set(
                    (*peer, key), selector, why="the ingress controller is elsewhere in the replica's cluster"
                )
        else:
            _drop(draft, peer)
    _ask_about(draft, others)


def _ask_about(draft: Draft, namespaces: list[str]) -> None:
    ingress = draft.context.target.ingress
    known = {"kube-system", "default", draft.context.hub.name, ingress.namespace if ingress else ""}
    names = [name for name in dict.fromkeys(namespaces) if name not in known]
    if names:
        draft.ask(
            Action(
                "other-namespaces",
                "Look at network policies that name other namespaces",
                "Network policies let pods talk to, or be reached from, the namespaces "
                f"{', '.join(f'`{n}`' for n in names)}. Where they are not in your cluster the rules do nothing; "
                "change them where something else took their place.",
                covers=tuple(Cover("references", f"Namespace/{name}") for name in names),
            )
        )


def _is_ingress(labels: dict[str, Data]) -> bool:
    return not labels or any("ingress" in str(value) or value == "traefik" for value in labels.values())


def _controller(draft: Draft) -> dict[str, Any]:
    """Return the selectors of the ingress controller's pods; of any that is common where none is given."""
    ingress = draft.context.target.ingress
    if ingress is None or not draft.context.target.distribution:
        expression: dict[str, Any] = {"key": _APP, "operator": "In", "values": list(_CONTROLLERS)}
        return {"namespaceSelector": {}, "podSelector": {"matchExpressions": [expression]}}
    return {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": ingress.namespace}},
        "podSelector": {"matchLabels": dict(ingress.pod_labels)},
    }


def _drop(draft: Draft, peer: Path) -> None:
    """Remove a peer, and the whole rule where it was the only one: an empty list would allow everybody."""
    why = "it lets in the origin's monitoring"
    if len(draft.get_list(peer[:-1])) > 1:
        draft.remove(peer, why=why)
    else:
        draft.remove(peer[:-2], why=why)


RULE = Rule(
    id="N05",
    title="Point network policies at the target's ingress controller",
    why=(
        "The policies name the origin's namespace `support`. Without its ingress controller there, code in user "
        "pods could not reach the hub at its own public address where the cluster enforces policies."
    ),
    source=infrastructure("helm-charts/basehub/values.yaml", lines="L815-L855"),
    safety="sure",
    change=change,
    cases=(
        Case(
            "egress to the ingress controller",
            """
jupyterhub:
  singleuser:
    networkPolicy:
      egress:
        - to:
            - namespaceSelector: {matchLabels: {name: support}}
              podSelector: {matchLabels: {app.kubernetes.io/name: nginx-ingress}}
""",
            """
jupyterhub:
  singleuser:
    networkPolicy:
      egress:
        - to:
            - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
              podSelector: {matchLabels: {app.kubernetes.io/name: traefik}}
""",
            target="k3s",
        ),
        Case(
            "ingress from the origin's Prometheus",
            """
jupyterhub:
  hub:
    networkPolicy:
      ingress:
        - ports: [{port: 8081}]
        - ports: [{port: http}]
          from:
            - namespaceSelector: {matchLabels: {name: support}}
              podSelector: {matchLabels: {app: prometheus}}
""",
            "jupyterhub: {hub: {networkPolicy: {ingress: [{ports: [{port: 8081}]}]}}}",
        ),
        Case("a policy without namespaces", "jupyterhub: {singleuser: {networkPolicy: {enabled: true}}}"),
        Case(
            "other namespaces stay",
            "jupyterhub: {singleuser: {networkPolicy: {egress: [{to: [{namespaceSelector: {matchLabels: {name: "
            "data}}}]}]}}}",
            actions=("other-namespaces",),
        ),
    ),
)
