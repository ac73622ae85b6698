"""How the world reaches the hub: host names, ingress class and annotations."""

from __future__ import annotations

from takeout.adapt.hosts import binder_host, has_binder_host
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.targets import Ingress
from takeout.values.path import Path

_CLASS = "kubernetes.io/ingress.class"
_CONTROLLERS = (
    "nginx.org/",
    "nginx.ingress.kubernetes.io/",
    "traefik.ingress.kubernetes.io/",
    "alb.ingress.kubernetes.io/",
)
# What one nginx controller calls the other's setting.
_TRANSLATIONS = {
    "nginx.ingress.kubernetes.io/proxy-body-size": "nginx.org/client-max-body-size",
    "nginx.ingress.kubernetes.io/proxy-read-timeout": "nginx.org/proxy-read-timeout",
}


def change(draft: Draft) -> None:
    """Give the hub's ingresses the new host, and what the target's controller understands."""
    host = draft.context.options.host
    has_ingress = draft.get("jupyterhub.ingress.enabled") is True
    has_https = draft.has("jupyterhub.proxy.https.hosts") or draft.get("jupyterhub.proxy.https.enabled") is True
    if has_ingress:
        _move(draft, ("jupyterhub", "ingress"), host, "proxy-public")
    if has_binder_host(draft):
        _move(draft, ("binderhub-service", "ingress"), binder_host(draft), "binderhub")
    if has_https:
        draft.set("jupyterhub.proxy.https.hosts", [host], why="the hub moves to its new address")
    if has_ingress or has_https:
        _point(draft, [host, *([binder_host(draft)] if has_binder_host(draft) else [])])


def _move(draft: Draft, path: Path, host: str, service: str) -> None:
    why = "the hub moves to its new address"
    draft.set((*path, "hosts"), [host], why=why)
    entries = draft.get_list((*path, "tls"))
    for index, entry in enumerate(entries):
        if index == 0 and isinstance(entry, dict):
            draft.set((*path, "tls", index, "hosts"), [host], why=why)
    for index in range(len(entries) - 1, 0, -1):
        draft.remove((*path, "tls", index), why="one certificate holds the one host")
    if not entries:
        draft.set((*path, "tls"), [{"hosts": [host], "secretName": "https-auto-tls"}], why=why)
    if draft.context.target.ingress is not None:
        _fit(draft, path, draft.context.target.ingress, service)


def _fit(draft: Draft, path: Path, ingress: Ingress, service: str) -> None:
    """Set the class, and leave only the annotations that the controller understands."""
    annotations: Path = (*path, "annotations")
    why = f"{ingress.controller} serves the class {ingress.class_name}"
    if draft.has((*path, "ingressClassName")):
        draft.set((*path, "ingressClassName"), ingress.class_name, why=why)
    elif draft.has((*annotations, _CLASS)):
        draft.set((*annotations, _CLASS), ingress.class_name, why=why)
    for name, value in draft.get_map(annotations).items():
        if not name.startswith(_CONTROLLERS) or ingress.understands(name):
            continue
        draft.remove((*annotations, name), why=f"{ingress.controller} does not know it")
        translation = _TRANSLATIONS.get(name)
        if translation and ingress.understands(translation):
            draft.set((*annotations, translation), value, why=why)
            # This controller passes websockets on only to services that are named.
            draft.set((*annotations, "nginx.org/websocket-services"), service, why="kernels speak over websockets")


def _point(draft: Draft, hosts: list[str]) -> None:
    context = draft.context
    step = context.target.step("address")
    filled = (
        step.fill(
            cluster=context.hub.name,
            namespace=context.hub.name,
            host=hosts[0],
            pool="",
            instance_type="",
            gpus=0,
            gpu="",
        )
        if step
        else None
    )
    names = " and ".join(f"`{host}`" for host in hosts)
    chosen = (
        ""
        if context.options.domain
        else (
            f" No address was chosen: `{hosts[0]}` is a placeholder. Run Takeout again with `--domain`, before "
            "anything else."
        )
    )
    draft.ask(
        Action(
            "point-dns",
            f"Point {names} at the cluster",
            f"People reach the hub at {names}; certificates are made once the name answers.{chosen}"
            + (f" {filled.text}" if filled else ""),
            filled.commands if filled else (),
            f"curl --head https://{hosts[0]}/hub/login",
            stage="domain",
            blocking=True,
        )
    )


RULE = Rule(
    id="D01",
    title="Serve the hub at its new address, through the target's ingress controller",
    why=(
        "The ingress names the origin's host, so nobody would reach the replica; a class or an annotation that "
        "the cluster's controller does not know is ignored without a word."
    ),
    source="https://z2jh.jupyter.org/en/stable/resources/reference.html#ingress",
    safety="sure",
    change=change,
    cases=(
        Case(
            "host and certificate move",
            """
jupyterhub:
  ingress:
    enabled: true
    ingressClassName: nginx
    annotations: {nginx.org/client-max-body-size: 256m, cert-manager.io/cluster-issuer: x}
    hosts: [lagoon.example.net]
    tls: [{hosts: [lagoon.example.net], secretName: https-auto-tls}]
""",
            """
jupyterhub:
  ingress:
    enabled: true
    ingressClassName: nginx
    annotations: {nginx.org/client-max-body-size: 256m, cert-manager.io/cluster-issuer: x}
    hosts: [hub.example.edu]
    tls: [{hosts: [hub.example.edu], secretName: https-auto-tls}]
""",
            actions=("point-dns",),
        ),
        Case(
            "an older controller's annotations are translated",
            """
jupyterhub:
  ingress:
    enabled: true
    annotations: {nginx.ingress.kubernetes.io/proxy-body-size: 256m, kubernetes.io/ingress.class: nginx}
""",
            """
jupyterhub:
  ingress:
    enabled: true
    annotations:
      kubernetes.io/ingress.class: nginx
      nginx.org/client-max-body-size: 256m
      nginx.org/websocket-services: proxy-public
    hosts: [hub.example.edu]
    tls: [{hosts: [hub.example.edu], secretName: https-auto-tls}]
""",
            target="gke",
            actions=("point-dns",),
        ),
        Case(
            "Traefik needs none of nginx's annotations",
            """
jupyterhub:
  ingress: {enabled: true, ingressClassName: nginx, annotations: {nginx.org/proxy-buffering: 'false', mine: 'x'}}
""",
            """
jupyterhub:
  ingress:
    enabled: true
    ingressClassName: traefik
    annotations: {mine: 'x'}
    hosts: [hub.example.edu]
    tls: [{hosts: [hub.example.edu], secretName: https-auto-tls}]
""",
            target="k3s",
            actions=("point-dns",),
        ),
        Case(
            "a hub behind a load balancer",
            "jupyterhub: {proxy: {https: {enabled: true, hosts: [lagoon.example.net]}}}",
            "jupyterhub: {proxy: {https: {enabled: true, hosts: [hub.example.edu]}}}",
            actions=("point-dns",),
        ),
        Case("without an ingress values stay", "jupyterhub: {ingress: {enabled: false, hosts: [a.example.net]}}"),
    ),
)
