"""X04: lists that z2jh's templates join, where a null took the chart's empty ones out."""

from takeout.adapt.rule import Case, Draft, Rule
from takeout.values.node import Scalar
from takeout.values.path import Path

# Arguments of `concat` in z2jh's templates, from 0.11 to 4.4.
_JOINED: tuple[Path, ...] = tuple(
    ("jupyterhub", *path.split("."))
    for path in (
        "hub.tolerations",
        "imagePullSecrets",
        "prePuller.extraTolerations",
        "prePuller.hook.tolerations",
        "proxy.chp.tolerations",
        "proxy.traefik.tolerations",
        "scheduling.corePods.tolerations",
        "scheduling.userPods.tolerations",
        "scheduling.userScheduler.tolerations",
        "singleuser.extraContainers",
        "singleuser.extraTolerations",
        "singleuser.initContainers",
    )
)


def change(draft: Draft) -> None:
    """Put an empty list in the place of each null."""
    for path in _JOINED:
        node = draft.node(path)
        if isinstance(node, Scalar) and node.value is None:
            draft.set(path, [], why="the chart joins this list with others, and a null takes it out of the chart")


RULE = Rule(
    id="X04",
    title="Write empty lists where the chart cannot do without",
    why=(
        "Below a chart of the origin's a null left the list empty that z2jh has by itself. Straight in front of "
        "z2jh it takes that away too, and the chart cannot be rendered."
    ),
    source="https://github.com/jupyterhub/zero-to-jupyterhub-k8s/blob/2.0.0/jupyterhub/templates/image-puller/_helpers-daemonset.tpl",
    safety="sure",
    change=change,
    cases=(
        Case(
            "a hub without the init container that its chart had",
            given="jupyterhub: {singleuser: {initContainers: null, extraContainers: [{name: a}]}}",
            expect="jupyterhub: {singleuser: {initContainers: [], extraContainers: [{name: a}]}}",
        ),
        Case(
            "a list that the chart can do without",
            given="jupyterhub: {singleuser: {profileList: null, storage: {extraVolumeMounts: null}}}",
        ),
    ),
)
