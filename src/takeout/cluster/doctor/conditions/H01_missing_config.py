"""A ConfigMap or Secret that a pod waits for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Finding, from_event, from_waiting
from takeout.cluster.doctor.needs import Lack, lacking
from takeout.cluster.doctor.pods import Pod
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import kubectl, stopped_by, whose

_OF_ORIGIN = (
    "basehub-cluster-info",
    "hub-custom-templates-config",
    "usage-quotas-config",
    "prometheus-auth",
)
_KEY = re.compile(
    r"couldn't find key (?P<key>\S+) in (?P<kind>ConfigMap|Secret) \S+/(?P<name>[\w.-]+)|"
    r"references non-existent (?P<what>config|secret) key: (?P<wanted>[^\s,]+)"
)


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find what pods refer to and what is not there."""
    for lack in lacking(snapshot, "ConfigMap", "Secret"):
        yield _absent(snapshot, lack)
    yield from _without_key(snapshot)


def _absent(snapshot: Snapshot, lack: Lack) -> Finding:
    places = ", ".join(lack.how)
    of_origin = lack.name in _OF_ORIGIN
    mend = (
        "It is one of the objects that only the chart of the hub's former operator makes: take out what asks "
        "for it "
        f"({places}); `takeout hub replicate` does that for a whole hub."
        if of_origin
        else f"Make it, or take out what asks for it ({places}) and upgrade the release."
    )
    keys = "".join(f" --from-literal={key}=<value>" for key in sorted(lack.keys)) or " --from-file=<file>"
    noun = "configmap" if lack.kind == "ConfigMap" else "secret generic"
    return Finding(
        f"{lack.kind}/{lack.name}",
        f"the {lack.kind} {lack.name} is not there, and {lack.waiting} for it",
        mend,
        () if of_origin else (kubectl(snapshot, f"create {noun} {lack.name}{keys}"),),
        evidence=lack.told,
        stops=tuple(lack.stops),
    )


def _without_key(snapshot: Snapshot) -> Iterator[Finding]:
    """Find keys that are not in objects that are there."""
    seen = set()
    for pod in snapshot.pods:
        if pod.deleted or pod.ready:
            continue
        told = [(c.message, from_waiting(pod, c)) for c in pod.spec.containers if c.message]
        told += [
            (e.message, from_event(e, snapshot.now)) for e in snapshot.recent("FailedMount") if e.name == pod.name
        ]
        for message, evidence in told:
            for match in _KEY.finditer(message):
                kind, name, key = _meant(match, pod)
                if not name or (kind, name, key) in seen or snapshot.has(kind, name) is False:
                    continue
                seen.add((kind, name, key))
                change = (
                    f'{{"stringData":{{"{key}":"<value>"}}}}'
                    if kind == "Secret"
                    else f'{{"data":{{"{key}":"<value>"}}}}'
                )
                yield Finding(
                    f"{kind}/{name}",
                    f"the {kind} {name} has no key {key}, and {whose(pod)} waits for it",
                    "Add the key, or ask for one that is there.",
                    (
                        kubectl(snapshot, f"patch {kind.lower()} {name} --type merge --patch '{change}'"),
                        *(
                            (kubectl(snapshot, f"delete pod {pod.name}"),)
                            if pod.part != "singleuser-server"
                            else ()
                        ),
                    ),
                    evidence=(evidence,),
                    stops=stopped_by(pod),
                )


def _meant(match: re.Match[str], pod: Pod) -> tuple[str, str, str]:
    """Return the object and the key; a volume's message does not name the object, the pod does."""
    if match["key"]:
        return match["kind"], match["name"], match["key"]
    kind = "Secret" if match["what"] == "secret" else "ConfigMap"
    named = [r.name for r in pod.spec.references if r.kind == kind and r.key == match["wanted"]]
    return kind, next(iter(named), ""), match["wanted"]


_HUB = """
objects:
- kind: Pod
  metadata: {name: hub-5d9c-x2, labels: {app: jupyterhub, component: hub}}
  spec:
    containers:
    - name: hub
      image: hub:1
      env:
      - {name: DIST, valueFrom: {configMapKeyRef: {name: cluster-info, key: dist}}}
      - {name: MAYBE, valueFrom: {secretKeyRef: {name: perhaps, key: a, optional: true}}}
    volumes:
    - {name: quotas, secret: {secretName: quotas}}
  status:
    phase: Pending
    containerStatuses:
    - name: hub
      ready: false
      state: {waiting: {reason: CreateContainerConfigError, message: 'configmap "cluster-info" not found'}}
"""

CONDITION = Condition(
    id="H01",
    title="A ConfigMap or Secret is missing",
    why="A pod does not start before everything that its variables and volumes refer to is there. It says so "
    "in its "
    "events alone: to a person the hub is simply away, or their server never comes.",
    mend="Make the object, or take out what asks for it.",
    source="https://kubernetes.io/docs/concepts/configuration/configmap/",
    look=look,
    cases=(
        Case(
            "a variable from a ConfigMap and a volume from a Secret",
            _HUB,
            ("ConfigMap/cluster-info", "Secret/quotas"),
            ("--from-literal=dist=<value>", "create secret generic quotas", "CreateContainerConfigError"),
        ),
        Case("both are there", _HUB + "names: {ConfigMap: [cluster-info], Secret: [quotas]}"),
        Case("names could not be read", _HUB + "unread: [ConfigMap, Secret]"),
        Case(
            "an object of the former operator's chart, in a pod that was never made",
            """
objects:
- kind: Deployment
  metadata: {name: hub}
  spec:
    replicas: 1
    template:
      metadata: {labels: {app: jupyterhub, component: hub}}
      spec:
        containers: [{name: hub}]
        volumes: [{name: quotas, configMap: {name: usage-quotas-config}}]
""",
            ("ConfigMap/usage-quotas-config",),
            ("takeout hub replicate",),
        ),
        Case(
            "what users' servers will ask for",
            """
release:
  name: hub
  values: {hub: {}, singleuser: {storage: {extraVolumes: [{name: a, configMap: {name: motd}}]}}}
""",
            ("ConfigMap/motd",),
            ("every user's server",),
        ),
        Case(
            "an object that lacks a key",
            """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec: {containers: [{name: hub, env: [{name: A, valueFrom: {secretKeyRef: {name: keys, key: a}}}]}]}
  status:
    containerStatuses:
    - name: hub
      state: {waiting: {reason: CreateContainerConfigError, message: couldn't find key a in Secret hub/keys}}
names: {Secret: [keys]}
""",
            ("Secret/keys",),
            ("has no key a", "patch secret keys", "delete pod hub-1"),
        ),
        Case(
            "a key of a volume",
            """
objects:
- kind: Pod
  metadata: {name: hub-1, labels: {component: hub}}
  spec:
    containers: [{name: hub}]
    volumes: [{name: files, configMap: {name: files, items: [{key: b.py, path: b.py}]}}]
- kind: Event
  involvedObject: {kind: Pod, name: hub-1}
  reason: FailedMount
  message: 'MountVolume.SetUp failed for volume "files" : configmap references non-existent config key: b.py'
names: {ConfigMap: [files]}
""",
            ("ConfigMap/files",),
            ("has no key b.py",),
        ),
    ),
)
