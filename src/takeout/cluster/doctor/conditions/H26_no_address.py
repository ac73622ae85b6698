"""Nobody from outside can reach the hub."""

from __future__ import annotations

from collections.abc import Iterator

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, from_event
from takeout.cluster.doctor.objects import Ingress
from takeout.cluster.doctor.snapshot import Snapshot
from takeout.cluster.doctor.words import everywhere, kubectl


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find an ingress that no controller takes, and a service that gets no address."""
    answered = any(probe.what == "public" and probe.is_hub for probe in snapshot.probes)
    if answered:
        return
    for ingress in snapshot.ingresses:
        if not ingress.addresses:
            yield _of_ingress(snapshot, ingress)
    service = snapshot.service("proxy-public")
    if service is None or service.type != "LoadBalancer" or service.addresses or snapshot.ingresses:
        return
    events = [e for e in snapshot.events if e.kind == "Service" and e.name == service.name and e.type == "Warning"]
    yield Finding(
        f"Service/{service.name}",
        f"the service {service.name} gets no address from outside",
        "Clouds take a minute or two. A cluster without load balancers needs one (MetalLB, k3s has its own), "
        "or the proxy "
        "stays inside and an ingress leads to it.",
        (kubectl(snapshot, f"describe service {service.name}"),),
        values=(
            (snapshot.facts.key("proxy.service.type"), "ClusterIP"),
            (snapshot.facts.key("ingress.enabled"), True),
        ),
        evidence=(
            Evidence("object", f"Service/{service.name}", "of the type LoadBalancer, and has no address"),
            *(from_event(event, snapshot.now) for event in events[-1:]),
        ),
        stops=("address",),
    )


def _of_ingress(snapshot: Snapshot, ingress: Ingress) -> Finding:
    names = ", ".join(sorted(snapshot.ingress_classes)) or "none"
    name = ingress.ingress_class
    missing = name and name not in snapshot.ingress_classes and snapshot.read("ingress classes")
    what = f"wants the class {name}, and the cluster has {names}" if missing else "has no address yet"
    mend = (
        f"Name a class that is there, or install the controller of the class {name}."
        if missing
        else "Install an ingress controller (the class "
        f"{name or 'is not named: name one'} has to be its own), or see that the one that is there runs."
    )
    key = snapshot.facts.key("ingress.ingressClassName")
    first = next(iter(sorted(snapshot.ingress_classes)), "")
    return Finding(
        f"Ingress/{ingress.name}",
        f"the ingress {ingress.name} {what}: nobody reaches the hub by it",
        mend,
        (everywhere(snapshot, "get ingressclass"),),
        values=((key, first),) if first and (missing or not name) else (),
        evidence=(Evidence("object", f"Ingress/{ingress.name}", f"class {name or 'not named'}, no address"),),
        stops=("address",),
        certainty="sure" if missing else "likely",
    )


_INGRESS = """
objects:
- {kind: Ingress, metadata: {name: jupyterhub}, spec: {ingressClassName: nginx, rules: [{host: hub.example.edu}]}}
"""

CONDITION = Condition(
    id="H26",
    title="The hub has no address from outside",
    why="An ingress is only a wish until a controller of its class fulfils it, and a service of the type "
    "LoadBalancer "
    "until the cluster has load balancers. The hub runs, and nobody can reach it.",
    mend="Have a controller of the class, or name a class that is there.",
    source="https://github.com/jupyterhub/zero-to-jupyterhub-k8s/issues/1888",
    look=look,
    cases=(
        Case(
            "a class of another cluster",
            _INGRESS + "- {kind: IngressClass, metadata: {name: traefik}}",
            ("Ingress/jupyterhub",),
            ("wants the class nginx, and the cluster has traefik", "ingress.ingressClassName=traefik"),
        ),
        Case(
            "no controller",
            _INGRESS + "- {kind: IngressClass, metadata: {name: nginx}}",
            ("Ingress/jupyterhub",),
            ("has no address yet",),
        ),
        Case(
            "no load balancers",
            "objects: [{kind: Service, metadata: {name: proxy-public}, spec: {type: LoadBalancer}}]",
            ("Service/proxy-public",),
        ),
        Case(
            "a hub that answers",
            _INGRESS + "probes: [{what: public, url: 'https://hub.example.edu/', status: 200, is_hub: true}]",
        ),
        Case(
            "reached inside only",
            "objects: [{kind: Service, metadata: {name: proxy-public}, spec: {type: ClusterIP}}]",
        ),
    ),
)
