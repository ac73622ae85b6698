"""Read pods and what makes them out of what the Kubernetes API gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from takeout.adapt.nets.nodes import quantity
from takeout.cluster.doctor.fields import labels_of, map_of, maps_of, moment, number, text, texts
from takeout.cluster.doctor.pods import (
    Container,
    Ended,
    Part,
    Pod,
    PodSpec,
    Reference,
    Requirement,
    Toleration,
    Workload,
)
from takeout.cluster.doctor.redact import redact

_PARTS: dict[str, Part] = {
    "hub": "hub",
    "proxy": "proxy",
    "autohttps": "autohttps",
    "singleuser-server": "singleuser-server",
    "user-scheduler": "user-scheduler",
    "hook-image-puller": "image-puller",
    "continuous-image-puller": "image-puller",
    "image-puller": "image-puller",
}
_COUNTED = ("cpu", "memory", "ephemeral-storage", "pods", "hugepages-1Gi", "hugepages-2Mi")


def read_pod(item: Mapping[str, Any]) -> Pod:
    """Return a pod."""
    metadata, status = map_of(item, "metadata"), map_of(item, "status")
    labels = labels_of(metadata)
    conditions = {str(c.get("type")): c for c in maps_of(status, "conditions")}
    unscheduled = conditions.get("PodScheduled", {})
    named = dict(labels)
    user = map_of(metadata, "annotations").get("hub.jupyter.org/username") or named.get("hub.jupyter.org/username")
    return Pod(
        name=text(metadata, "name"),
        part=part_of(named),
        spec=read_spec(map_of(item, "spec"), status),
        phase=text(status, "phase"),
        user=str(user or ""),
        labels=labels,
        node=text(map_of(item, "spec"), "nodeName"),
        ip=text(status, "podIP"),
        reason=text(status, "reason"),
        message=redact(text(status, "message")),
        scheduling=redact(text(unscheduled, "message")) if unscheduled.get("status") == "False" else "",
        ready=conditions.get("Ready", {}).get("status") == "True",
        created=moment(metadata.get("creationTimestamp")),
        deleted=bool(metadata.get("deletionTimestamp")),
    )


def read_workload(item: Mapping[str, Any]) -> Workload:
    """Return a Deployment, ReplicaSet, StatefulSet, DaemonSet or Job."""
    metadata, spec, status = (map_of(item, key) for key in ("metadata", "spec", "status"))
    template = map_of(spec, "template")
    labels = dict(labels_of(map_of(template, "metadata"))) or dict(labels_of(metadata))
    problems = [
        text(condition, "message")
        for condition in maps_of(status, "conditions")
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True"
    ]
    wanted = spec.get("replicas", status.get("desiredNumberScheduled", spec.get("completions", 1)))
    return Workload(
        kind=text(item, "kind"),
        name=text(metadata, "name"),
        part=part_of(labels),
        spec=read_spec(map_of(template, "spec"), {}),
        wanted=wanted if isinstance(wanted, int) else 1,
        ready=next((n for key in ("readyReplicas", "numberReady", "succeeded") if (n := number(status, key))), 0),
        problem=redact(next(iter(problems), "")),
    )


def part_of(labels: Mapping[str, str]) -> Part:
    """Return the part of a hub that a pod's labels tell; older charts and newer ones label differently."""
    component = labels.get("app.kubernetes.io/component") or labels.get("component") or ""
    application = labels.get("app.kubernetes.io/name") or labels.get("app") or ""
    if component not in _PARTS or "binder" in application or "dask" in application:
        return "other"
    return _PARTS[component]


def read_spec(spec: Mapping[str, Any], status: Mapping[str, Any]) -> PodSpec:
    """Return what a pod asks for; ``status`` is the pod's, empty for a template's."""
    volumes = tuple(
        (text(volume, "name"), text(map_of(volume, "persistentVolumeClaim"), "claimName"))
        for volume in maps_of(spec, "volumes")
        if map_of(volume, "persistentVolumeClaim")
    )
    containers = [*_containers(spec, status, init=True), *_containers(spec, status, init=False)]
    asked = [map_of(map_of(item, "resources"), "requests") for item in maps_of(spec, "containers")]
    devices = {key for requests in asked for key in requests if key not in _COUNTED}
    affinity = map_of(
        map_of(map_of(spec, "affinity"), "nodeAffinity"), "requiredDuringSchedulingIgnoredDuringExecution"
    )
    return PodSpec(
        service_account=text(spec, "serviceAccountName"),
        references=tuple(dict.fromkeys((*_references(spec), *_beside(spec)))),
        containers=tuple(containers),
        claims=tuple(claim for _, claim in volumes),
        volumes=volumes,
        uid=_number(spec, "runAsUser"),
        gid=_number(spec, "fsGroup"),
        selector=tuple(Requirement(str(k), "In", (str(v),)) for k, v in map_of(spec, "nodeSelector").items()),
        terms=terms_of(affinity),
        tolerations=tuple(
            Toleration(text(t, "key"), text(t, "operator") or "Equal", text(t, "value"), text(t, "effect"))
            for t in maps_of(spec, "tolerations")
        ),
        cpu=sum(quantity(requests.get("cpu")) for requests in asked),
        memory_bytes=int(sum(quantity(requests.get("memory")) for requests in asked)),
        devices=tuple((key, sum(quantity(r.get(key)) for r in asked)) for key in sorted(devices)),
    )


