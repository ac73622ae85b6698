"""Ask the hub how it does: itself, through its proxy, and by its address; and names, where they lead."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from takeout.cluster.api import Cluster
from takeout.cluster.doctor.pods import Pod
from takeout.cluster.doctor.snapshot import Probe, Snapshot, Unread
from takeout.errors import ClusterError

_SECONDS = 6.0
_HUB_PORT, _PROXY_PORT = 8081, 8000
_REDIRECTS = range(300, 400)
_NO_SUCH_NAME = {getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA") if hasattr(socket, name)}
_OF_HUB = "x-jupyterhub-version"


def probe(cluster: Cluster, snapshot: Snapshot) -> tuple[tuple[Probe, ...], list[Unread]]:
    """Return what the hub answers: itself and through the proxy by forwarded ports, and by its address."""
    path = f"{snapshot.facts.base_url}hub/health"
    found: list[Probe] = []
    unread: list[Unread] = []
    for what, part, container, port in (("hub", "hub", "hub", _HUB_PORT), ("proxy", "proxy", "chp", _PROXY_PORT)):
        pod = next((p for p in snapshot.pods if p.part == part and not p.deleted and _runs(p, container)), None)
        if pod is None:
            continue
        try:
            if cluster.may("create", "Pod", snapshot.namespace, subresource="portforward").yes:
                with cluster.forward(pod.name, snapshot.namespace, port) as address:
                    answer = _get(what, f"http://{address}{path}", shown=f"http://{pod.name}:{port}{path}")
            else:
                unread.append(Unread(f"the health of the {what}", "no ports may be forwarded"))
                continue
        except ClusterError as error:
            unread.append(Unread(f"the health of the {what}", error.message))
            continue
        # A proxy with a certificate of its own sends everybody to https: that says nothing of the hub.
        if answer.status not in _REDIRECTS or answer.is_hub:
            found.append(answer)
    found += [_get("public", url) for url in _addresses(snapshot)]
    return tuple(found), unread


def look_up(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Return the addresses of the hub's names and of the load balancers' names; unknown ones are left out."""
    names = [*_hosts(snapshot), *(a for ingress in snapshot.ingresses for a in ingress.addresses)]
    service = snapshot.service("proxy-public")
    names += service.addresses if service is not None else ()
    found: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys(names):
        if not any(letter.isalpha() for letter in name) or ":" in name or "*" in name:
            continue
        try:
            answers = socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)
        except socket.gaierror as error:
            if error.errno in _NO_SUCH_NAME:
                found[name] = ()
        except (OSError, UnicodeError):
            continue
        else:
            found[name] = tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))
    return found


def _addresses(snapshot: Snapshot) -> Iterator[str]:
    """Yield the hub's address, if it has a name that leads somewhere."""
    host = next(iter(_hosts(snapshot)), "")
    if snapshot.lookups.get(host):
        scheme = "https" if snapshot.facts.https or any(ingress.tls for ingress in snapshot.ingresses) else "http"
        yield f"{scheme}://{host}{snapshot.facts.base_url}hub/health"


def _hosts(snapshot: Snapshot) -> tuple[str, ...]:
    return snapshot.facts.hosts or tuple(host for ingress in snapshot.ingresses for host in ingress.hosts)


def _runs(pod: Pod, name: str) -> bool:
    containers = [c for c in pod.spec.containers if c.name == name] or list(pod.spec.containers)
    return any(container.state == "running" for container in containers)


def _get(what: str, url: str, *, shown: str = "") -> Probe:
    """Return what a GET is answered; where a redirect leads is not asked, and nothing of the body is kept."""
    import httpx  # noqa: PLC0415 - half a second that help need not wait for

    try:
        answer = httpx.get(url, timeout=_SECONDS, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return Probe(what, shown or url, error=f"{type(error).__name__}: {error}".rstrip(": "))
    return Probe(what, shown or url, status=answer.status_code, is_hub=_OF_HUB in answer.headers)
