"""N07: what an old z2jh asks of a cluster and no cluster of today has."""

from takeout.adapt.rule import Case, Draft, Rule
from takeout.values.path import Path

_SCHEDULING: Path = ("jupyterhub", "scheduling")
_BEFORE_SCHEDULER = 3
"""The first z2jh whose scheduler reads Kubernetes 1.27 and later."""


def change(draft: Draft) -> None:
    """Leave scheduling to the cluster, and placeholders out where their budget could not be made."""
    version = draft.context.z2jh_version.lstrip("v~^>= ")
    major = version.split(".")[0]
    if not major.isdigit() or int(major) >= _BEFORE_SCHEDULER:
        return
    if draft.get((*_SCHEDULING, "userScheduler", "enabled"), default=True) is not False:
        draft.set(
            (*_SCHEDULING, "userScheduler", "enabled"),
            False,
            why=f"the scheduler of z2jh {version} never gets ready on Kubernetes 1.27 and later",
        )
    is_first = version.startswith(("0.", "1.0.0-"))
    if is_first and draft.get((*_SCHEDULING, "userPlaceholder", "enabled"), default=True) is not False:
        draft.set(
            (*_SCHEDULING, "userPlaceholder", "enabled"),
            False,
            why=f"z2jh {version} makes them with a disruption budget that Kubernetes 1.25 and later refuse",
        )
        if draft.get((*_SCHEDULING, "podPriority", "enabled")) is True:
            draft.set(
                (*_SCHEDULING, "podPriority", "enabled"),
                False,
                why="pods that pull images would name the priority of placeholders, which are off",
            )


RULE = Rule(
    id="N07",
    title="Leave out what clusters of today refuse from an old z2jh",
    why=(
        "The user scheduler of z2jh 2 and older never gets ready on Kubernetes 1.27 and later, and every server "
        "waits for it; the budget of placeholders before z2jh 1.0 keeps Helm from installing anything."
    ),
    source="https://github.com/jupyterhub/zero-to-jupyterhub-k8s/issues/3128",
    safety="likely",
    change=change,
    cases=(
        Case(
            "a hub of May 2021",
            given="""
                jupyterhub:
                  scheduling:
                    podPriority: {enabled: true}
                    userScheduler: {enabled: true}
                    userPlaceholder: {replicas: 0}
            """,
            expect="""
                jupyterhub:
                  scheduling:
                    podPriority: {enabled: false}
                    userScheduler: {enabled: false}
                    userPlaceholder: {replicas: 0, enabled: false}
            """,
            hub={"dependencies": {"jupyterhub": "0.11.1-n277.h61b0e003"}},
        ),
        Case(
            "the scheduler that z2jh 2 has by itself",
            given="jupyterhub: {scheduling: {userPlaceholder: {enabled: true}}}",
            expect="jupyterhub: {scheduling: {userPlaceholder: {enabled: true}, userScheduler: {enabled: false}}}",
            hub={"dependencies": {"jupyterhub": "2.0.0"}},
        ),
        Case(
            "z2jh 4",
            given="jupyterhub: {scheduling: {userScheduler: {enabled: true}}}",
            hub={"dependencies": {"jupyterhub": "4.3.3"}},
        ),
        Case("a version that is not known", given="jupyterhub: {scheduling: {userScheduler: {enabled: true}}}"),
    ),
)
