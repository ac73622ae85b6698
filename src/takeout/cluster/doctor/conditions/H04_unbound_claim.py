"""A claim that no volume is bound to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_event
from takeout.cluster.doctor.objects import Claim, Event
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import everywhere, kubectl, stopped_by

_NORMAL_SECONDS = 60
"""Clouds take up to a minute for a disk; a claim that waits longer with nothing said is worth a word."""


@dataclass(frozen=True, slots=True)
class _Why:
    """What is wrong with a claim, and what to do."""

    message: str
    mend: str
    commands: tuple[str, ...]


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find claims that stay pending for another reason than that nobody mounts them yet."""
    for claim in snapshot.claims:
        events = [e for e in snapshot.events if e.kind == "PersistentVolumeClaim" and e.name == claim.name]
        why = (
            _lost(snapshot, claim) or _class_missing(snapshot, claim, events) or _unserved(snapshot, claim, events)
        )
        if why is None:
            continue
        pods = [pod for pod in snapshot.pods if claim.name in pod.spec.claims and not pod.deleted]
        told = [from_event(event, snapshot.now) for event in events if event.reason != "WaitForFirstConsumer"]
        state = Evidence(
            "object",
            f"PersistentVolumeClaim/{claim.name}",
            f"{claim.phase}; class {_class_of(claim)}, {claim.requested or 'no size'}, {'/'.join(claim.modes)}",
        )
        yield Finding(
            f"PersistentVolumeClaim/{claim.name}",
            why.message,
            why.mend,
            why.commands,
            evidence=(state, *told[-1:]),
            stops=tuple(dict.fromkeys(word for pod in pods for word in stopped_by(pod))),
        )


def _lost(snapshot: Snapshot, claim: Claim) -> _Why | None:
    if claim.phase != "Lost":
        return None
    return _Why(
        f"the claim {claim.name} has lost its volume {claim.volume}",
        "The volume was deleted. Restore the data, and make volume and claim anew.",
        (kubectl(snapshot, f"describe persistentvolumeclaim {claim.name}"),),
    )


def _class_missing(snapshot: Snapshot, claim: Claim, events: list[Event]) -> _Why | None:
    """Return that the claim's class is not there, or that it names none and there is no default."""
    named = {c.name: c for c in snapshot.storage_classes}
    if claim.phase != "Pending" or not snapshot.read("storage classes"):
        return None
    names = ", ".join(sorted(named)) or "none"
    if claim.storage_class is None and not any(c.is_default for c in named.values()):
        annotation = '{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}'
        first = next(iter(sorted(named)), "<class>")
        return _Why(
            f"the claim {claim.name} names no storage class, and the cluster has no default one",
            f"Make one of the cluster's classes ({names}) the default one; a claim that waits takes it up by "
            "itself.",
            (everywhere(snapshot, f"patch storageclass {first} --patch '{annotation}'"),),
        )
    # A class may be only a name that a volume made by hand bears too.
    waits_for_pod = bool(events) and all(event.reason == "WaitForFirstConsumer" for event in events)
    if claim.storage_class and claim.storage_class not in named and not waits_for_pod:
        return _Why(
            f"the claim {claim.name} wants the storage class {claim.storage_class}, and the cluster has {names}",
            "Name a class that is there in the values, and make the claim anew: its class cannot be changed. "
            "It is "
            "empty, since it was never bound.",
            (_again(snapshot, claim), everywhere(snapshot, "get storageclass")),
        )
    return None


def _unserved(snapshot: Snapshot, claim: Claim, events: list[Event]) -> _Why | None:
    """Return that the storage's driver refuses, or is not there."""
    if claim.phase != "Pending":
        return None
    if any(event.reason == "ProvisioningFailed" for event in events):
        return _Why(
            f"no volume can be made for the claim {claim.name}",
            "The storage's driver says why: a size or a mode that it does not offer, a quota that is used up, or "
            "rights that it lacks. Mend that, or name another class and make the claim anew; it is empty.",
            (kubectl(snapshot, f"describe persistentvolumeclaim {claim.name}"), _again(snapshot, claim)),
        )
    awaited = any(event.reason in ("ExternalProvisioning", "Provisioning", "FailedBinding") for event in events)
    age_seconds = (snapshot.now - claim.created).total_seconds() if claim.created else _NORMAL_SECONDS
    if not awaited or age_seconds < _NORMAL_SECONDS:
        return None
    found = {c.name: c.provisioner for c in snapshot.storage_classes}.get(claim.storage_class or "", "")
    return _Why(
        f"nobody makes a volume for the claim {claim.name}",
        f"The class counts on {found or 'a driver'}: see that its pods run, or make a volume by hand, or name "
        "another "
        "class.",
        (everywhere(snapshot, "get pods --all-namespaces"), _again(snapshot, claim)),
    )


