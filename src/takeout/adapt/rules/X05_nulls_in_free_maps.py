"""X05: entries that a null took out of the origin's chart, in maps that are empty in z2jh."""

from takeout.adapt.rule import Case, Draft, Rule
from takeout.values.node import Mapping, Scalar
from takeout.values.path import Path

# Maps whose entries are the owners' own: z2jh's defaults have none, from 0.11 to 4.4.
_FREE: tuple[Path, ...] = tuple(
    ("jupyterhub", *path.split("."))
    for path in (
        "custom",
        "hub.annotations",
        "hub.extraConfig",
        "hub.extraEnv",
        "hub.extraFiles",
        "hub.extraVolumeMounts",
        "hub.extraVolumes",
        "hub.labels",
        "hub.loadRoles",
        "hub.nodeSelector",
        "hub.services",
        "ingress.annotations",
        "proxy.service.annotations",
        "singleuser.extraAnnotations",
        "singleuser.extraEnv",
        "singleuser.extraFiles",
        "singleuser.nodeSelector",
        "singleuser.storage.extraVolumeMounts",
        "singleuser.storage.extraVolumes",
    )
)


def change(draft: Draft) -> None:
    """Take the nulls out, at any depth."""
    for path in _FREE:
        for null in _nulls(draft, path):
            draft.remove(null, why="it took out an entry that is not there any more")


def _nulls(draft: Draft, path: Path) -> list[Path]:
    node = draft.node(path)
    if not isinstance(node, Mapping):
        return []
    found = []
    for key, child in node.entries.items():
        if isinstance(child, Mapping):
            found += _nulls(draft, (*path, key))
        elif isinstance(child, Scalar) and child.value is None:
            found.append((*path, key))
    return found


RULE = Rule(
    id="X05",
    title="Take out nulls that remove nothing",
    why=(
        "A null took an entry out of the origin's chart. Straight in front of z2jh there is nothing to take out, "
        "so the null itself stays, and the hub hands it to Kubernetes as a volume, a variable or a service: no "
        "server starts."
    ),
    source="https://helm.sh/docs/chart_template_guide/values_files/#deleting-a-default-key",
    safety="sure",
    change=change,
    cases=(
        Case(
            "a shared folder that the hub did without",
            given="""
                jupyterhub:
                  singleuser:
                    extraEnv: {SHELL: null, OWN: x}
                    storage: {extraVolumeMounts: {shared: null, shm: {mountPath: /dev/shm, subPath: null}}}
            """,
            expect="""
                jupyterhub:
                  singleuser:
                    extraEnv: {OWN: x}
                    storage: {extraVolumeMounts: {shm: {mountPath: /dev/shm}}}
            """,
        ),
        Case(
            "a null that takes out a default of z2jh's",
            given="jupyterhub: {singleuser: {cpu: {guarantee: null}, profileList: null}, cull: {every: null}}",
        ),
    ),
)
