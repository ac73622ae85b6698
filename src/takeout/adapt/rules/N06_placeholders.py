"""Pods that keep nodes warm."""

from __future__ import annotations

from takeout.adapt.cite import infrastructure
from takeout.adapt.pods import paths_to
from takeout.adapt.rule import Action, Case, Draft, Rule


def change(draft: Draft) -> None:
    """Take out the origin's own placeholder pods and scheduler, and say how z2jh keeps nodes warm."""
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
    for path in paths_to(draft, "schedulerName", "scheduler_name"):
        if str(draft.get(path)).endswith("user-scheduler"):
            draft.remove(
                path, why="the user scheduler is called after the origin's release; the cluster's own serves"
            )


RULE = Rule(
    id="N06",
    title="Take out the origin's own pods that keep nodes warm, and its scheduler's name",
    why=(
        "A template of the origin's chart makes them; z2jh has user placeholders for the same. A pod whose "
        "scheduler is not there is never scheduled."
    ),
    source=infrastructure("helm-charts/basehub/templates/deployment-node-placeholder.yaml"),
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
        Case(
            "a scheduler that is called after a release",
            "dask-gateway: {gateway: {backend: {worker: {extraPodConfig: {schedulerName: prod-user-scheduler, a: "
            "1}}}}}",
            "dask-gateway: {gateway: {backend: {worker: {extraPodConfig: {a: 1}}}}}",
        ),
        Case("z2jh's own stay", "jupyterhub: {scheduling: {userPlaceholder: {enabled: true, replicas: 3}}}"),
    ),
)