def _again(snapshot: Snapshot, claim: Claim) -> str:
    return kubectl(snapshot, f"delete persistentvolumeclaim {claim.name}")


def _class_of(claim: Claim) -> str:
    return "of the cluster's default" if claim.storage_class is None else claim.storage_class or "none"


_POD = """
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {containers: [{name: hub}], volumes: [{name: db, persistentVolumeClaim: {claimName: hub-db-dir}}]}
  status: {phase: Pending}
"""

CONDITION = Condition(
    id="H04",
    title="A claim is not bound",
    why="A pod waits until all its claims are bound. A class of another cluster, a cluster without a default "
    "class, a "
    "driver that is not there or refuses: the claim stays pending, and with it the hub or somebody's server.",
    mend="Name a storage class that is there, or mend the one that is meant.",
    source="https://github.com/jupyterhub/zero-to-jupyterhub-k8s/issues/1413",
    look=look,
    cases=(
        Case(
            "no default class",
            "objects:"
            + _POD
            + """
- {kind: StorageClass, metadata: {name: standard}}
- {kind: PersistentVolumeClaim, metadata: {name: hub-db-dir}, status: {phase: Pending}}
- kind: Event
  involvedObject: {kind: PersistentVolumeClaim, name: hub-db-dir}
  reason: FailedBinding
  message: no persistent volumes available for this claim and no storage class is set
""",
            ("PersistentVolumeClaim/hub-db-dir",),
            ("no default one", "patch storageclass standard", "no persistent volumes available"),
        ),
        Case(
            "a class of another cluster",
            """
objects:
- {kind: StorageClass, metadata: {name: gp3}}
- {kind: PersistentVolumeClaim, metadata: {name: claim-ada}, spec: {storageClassName: standard-rwo},
    status: {phase: Pending}}
- kind: Event
  involvedObject: {kind: PersistentVolumeClaim, name: claim-ada}
  reason: ProvisioningFailed
  message: storageclass.storage.k8s.io "standard-rwo" not found
""",
            ("PersistentVolumeClaim/claim-ada",),
            (
                "wants the storage class standard-rwo, and the cluster has gp3",
                "delete persistentvolumeclaim claim-ada",
            ),
        ),
        Case(
            "a driver that refuses",
            """
objects:
- {kind: StorageClass, metadata: {name: gp3}}
- {kind: PersistentVolumeClaim, metadata: {name: homes}, spec: {storageClassName: gp3}, status: {phase: Pending}}
- kind: Event
  involvedObject: {kind: PersistentVolumeClaim, name: homes}
  reason: ProvisioningFailed
  message: 'failed to provision volume with StorageClass "gp3": UnauthorizedOperation'
""",
            ("PersistentVolumeClaim/homes",),
            ("UnauthorizedOperation",),
        ),
        Case(
            "a driver that is not there",
            """
objects:
- {kind: StorageClass, metadata: {name: gp3}, provisioner: ebs.csi.aws.com}
- {kind: PersistentVolumeClaim, metadata: {name: homes}, spec: {storageClassName: gp3}, status: {phase: Pending}}
- kind: Event
  involvedObject: {kind: PersistentVolumeClaim, name: homes}
  reason: ExternalProvisioning
  message: Waiting for a volume to be created either by the external provisioner 'ebs.csi.aws.com' or manually
""",
            ("PersistentVolumeClaim/homes",),
            ("counts on ebs.csi.aws.com",),
        ),
        Case(
            "a class that waits for the first pod",
            """
objects:
- {kind: StorageClass, metadata: {name: gp3}, volumeBindingMode: WaitForFirstConsumer}
- {kind: PersistentVolumeClaim, metadata: {name: homes}, spec: {storageClassName: gp3}, status: {phase: Pending}}
- kind: Event
  involvedObject: {kind: PersistentVolumeClaim, name: homes}
  reason: WaitForFirstConsumer
  message: waiting for first consumer to be created before binding
""",
        ),
        Case(
            "a claim that is bound",
            """
objects:
- {kind: PersistentVolumeClaim, metadata: {name: homes}, spec: {storageClassName: gone}, status: {phase: Bound}}
""",
        ),
    ),
)
