"""The label that tells core nodes from user nodes."""

from __future__ import annotations

from takeout.adapt.rule import Case, Draft, Rule

_LABEL = "hub.jupyter.org/node-purpose"


def change(draft: Draft) -> None:
    """Prefer labelled nodes where the target need not have them."""
    for pods, purpose in (("corePods", "core"), ("userPods", "user")):
        path = ("jupyterhub", "scheduling", pods, "nodeAffinity", "matchNodePurpose")
        if draft.get(path) == "require" and not draft.context.target.offers(_LABEL, purpose):
            draft.set(path, "prefer", why=f"nothing says that a node is labelled {_LABEL}={purpose}")


RULE = Rule(
    id="N01",
    title="Prefer nodes labelled for their purpose where none need be there",
    why=(
        "The origin requires nodes labelled `hub.jupyter.org/node-purpose`. On a cluster without that label the "
        "hub itself stays pending for ever; preferring it does the same where it is there."
    ),
    source="https://z2jh.jupyter.org/en/stable/administrator/optimization.html",
    safety="sure",
    change=change,
    cases=(
        Case(
            "on any cluster",
            """
jupyterhub:
  scheduling:
    corePods: {nodeAffinity: {matchNodePurpose: require}}
    userPods: {nodeAffinity: {matchNodePurpose: require}}
""",
            """
jupyterhub:
  scheduling:
    corePods: {nodeAffinity: {matchNodePurpose: prefer}}
    userPods: {nodeAffinity: {matchNodePurpose: prefer}}
""",
        ),
        Case(
            "a cloud's node pools have it",
            "jupyterhub: {scheduling: {userPods: {nodeAffinity: {matchNodePurpose: require}}}}",
            target="eks",
        ),
    ),
)
