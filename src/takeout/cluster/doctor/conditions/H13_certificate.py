"""A certificate that does not come."""

from __future__ import annotations

import re
from collections.abc import Iterator

from takeout.cluster.doctor.acme import read_refused
from takeout.cluster.doctor.condition import Case, Condition, Evidence, Finding, shorten
from takeout.cluster.doctor.objects import Certificate, Ingress
from takeout.cluster.doctor.snapshot import Probe, Snapshot
from takeout.cluster.doctor.words import kubectl

_FILLED = {"proxy.https.letsencrypt.contactEmail": "<address>", "proxy.https.hosts": ["<name>"]}
_NONE_YET = re.compile(r"UNRECOGNIZED_NAME|unrecognized name", re.IGNORECASE)
"""What a server says that has no certificate for the name it is asked by."""

_UNTRUSTED = re.compile(
    r"CERTIFICATE_VERIFY_FAILED|self[- ]signed|certificate verify failed|Hostname mismatch", re.IGNORECASE
)


def look(snapshot: Snapshot) -> Iterator[Finding]:
    """Find certificates of cert-manager that are not ready, ingresses without one, and a proxy that gets none."""
    certificates = [c for c in snapshot.certificates if c.kind == "Certificate"]
    for certificate in certificates:
        if not certificate.ready:
            yield _pending(snapshot, certificate)
    for ingress in snapshot.ingresses:
        for secret, hosts in ingress.tls:
            if snapshot.has("Secret", secret) is False and all(c.secret != secret for c in certificates):
                yield _nobody(snapshot, ingress, secret, hosts)
    probe = snapshot.probe("public")
    if probe is not None and probe.is_hub:
        return
    own = list(_of_own_proxy(snapshot, probe))
    yield from own
    if probe is not None and not own and _UNTRUSTED.search(probe.error) and all(c.ready for c in certificates):
        yield Finding(
            "Address/" + probe.url,
            "the certificate that the hub's address shows is not one that browsers trust",
            "Whatever stands at the address has none for this name: name a secret with the certificate in the "
            "ingress's "
            "`tls`, or an issuer that gets one.",
            (kubectl(snapshot, "get ingress,secret"),),
            evidence=(Evidence("answer", probe.url, probe.error),),
            stops=("address",),
            follows=("dns",),
            certainty="likely",
        )


def _of_own_proxy(snapshot: Snapshot, probe: Probe | None) -> Iterator[Finding]:
    """Find that the proxy which gets certificates itself was refused one, or has none yet."""
    host = next(iter(snapshot.facts.hosts), "the hub")
    told = [(place, refused) for place, line in snapshot.lines("autohttps") if (refused := read_refused(line))]
    again = kubectl(snapshot, "delete pod --selector component=autohttps")
    if told:
        place, refused = told[-1]
        value = refused.reason.value
        yield Finding(
            "Deployment/autohttps",
            f"the proxy gets no certificate for {host}: {refused.reason.words}",
            refused.reason.mend,
            (again if refused.reason.tries_again else kubectl(snapshot, "logs --selector component=autohttps"),),
            values=((snapshot.facts.key(value), _FILLED[value]),) if value else (),
            evidence=(Evidence("log", place, shorten(refused.detail)),),
            stops=("address",),
            follows=("dns",),
        )
    elif probe is not None and _NONE_YET.search(probe.error) and snapshot.pods_of("autohttps"):
        yield Finding(
            "Deployment/autohttps",
            f"the proxy has no certificate for {host} yet",
            "Look again in a minute: it may be getting one. If it stays so, have it ask once more; what the "
            "authority says is in its log.",
            (kubectl(snapshot, "logs --selector component=autohttps"), again),
            evidence=(Evidence("answer", probe.url, probe.error),),
            stops=("address",),
            follows=("dns",),
            certainty="likely",
        )


def _pending(snapshot: Snapshot, certificate: Certificate) -> Finding:
    steps = [c for c in snapshot.certificates if c.kind != "Certificate" and c.name.startswith(certificate.name)]
    told = [Evidence("object", f"{c.kind}/{c.name}", c.message) for c in (certificate, *steps) if c.message]
    events = [e for e in snapshot.events if e.kind == "Certificate" and e.name == certificate.name]
    told += [Evidence("event", f"Certificate/{e.name}", e.message) for e in events[-1:]]
    no_issuer = "not found" in certificate.message and "ssuer" in certificate.message
    mend = (
        f"Make the issuer {certificate.issuer}, or name one that is there in the ingress's annotation."
        if no_issuer
        else "Follow it from the certificate to its order and challenge, which say what the authority saw: "
        "mostly a name "
        "that does not lead here, or port 80 that is shut."
    )
    return Finding(
        f"Certificate/{certificate.name}",
        f"the certificate for {', '.join(certificate.names) or certificate.name} has not come",
        mend,
        (
            kubectl(snapshot, f"describe certificate {certificate.name}"),
            kubectl(snapshot, "get clusterissuers,issuers" if no_issuer else "describe challenges"),
        ),
        evidence=tuple(told) or (Evidence("object", f"Certificate/{certificate.name}", "not ready"),),
        stops=("address",),
        follows=("dns",),
    )


