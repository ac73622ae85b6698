"""Classes of volumes, by the origin's names."""

from __future__ import annotations

import re

from takeout.adapt.homes import claim
from takeout.adapt.pods import empty_out, paths_to
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.values.path import Path

_EXTRA: Path = ("jupyterhub", "custom", "singleuser", "extraPVCs")


def change(draft: Draft) -> None:
    """Ask for the target's class in the place of the origin's, and have the owners bring claims of others."""
    _ask_for_claims(draft)
    paths = [path for path in paths_to(draft, "storageClass", "storageClassName") if path[:1] == ("jupyterhub",)]
    paths += [(*_EXTRA, index, "class") for index in range(len(draft.get_list(_EXTRA)))]
    target = draft.context.target
    offered = {c.name for c in target.storage_classes}
    for path in paths:
        name = draft.get(path)
        if not isinstance(name, str) or not name or name in offered:
            continue
        why = f"the class {name} is one of the origin's clusters"
        if target.default_class:
            draft.set(path, target.default_class, why=why)
        elif path[-1] == "class":  # a snippet reads it, and takes nothing for the default
            draft.set(path, None, why=f"{why}; the cluster's default class serves")
        else:
            empty_out(draft, path, why=f"{why}; the cluster's default class serves")


def _ask_for_claims(draft: Draft) -> None:
    """Ask for claims that values name and that nobody makes, besides the one of homes."""
    namespace, made = draft.context.hub.name, {claim(draft), draft.context.options.storage.name}
    paths = paths_to(draft, "claimName", "claim_name")
    names = dict.fromkeys(str(draft.get(path)) for path in paths if path[0] == "jupyterhub")
    for name in names:
        if name in made or "{" in name:
            continue
        draft.ask(
            Action(
                "claim-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"),
                f"Have the claim {name}, or take its volume out",
                f"Pods mount the claim `{name}`, which was there at the origin. Make one in the namespace "
                f"`{namespace}` and copy what was in it, or take the volume and its mounts out in "
                "`local.values.yaml`.",
                (f"kubectl --namespace {namespace} get persistentvolumeclaim {name}",),
                "The claim is `Bound`.",
                stage="storage",
                blocking=True,
                covers=(Cover("references", f"PersistentVolumeClaim/{name}"),),
            )
        )


RULE = Rule(
    id="S03",
    title="Ask for storage classes that the target has, and for claims that nobody makes",
    why="A claim of a class that is not there stays pending, and with it the hub or a person's server.",
    source="https://kubernetes.io/docs/concepts/storage/storage-classes/",
    safety="sure",
    change=change,
    cases=(
        Case(
            "the hub's database, and volumes beside homes",
            """
jupyterhub:
  hub: {db: {pvc: {storageClassName: managed-premium}}}
  custom: {singleuser: {extraPVCs: [{name: 'db-{username}', class: standard, capacity: 1Gi}]}}
""",
            """
jupyterhub:
  hub: {db: {pvc: {storageClassName: gp3}}}
  custom: {singleuser: {extraPVCs: [{name: 'db-{username}', class: gp3, capacity: 1Gi}]}}
""",
            target="eks",
        ),
        Case(
            "a claim that nobody makes",
            "jupyterhub: {singleuser: {storage: {extraVolumes: [{name: a, persistentVolumeClaim: {claimName: "
            "data}}]}}}",
            actions=("claim-data",),
        ),
        Case(
            "where nothing is known the default serves",
            "jupyterhub: {hub: {db: {pvc: {storageClassName: balanced}}}}",
            "jupyterhub: {hub: {db: {}}}",
        ),
        Case(
            "a class of the target",
            "jupyterhub: {hub: {db: {pvc: {storageClassName: standard-rwo}}}}",
            target="gke",
        ),
    ),
)
