"""Who makes the hub's certificate."""

from __future__ import annotations

from takeout.adapt.cite import infrastructure
from takeout.adapt.rule import Action, Case, Cover, Draft, Rule
from takeout.values.path import Path

_CLUSTER_ISSUER = "cert-manager.io/cluster-issuer"
_ISSUER = "cert-manager.io/issuer"
_MAKERS = (_CLUSTER_ISSUER, _ISSUER, "kubernetes.io/tls-acme")
_LETS_ENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
_EMAIL = "your-address@your-domain"


def change(draft: Draft) -> None:
    """Have certificates made by an issuer that the replica brings along."""
    for path in (("jupyterhub", "ingress"), ("binderhub-service", "ingress")):
        _issue(draft, path)
    email: Path = ("jupyterhub", "proxy", "https", "letsencrypt", "contactEmail")
    if draft.get("jupyterhub.proxy.https.enabled") is not True:
        draft.remove(email, why="no certificate is asked for there")
    elif draft.get("jupyterhub.proxy.https.type", "letsencrypt") == "letsencrypt" and draft.get(email) != "":
        draft.set(email, _EMAIL, why="Let's Encrypt wrote to somebody at the origin")
        draft.ask(
            Action(
                "certificate-address",
                "Say who is told about certificates",
                "Put an address of yours into `proxy.https.letsencrypt.contactEmail` in `local.values.yaml`; "
                "without a real one Let's Encrypt makes no certificate.",
                stage="domain",
                blocking=True,
            )
        )
        _ask_again(draft)


def _ask_again(draft: Draft) -> None:
    """The chart's proxy asks when it starts, and its address is known only after that."""
    draft.ask(
        Action(
            "certificate-again",
            "Have the proxy ask for its certificate once the name answers",
            "The chart's own proxy asks for a certificate when it starts, and no more. A hub that is deployed "
            "before its name leads to the cluster gets none: have a new proxy ask once it does.",
            (f"kubectl --namespace {draft.context.hub.name} delete pod --selector component=autohttps",),
            f"curl --head https://{draft.context.options.host}/hub/login",
            stage="domain",
            blocking=False,
        )
    )


def _issue(draft: Draft, path: Path) -> None:
    annotations = draft.get_map((*path, "annotations"))
    ingress = draft.context.target.ingress
    if ingress is None:
        return
    is_on = draft.get((*path, "enabled")) is True
    if not any(maker in annotations for maker in _MAKERS):
        if is_on:
            _ask_for_secrets(draft, path)
        return
    for maker in _MAKERS:
        if maker != _ISSUER:
            draft.remove((*path, "annotations", maker), why="it asks an issuer of the origin's cluster")
    draft.set((*path, "annotations", _ISSUER), ingress.issuer, why="the replica brings this issuer along")
    if not is_on:
        return
    draft.add(
        {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Issuer",
            "metadata": {"name": ingress.issuer},
            "spec": {
                "acme": {
                    "server": _LETS_ENCRYPT,
                    "privateKeySecretRef": {"name": f"{ingress.issuer}-account-key"},
                    "solvers": [{"http01": {"ingress": {"ingressClassName": ingress.class_name}}}],
                }
            },
        }
    )


def _ask_for_secrets(draft: Draft, path: Path) -> None:
    """An ingress that nobody makes certificates for needs one put there."""
    namespace = draft.context.hub.name
    for entry in draft.get_list((*path, "tls")):
        secret = entry.get("secretName") if isinstance(entry, dict) else None
        if isinstance(secret, str):
            draft.ask(
                Action(
                    "certificate",
                    "Bring a certificate",
                    f"The ingress takes its certificate from the Secret `{secret}`, and nothing in these values "
                    "makes it. Put one there, or let cert-manager make it with an annotation.",
                    (f"kubectl --namespace {namespace} create secret tls {secret} --cert=tls.crt --key=tls.key",),
                    f"kubectl --namespace {namespace} get secret {secret}",
                    stage="domain",
                    blocking=True,
                    covers=(Cover("references", f"Secret/{secret}"),),
                )
            )


RULE = Rule(
    id="D02",
    title="Have certificates made by an issuer that the replica brings along",
    why=(
        "The origin's clusters have a ClusterIssuer `letsencrypt-prod`; elsewhere an ingress that names it waits "
        "for its certificate for ever. An Issuer in the hub's own namespace needs no rights on the cluster and "
        "meets nobody else's."
    ),
    source=infrastructure("helm-charts/support/templates/issuer.yaml"),
    safety="sure",
    change=change,
    cases=(
        Case(
            "an issuer of the namespace",
            "jupyterhub: {ingress: {enabled: true, annotations: {cert-manager.io/cluster-issuer: "
            "letsencrypt-prod}}}",
            "jupyterhub: {ingress: {enabled: true, annotations: {cert-manager.io/issuer: letsencrypt}}}",
            manifests=("Issuer/letsencrypt",),
        ),
        Case(
            "a certificate that nobody makes",
            "jupyterhub: {ingress: {enabled: true, tls: [{hosts: [a], secretName: mine}]}}",
            actions=("certificate",),
        ),
        Case(
            "the address that hears of expiring certificates",
            "jupyterhub: {proxy: {https: {enabled: true, letsencrypt: {contactEmail: someone@example.net}}}}",
            "jupyterhub: {proxy: {https: {enabled: true, letsencrypt: {contactEmail: your-address@your-domain}}}}",
            actions=("certificate-address", "certificate-again"),
        ),
        Case("no ingress, no certificate", "jupyterhub: {ingress: {enabled: false}}"),
    ),
)