def _nobody(snapshot: Snapshot, ingress: Ingress, secret: str, hosts: tuple[str, ...]) -> Finding:
    has_manager = bool(ingress.issuer)
    why = (
        f"the ingress asks the issuer {ingress.issuer} for it, and cert-manager does not answer: is it installed?"
        if has_manager
        else "and nothing says who would make it"
    )
    return Finding(
        f"Secret/{secret}",
        f"the certificate for {', '.join(hosts) or 'the hub'} is to be in the Secret {secret}, which is not "
        f"there; {why}",
        "Install cert-manager and an issuer, and name the issuer in the ingress's annotations; or put a "
        "certificate of "
        "yours into the secret.",
        (kubectl(snapshot, f"create secret tls {secret} --cert=<file> --key=<file>"),),
        evidence=(Evidence("object", f"Ingress/{ingress.name}", f"names the Secret {secret}"),),
        stops=("address",),
        follows=("dns",),
    )


_INGRESS = """
- kind: Ingress
  metadata: {name: jupyterhub, annotations: {cert-manager.io/cluster-issuer: letsencrypt-prod}}
  spec: {rules: [{host: hub.example.edu}], tls: [{hosts: [hub.example.edu], secretName: https-auto-tls}]}
"""

CONDITION = Condition(
    id="H13",
    title="The certificate does not come",
    why="A certificate from Let's Encrypt needs an issuer, and a domain that leads to this cluster already. "
    "Until it is "
    "there browsers warn, and logins refuse to come back.",
    mend="Let the domain lead here first, have an issuer, then have the certificate tried again.",
    source="https://github.com/jupyterhub/zero-to-jupyterhub-k8s/issues/2601",
    look=look,
    cases=(
        Case(
            "an issuer of another cluster",
            "objects:"
            + _INGRESS
            + """
- kind: Certificate
  metadata: {name: https-auto-tls}
  spec: {secretName: https-auto-tls, dnsNames: [hub.example.edu], issuerRef: {name: letsencrypt-prod}}
  status:
    conditions:
    - {type: Ready, status: "False", message: 'Referenced "ClusterIssuer" not found: clusterissuer
        "letsencrypt-prod" not found'}
""",
            ("Certificate/https-auto-tls",),
            ("Make the issuer letsencrypt-prod", "for hub.example.edu has not come"),
        ),
        Case(
            "a challenge that fails",
            """
objects:
- kind: Certificate
  metadata: {name: tls}
  status: {conditions: [{type: Ready, status: "False", message: Issuing certificate as Secret does not exist}]}
- {kind: Challenge, metadata: {name: tls-1-2-3}, status: {state: pending,
    reason: 'wrong status code 404, expected 200'}}
""",
            ("Certificate/tls",),
            ("expected 200", "describe challenges"),
        ),
        Case("no cert-manager", "objects:" + _INGRESS, ("Secret/https-auto-tls",), ("is it installed?",)),
        Case(
            "the chart's own proxy",
            """
objects:
- {kind: Pod, metadata: {name: autohttps-1, labels: {component: autohttps}}, spec: {containers: [{name: traefik}]}}
logs: {autohttps-1/traefik: 'level=error msg="Unable to obtain ACME certificate for domains
    \\"hub.example.edu\\""'}
""",
            ("Deployment/autohttps",),
            ("port 80", "delete pod --selector component=autohttps"),
        ),
        Case(
            "the chart's own proxy, which has none for the name yet",
            """
objects:
- {kind: Pod, metadata: {name: autohttps-1, labels: {component: autohttps}}, spec: {containers: [{name: traefik}]}}
probes: [{what: public, url: 'https://hub.example.edu/', error: '[SSL: TLSV1_UNRECOGNIZED_NAME]'}]
release: {name: hub, values: {hub: {}, proxy: {https: {enabled: true, hosts: [hub.example.edu]}}}}
""",
            ("Deployment/autohttps",),
            ("has no certificate for hub.example.edu yet",),
        ),
        Case(
            "an address that no account can have",
            """
objects:
- {kind: Pod, metadata: {name: autohttps-1, labels: {component: autohttps}}, spec: {containers: [{name: traefik}]}}
logs: {autohttps-1/traefik: 'ERR Unable to obtain ACME certificate for domains error="cannot get ACME client acme:
    error: 400 :: urn:ietf:params:acme:error:invalidContact :: contact email has an invalid domain" domains=["a"]'}
""",
            ("Deployment/autohttps",),
            ("proxy.https.letsencrypt.contactEmail=<address>", "contact email has an invalid domain"),
        ),
        Case(
            "a certificate for another name",
            "probes: [{what: public, url: 'https://hub.example.edu/', error: 'CERTIFICATE_VERIFY_FAILED: "
            "self-signed'}]",
            ("Address/https://hub.example.edu/",),
        ),
        Case(
            "a certificate that came",
            "names: {Secret: [https-auto-tls]}\nobjects:"
            + _INGRESS
            + """
- kind: Certificate
  metadata: {name: https-auto-tls}
  spec: {secretName: https-auto-tls}
  status: {conditions: [{type: Ready, status: "True"}]}
""",
        ),
    ),
)
