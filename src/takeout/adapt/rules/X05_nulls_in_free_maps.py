"""X05: entries that a null took out of the origin's chart, in maps that are empty in z2jh."""

from takeout.adapt.free_maps import idle_nulls
from takeout.adapt.rule import Case, Draft, Rule
from takeout.values.node import Mapping


def change(draft: Draft) -> None:
    """Take the nulls out, at any depth."""
    z2jh = draft.node("jupyterhub")
    if isinstance(z2jh, Mapping):
        for path, _ in idle_nulls(z2jh):
            draft.remove(("jupyterhub", *path), why="it took out an entry that is not there any more")


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
