"""Nodes that pods must have, said as an affinity."""

from __future__ import annotations

from typing import Any

from takeout.adapt.pods import empty_out, paths_to
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.targets import Target
from takeout.values.path import Path, format_path


def change(draft: Draft) -> None:
    """Take out the terms of required node affinities that no node of the target need meet."""
    lost: list[str] = []
    for path in _tolerations(draft):
        empty_out(draft, path, why="no node but the origin's has this taint")
    for path in _required(draft):
        terms = draft.get_list(path)
        unmet = [
            i for i, term in enumerate(terms) if isinstance(term, dict) and not _is_met(term, draft.context.target)
        ]
        if not unmet or len(unmet) < len(terms):  # one term that holds is enough
            continue
        lost.append(f"`{format_path(path)}`")
        empty_out(draft, path, why="no node of the target need meet it")
    if lost:
        draft.ask(
            Action(
                "node-affinity",
                "Decide which nodes pods must run on",
                "Required node affinities were taken out, because nothing says that your nodes meet them: "
                f"{', '.join(lost)}. Tolerations stayed: they allow a node and demand none.",
            )
        )


def _tolerations(draft: Draft) -> list[Path]:
    """Return the tolerations of taints that are called after the origin, last first."""
    return [
        (*path, index)
        for path in reversed(paths_to(draft, "extraTolerations", "tolerations"))
        for index, toleration in reversed(list(enumerate(draft.get_list(path))))
        if isinstance(toleration, dict) and draft.context.mentions_origin(str(toleration.get("key", "")))
    ]


def _required(draft: Draft) -> list[Path]:
    """Return the lists of terms of which one must hold."""
    lists = paths_to(draft, "node_affinity_required", "nodeSelectorTerms", "node_selector_terms")
    return lists + [
        path for path in paths_to(draft, "required") if len(path) > 1 and path[-2] == "extraNodeAffinity"
    ]


def _is_met(term: dict[str, Any], target: Target) -> bool:
    expressions = term.get("matchExpressions") or term.get("match_expressions") or []
    return all(_holds(e, target) for e in expressions if isinstance(e, dict))


def _holds(expression: dict[str, Any], target: Target) -> bool:
    label, operator = str(expression.get("key")), expression.get("operator")
    if operator == "In":
        return any(target.offers(label, str(value)) for value in expression.get("values") or ())
    return operator != "Exists" or label in target.labels


RULE = Rule(
    id="N03",
    title="Take out node affinities that the target need not meet, and tolerations of the origin's taints",
    why="A pod whose required node affinity no node meets stays pending for ever.",
    source="https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity",
    safety="likely",
    change=change,
    cases=(
        Case(
            "a pool of the origin's",
            """
jupyterhub:
  singleuser:
    extraTolerations: [{key: mine, operator: Exists}]
    extraNodeAffinity: {required: [{matchExpressions: [{key: pool, operator: In, values: [a]}]}]}
""",
            "jupyterhub: {singleuser: {extraTolerations: [{key: mine, operator: Exists}]}}",
            actions=("node-affinity",),
        ),
        Case(
            "a taint called after the origin",
            "jupyterhub: {singleuser: {extraTolerations: [{key: lagoon.example.net/community}, {key: mine}]}}",
            "jupyterhub: {singleuser: {extraTolerations: [{key: mine}]}}",
            terms=("lagoon.example.net",),
        ),
        Case(
            "one of several terms holds",
            """
jupyterhub:
  singleuser:
    extraNodeAffinity:
      required:
        - matchExpressions: [{key: pool, operator: In, values: [a]}]
        - matchExpressions: [{key: hub.jupyter.org/node-purpose, operator: In, values: [user]}]
""",
            target="gke",
        ),
    ),
)
