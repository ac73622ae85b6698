"""The hub's domain leads elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding
from takeout.cluster.doctor.snapshot import Snapshot


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find names of the hub that have no address, or not one of the cluster's."""
    probe = snapshot.probe("public")
    if probe is not None and probe.is_hub:
        return  # whatever stands in between (a CDN, another balancer) brings people to a hub
    for host in snapshot.facts.hosts or tuple(h for ingress in snapshot.ingresses for h in ingress.hosts):
        found = snapshot.lookups.get(host)
        if found is None:
            continue
        expected = _expected(snapshot, host)
        addresses = sorted({address for each in expected for address in snapshot.lookups.get(each, (each,))})
        if not expected or set(found) & set(addresses):
            continue
        target = next(iter(expected))
        kind = "A" if _is_address(target) else "CNAME"
        yield Finding(
            f"Domain/{host}",
            f"{host} leads to {', '.join(found)}, and the hub is at {', '.join(expected)}"
            if found
            else f"{host} leads nowhere: it has no address",
            f"At whoever keeps the domain, let {host} be {'an' if kind == 'A' else 'a'} {kind} record for "
            f"{target}. "
            "It takes effect when the former record's time is over.",
            (f"nslookup {host}",),
            evidence=(
                Evidence("answer", host, f"resolves to {', '.join(found)}" if found else "has no address"),
                Evidence("object", "Cluster/load-balancer", f"can be reached at {', '.join(expected)}"),
                *((Evidence("answer", probe.url, probe.error or f"status {probe.status}"),) if probe else ()),
            ),
            stops=("dns", "address", "login"),
        )


def _expected(snapshot: Snapshot, host: str) -> tuple[str, ...]:
    """Return where the cluster takes requests for a host: at its ingress, otherwise at the proxy's own service."""
    of_host = [ingress for ingress in snapshot.ingresses if host in ingress.hosts or not ingress.hosts]
    found = tuple(dict.fromkeys(address for ingress in of_host for address in ingress.addresses))
    service = snapshot.service("proxy-public")
    if of_host or service is None or service.type != "LoadBalancer":
        return found
    return service.addresses


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


_GIVEN = """
objects:
- kind: Ingress
  metadata: {name: jupyterhub}
  spec: {rules: [{host: hub.example.edu}]}
  status: {loadBalancer: {ingress: [WHERE]}}
"""

CONDITION = Condition(
    id="H14",
    title="The domain leads elsewhere",
    why="A domain's record still names the hub that was left, or a load balancer that was made anew since and has "
    "another address. People reach the wrong place, and no certificate can be had.",
    mend="Let the domain's record name the cluster's load balancer.",
    source="https://z2jh.jupyter.org/en/stable/administrator/security.html#set-up-your-domain",
    look=look,
    cases=(
        Case(
            "the former cluster",
            _GIVEN.replace("WHERE", "{ip: 198.51.100.7}") + "lookups: {hub.example.edu: [203.0.113.9]}",
            ("Domain/hub.example.edu",),
            ("leads to 203.0.113.9, and the hub is at 198.51.100.7", "an A record for 198.51.100.7"),
        ),
        Case(
            "no record yet, and a balancer that has a name",
            _GIVEN.replace("WHERE", "{hostname: lb.example.com}")
            + "lookups: {hub.example.edu: [], lb.example.com: [198.51.100.7]}",
            ("Domain/hub.example.edu",),
            ("a CNAME record for lb.example.com", "leads nowhere"),
        ),
        Case(
            "the proxy's own service",
            """
objects:
- kind: Service
  metadata: {name: proxy-public}
  spec: {type: LoadBalancer}
  status: {loadBalancer: {ingress: [{ip: 198.51.100.7}]}}
release: {name: hub, values: {hub: {}, proxy: {https: {enabled: true, hosts: [hub.example.edu]}}}}
lookups: {hub.example.edu: [203.0.113.9]}
""",
            ("Domain/hub.example.edu",),
        ),
        Case(
            "a balancer's name that resolves to the same",
            _GIVEN.replace("WHERE", "{hostname: lb.example.com}")
            + "lookups: {hub.example.edu: [198.51.100.7], lb.example.com: [198.51.100.7, 198.51.100.8]}",
        ),
        Case(
            "something in between that brings people to the hub",
            _GIVEN.replace("WHERE", "{ip: 198.51.100.7}")
            + "lookups: {hub.example.edu: [203.0.113.9]}\n"
            + "probes: [{what: public, url: 'https://hub.example.edu/', status: 200, is_hub: true}]",
        ),
        Case("nobody could be asked for names", _GIVEN.replace("WHERE", "{ip: 198.51.100.7}")),
    ),
)
