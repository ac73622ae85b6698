"""What the cluster is, and what one may do there."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.cluster.aggregated import why_it_stays
from takeout.cluster.preflight.check import Check, Problem, Subject
from takeout.cluster.preflight.versions import satisfies

_VERBS = ("get", "create", "patch", "delete")
_OWN = (("Secret", "Helm's record of the release"), ("Lease", "keeping two deployments apart"))


def version(subject: Subject) -> Iterator[Problem]:
    """Yield charts that do not run on this version of Kubernetes."""
    found = subject.cluster.version()
    for path, tree in subject.plan.chart.tree.walk():
        if tree.kube_version and not satisfies(found, tree.kube_version):
            name = ".".join(path) or tree.name
            yield Problem(
                f"the chart {name} {tree.version} needs Kubernetes {tree.kube_version}; the cluster is {found}",
                "upgrade the cluster",
            )


def permissions(subject: Subject) -> Iterator[Problem]:
    """Yield what one may not do and must."""
    cluster, plan = subject.cluster, subject.plan
    if cluster.may("*", "*").yes:
        return
    asked: dict[tuple[str, str], str] = {}
    for item in plan.every_object:
        asked.setdefault((f"{item.get('apiVersion')}/{item.get('kind')}", plan.namespace), "the hub")
    for kind, use in _OWN:
        asked.setdefault((kind, plan.namespace), use)
    if cluster.find("Namespace", plan.namespace) is None:
        asked["Namespace", ""] = "the hub's namespace"
    for (kind, namespace), use in asked.items():
        if not cluster.has(kind):
            continue  # another check tells
        missing = [verb for verb in _VERBS if not cluster.may(verb, kind, namespace).yes]
        if missing:
            where = f" in the namespace {namespace}" if namespace else ""
            yield Problem(
                f"you may not {', '.join(missing)} {kind.rpartition('/')[2]}s{where}, which {use} needs",
                "ask the cluster's administrator for the role `admin` in the namespace, and what is cluster-wide",
            )
    if not cluster.may("create", "Pod", plan.namespace, subresource="portforward").yes:
        yield Problem(
            "you may not forward ports to pods: the smoke test cannot reach the hub by itself",
            "ask for it, or give --address",
            blocking=False,
        )


def namespace(subject: Subject) -> Iterator[Problem]:
    """Yield what is wrong with the namespace."""
    plan = subject.plan
    found = subject.cluster.find("Namespace", plan.namespace)
    if found is None:
        return
    metadata = found["metadata"]
    if metadata.get("deletionTimestamp"):
        stays = why_it_stays(subject.cluster)
        yield Problem(
            f"the namespace {plan.namespace} is being deleted" + (f", and {stays}" if stays else ""),
            f"wait until it is gone; `kubectl get namespace {plan.namespace} --output yaml` says what holds it",
        )
    level = (metadata.get("labels") or {}).get("pod-security.kubernetes.io/enforce", "privileged")
    privileged = [
        f"{item.get('kind')}/{(item.get('metadata') or {}).get('name')}"
        for item in plan.every_object
        if _wants_more(item)
    ]
    blocks = (plan.hub_values.get("singleuser") or {}).get("cloudMetadata") or {}
    if level in ("baseline", "restricted") and blocks.get("blockWithIptables"):
        yield Problem(
            f"the namespace lets no privileged container in (pod security {level}), and every user's server "
            "begins with one that blocks the cloud's metadata",
            "singleuser.cloudMetadata.blockWithIptables: false in local.values.yaml, if a network policy does it",
        )
    if level in ("baseline", "restricted") and privileged:
        yield Problem(
            f"the namespace lets no privileged container in (pod security {level}): {', '.join(privileged)}",
            f"kubectl label --overwrite namespace {plan.namespace} pod-security.kubernetes.io/enforce=privileged",
        )


def _wants_more(item: dict[str, object]) -> bool:
    spec = item.get("spec")
    template = spec.get("template") if isinstance(spec, dict) else None
    inner = template.get("spec") if isinstance(template, dict) else None
    if not isinstance(inner, dict):
        return False
    containers = [*(inner.get("containers") or ()), *(inner.get("initContainers") or ())]
    return any((c.get("securityContext") or {}).get("privileged") for c in containers if isinstance(c, dict))


CHECKS = (
    Check("version", "Kubernetes is new enough for the charts", version),
    Check("permissions", "you may do what a deployment does", permissions),
    Check("namespace", "the namespace takes the hub's pods", namespace),
)