def _containers(spec: Mapping[str, Any], status: Mapping[str, Any], *, init: bool) -> Iterator[Container]:
    states = {
        text(s, "name"): s for s in maps_of(status, "initContainerStatuses" if init else "containerStatuses")
    }
    for item in maps_of(spec, "initContainers" if init else "containers"):
        seen = states.get(text(item, "name"), {})
        state, before = map_of(seen, "state"), map_of(seen, "lastState")
        waiting = map_of(state, "waiting")
        yield Container(
            name=text(item, "name"),
            image=text(item, "image"),
            working_dir=text(item, "workingDir"),
            memory_limit=text(map_of(map_of(item, "resources"), "limits"), "memory"),
            mounts=tuple(
                (text(m, "name"), text(m, "mountPath"), text(m, "subPath")) for m in maps_of(item, "volumeMounts")
            ),
            ports=tuple((text(p, "name"), number(p, "containerPort")) for p in maps_of(item, "ports")),
            state=next((name for name in ("running", "waiting", "terminated") if name in state), ""),
            reason=text(waiting, "reason"),
            message=redact(text(waiting, "message")),
            ready=seen.get("ready") is True,
            restarts=number(seen, "restartCount"),
            started=moment(map_of(state, "running").get("startedAt")),
            ended=_ended(state),
            last=_ended(before),
            init=init,
        )


def _number(spec: Mapping[str, Any], key: str) -> int | None:
    """Return a number of the pod's security context, or of its first container's: KubeSpawner sets it there."""
    places = (spec, *maps_of(spec, "containers"))
    found = [map_of(place, "securityContext").get(key) for place in places]
    return next((value for value in found if isinstance(value, int)), None)


def _ended(state: Mapping[str, Any]) -> Ended | None:
    found = state.get("terminated")
    if not isinstance(found, Mapping):
        return None
    message = redact(text(found, "message"))
    return Ended(text(found, "reason"), number(found, "exitCode"), message, moment(found.get("finishedAt")))


def _references(spec: Mapping[str, Any]) -> Iterator[Reference]:
    for volume in maps_of(spec, "volumes"):
        how = f"volume {text(volume, 'name')}"
        for source in (volume, *maps_of(map_of(volume, "projected"), "sources")):
            yield from _mounted(map_of(source, "configMap"), "ConfigMap", "name", how)
            yield from _mounted(
                map_of(source, "secret"), "Secret", "secretName" if source is volume else "name", how
            )
    for container in (*maps_of(spec, "initContainers"), *maps_of(spec, "containers")):
        for variable in maps_of(container, "env"):
            how, source = f"variable {text(variable, 'name')}", map_of(variable, "valueFrom")
            yield from _keyed(map_of(source, "configMapKeyRef"), "ConfigMap", how)
            yield from _keyed(map_of(source, "secretKeyRef"), "Secret", how)
        for source in maps_of(container, "envFrom"):
            yield from _keyed(map_of(source, "configMapRef"), "ConfigMap", "envFrom")
            yield from _keyed(map_of(source, "secretRef"), "Secret", "envFrom")


def _beside(spec: Mapping[str, Any]) -> Iterator[Reference]:
    for volume in maps_of(spec, "volumes"):
        if claim := text(map_of(volume, "persistentVolumeClaim"), "claimName"):
            yield Reference("PersistentVolumeClaim", claim, "", f"volume {text(volume, 'name')}")
    if account := text(spec, "serviceAccountName"):
        yield Reference("ServiceAccount", account, "", "serviceAccountName")


def _mounted(source: Mapping[str, Any], kind: str, key: str, how: str) -> Iterator[Reference]:
    if source.get(key) and source.get("optional") is not True:
        for item in maps_of(source, "items") or ({},):
            yield Reference(kind, text(source, key), text(item, "key"), how)


def _keyed(source: Mapping[str, Any], kind: str, how: str) -> Iterator[Reference]:
    if source.get("name") and source.get("optional") is not True:
        yield Reference(kind, text(source, "name"), text(source, "key"), how)


def terms_of(selector: Mapping[str, Any]) -> tuple[tuple[Requirement, ...], ...]:
    """Return the terms of a node selector; requirements on a node's name count as on a label of that name."""
    return tuple(
        tuple(
            Requirement(text(e, "key"), text(e, "operator"), texts(e, "values"))
            for e in (*maps_of(term, "matchExpressions"), *maps_of(term, "matchFields"))
        )
        for term in maps_of(selector, "nodeSelectorTerms")
    )
