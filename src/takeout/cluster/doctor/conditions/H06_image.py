"""An image that cannot be pulled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_event, from_waiting
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, named_part, stopped, stopped_by, whose

_WAITING = (
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "SignatureValidationFailed",
)
_EVENT = re.compile(
    r'(?:Failed to pull image|Back-off pulling image|Failed to apply default image tag) "(?P<image>[^"]+)"'
)


@dataclass(frozen=True, slots=True)
class _Reason:
    """What a registry's words mean."""

    words: str
    why: str
    mend: str


_REASONS = (
    _Reason(
        r"toomanyrequests|rate limit|\b429\b",
        "the registry has had enough of this cluster's requests",
        "Wait, log in to the registry with a pull secret, or mirror the image (`takeout hub images`).",
    ),
    _Reason(
        r"no match for platform|no matching manifest|exec format",
        "it is not built for the nodes' processors",
        "Have nodes of the processor that the image is for, or an image that is built for both.",
    ),
    _Reason(
        r"x509|certificate signed|tls:",
        "the registry's certificate is not trusted by the nodes",
        "Have the nodes' container runtime trust the registry's authority.",
    ),
    _Reason(
        r"unauthorized|authentication required|denied|\b401\b|\b403\b|insufficient_scope|authorization failed",
        "the registry does not let the cluster have it, or has no such repository",
        "If the image is private, make a pull secret and name it in `imagePullSecrets`; otherwise mend the name.",
    ),
    _Reason(
        r"not found|manifest unknown|does not exist|name unknown|\b404\b",
        "the registry has no such image or tag",
        "Mend the name or the tag; an image of the hub's former operator may have been taken away: build it "
        "again.",
    ),
    _Reason(
        r"no space left",
        "the node's disk is full",
        "Give the nodes larger disks, or use a smaller image; deleting the node frees it for now.",
    ),
    _Reason(
        r"no such host|dial tcp|i/o timeout|connection re(?:fused|set)|deadline exceeded|network is "
        r"unreachable|EOF",
        "the nodes cannot reach the registry",
        "See that the nodes have a way to the internet (NAT, firewall, proxy), or mirror the image to where "
        "they have.",
    ),
    _Reason(
        r"InvalidImageName|couldn't parse|invalid reference|Failed to apply default image tag",
        "its name is not one that an image can have",
        "Mend the name: no spaces, no upper case before the tag, one tag.",
    ),
    _Reason(
        r"ErrImageNeverPull|not present with pull policy of Never",
        "it is not on the node, and the pull policy is Never",
        "Set the pull policy to `IfNotPresent`, or bring the image to every node.",
    ),
)
_VALUES = {"hub": "hub.image", "proxy": "proxy.chp.image", "autohttps": "proxy.traefik.image"}


