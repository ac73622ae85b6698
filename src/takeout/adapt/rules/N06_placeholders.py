"""Pods that keep nodes warm."""

from __future__ import annotations

from takeout.adapt.rule import Action, Case, Draft, Rule


def change(draft: Draft) -> None:
    """Take out the origin's own placeholder pods, and say how z2jh does the same."""
    replicas = draft.get("nodePlaceholder.replicas")
    if draft.get("nodePlaceholder.enabled") is True and isinstance(replicas, int) and replicas > 0:
        draft.ask(
            Action(
                "warm-nodes",
                "Decide whether nodes are kept warm",
                f"The origin kept {replicas} nodes running for people who come next. z2jh does it with "
                "`scheduling.userPlaceholder.replicas`, counted in servers and not in nodes; each warm node is "
                "paid for.",
            )
        )
    draft.remove("nodePlaceholder")


RULE = Rule(
    id="N06",
    title="Take out the origin's own pods that keep nodes warm",
    why="A template of the origin's chart makes them; z2jh has user placeholders for the same.",
    source="helm-charts/basehub/templates/deployment-node-placeholder.yaml",
    safety="likely",
    change=change,
    cases=(
        Case("off: gone without a word", "{nodePlaceholder: {enabled: false}, jupyterhub: {}}", "jupyterhub: {}"),
        Case(
            "on: z2jh has its own",
            "{nodePlaceholder: {enabled: true, replicas: 2}, jupyterhub: {}}",
            "jupyterhub: {}",
            actions=("warm-nodes",),
        ),
        Case("z2jh's own stay", "jupyterhub: {scheduling: {userPlaceholder: {enabled: true, replicas: 3}}}"),
    ),
)