@dataclass(slots=True)
class _Image:
    who: dict[str, None] = field(default_factory=dict)
    stops: dict[str, None] = field(default_factory=dict)
    said: str = ""
    evidence: list[Evidence] = field(default_factory=list)
    pod: str = ""
    part: str = ""


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find images that containers wait for, and those that servers which were given up waited for."""
    images: dict[str, _Image] = {}
    for pod in snapshot.pods:
        for container in pod.spec.containers:
            if container.reason not in _WAITING or pod.deleted:
                continue
            image = images.setdefault(container.image, _Image(pod=pod.name, part=pod.part))
            image.who[whose(pod)] = None
            image.stops.update(dict.fromkeys(stopped_by(pod)))
            image.said += f" {container.reason} {container.message}"
            image.evidence.append(from_waiting(pod, container))
    for event in snapshot.recent("Failed", "InspectFailed", "ErrImageNeverPull"):
        match = _EVENT.search(event.message)
        if match is None or (match["image"] not in images and snapshot.pod(event.name) is not None):
            continue
        part = snapshot.part_of(event.name)
        image = images.setdefault(match["image"], _Image(pod=event.name, part=part))
        image.who.setdefault(named_part(part, event.name))
        image.stops.update(dict.fromkeys(stopped(part, event.name)))
        image.said += f" {event.message}"
        image.evidence.append(from_event(event, snapshot.now))
    for name, image in images.items():
        why, mend = _reason(image.said)
        yield Finding(
            f"Image/{name.replace(' ', '')}",
            f"the image {name} of {_some(image.who)} cannot be pulled: {why}",
            f"{mend} {_where(snapshot, image)}",
            _commands(snapshot, image, why),
            evidence=_longest(image.evidence),
            stops=tuple(image.stops),
        )


def _reason(said: str) -> tuple[str, str]:
    """Return why, and the mend; the words of a registry are those that count."""
    for reason in _REASONS:
        if re.search(reason.words, said, re.IGNORECASE):
            return reason.why, reason.mend
    return "the reason is in the events", "Read the events of the pod, and mend what they name."


def _where(snapshot: Snapshot, image: _Image) -> str:
    if image.part == "singleuser-server":
        place = f"`{snapshot.facts.key('singleuser.image')}`, or the profile's own"
    elif image.part in _VALUES:
        place = f"`{snapshot.facts.key(_VALUES[image.part])}`"
    else:
        return "The pod's owner, or the chart's values for it, say which image it is."
    return f"It is set in {place}."


def _commands(snapshot: Snapshot, image: _Image, why: str) -> tuple[str, ...]:
    described = kubectl(snapshot, f"get events --field-selector involvedObject.name={image.pod}")
    if "let the cluster" not in why:
        return (described,)
    login = "--docker-server=<registry> --docker-username=<name> --docker-password=<token>"
    return (kubectl(snapshot, f"create secret docker-registry pull-secret {login}"), described)


def _longest(evidence: list[Evidence]) -> tuple[Evidence, ...]:
    """Return the two that say most: a back-off repeats what failed without the reason."""
    return tuple(sorted(dict.fromkeys(evidence), key=lambda item: -len(item.text))[:2])


def _some(names: dict[str, None]) -> str:
    first, *rest = names
    return f"{first} and {len(rest)} more" if rest else first


def _pod(image: str, reason: str, message: str, part: str = "hub") -> str:
    return f"""
objects:
- kind: Pod
  metadata: {{name: {part}-1, labels: {{component: {part}}}}}
  spec: {{containers: [{{name: c, image: '{image}'}}]}}
  status:
    phase: Pending
    containerStatuses:
    - {{name: c, ready: false, state: {{waiting: {{reason: {reason}, message: '{message}'}}}}}}
"""


CONDITION = Condition(
    id="H06",
    title="An image cannot be pulled",
    why="Images live as long as their owner keeps them, and as long as the cluster may have them. A pod whose "
    "image "
    "cannot be had waits, and tries again ever more rarely; a user's server is given up after the spawner's time.",
    mend="Mend the image's name, give the cluster a pull secret, or mirror the image.",
    source="https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff",
    look=look,
    cases=(
        Case(
            "a tag that is gone",
            _pod(
                "quay.io/a/hub:0.0.1",
                "ImagePullBackOff",
                'Back-off pulling image "quay.io/a/hub:0.0.1": rpc error: not found',
            ),
            ("Image/quay.io/a/hub:0.0.1",),
            ("the registry has no such image or tag", "hub.image"),
        ),
        Case(
            "a private image",
            _pod("ghcr.io/a/b:1", "ErrImagePull", "failed to authorize: 401 Unauthorized", "singleuser-server"),
            ("Image/ghcr.io/a/b:1",),
            ("create secret docker-registry", "singleuser.image"),
        ),
        Case(
            "a server that was given up",
            """
objects:
- kind: Event
  involvedObject: {kind: Pod, name: jupyter-ada}
  reason: Failed
  message: 'Failed to pull image "python:nope": dial tcp: lookup registry-1.docker.io: no such host'
""",
            ("Image/python:nope",),
            ("the server of ada", "the nodes cannot reach the registry"),
        ),
        Case(
            "a name that is none",
            _pod("Hub: 1", "InvalidImageName", "couldn''t parse image name"),
            ("Image/Hub:1",),
        ),
        Case(
            "the hub was configured anew since",
            """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}, creationTimestamp: '2026-08-21T11:50:00Z'}
  spec: {containers: [{name: hub}]}
  status: {containerStatuses: [{name: hub, state: {running: {startedAt: '2026-08-21T11:50:05Z'}}}]}
- kind: Event
  involvedObject: {kind: Pod, name: jupyter-ada}
  reason: Failed
  lastTimestamp: '2026-08-21T11:40:00Z'
  message: 'Failed to pull image "python:nope": not found'
""",
        ),
        Case("still pulling", _pod("quay.io/a/hub:1", "ContainerCreating", "")),
    ),
)
