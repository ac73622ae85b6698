"""Dask Gateway: kept as a companion where it is on, gone with all its traces where it is off."""

from __future__ import annotations

from typing import Any

from takeout.adapt.cite import infrastructure
from takeout.adapt.context import Dependency
from takeout.adapt.pods import is_off, is_on
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.services import drop_service
from takeout.adapt.snippets import snippets
from takeout.values.node import Data

_NAME = "dask-gateway"
_LABEL = "app.kubernetes.io/component"
_CHART = Dependency(_NAME, _NAME, "2026.3.0", "https://helm.dask.org/")
_WORKERS = {"gcp": "n2-highmem-16", "aws": "r5.4xlarge", "azure": "Standard_E16s_v5"}


def change(draft: Draft) -> None:
    """Drop what serves Dask Gateway where it is off; give it its network policies and nodes where it is on."""
    if is_off(draft, _NAME):
        draft.remove(_NAME, why="Dask Gateway is off in this hub")
        drop_service(draft, _NAME, why="Dask Gateway is off in this hub")
        for path, text in list(snippets(draft)):
            if "DASK_GATEWAY__ADDRESS" in text and "service_url" in text:
                draft.remove(path, why="it tells user pods of a Dask Gateway that is not there")
        draft.remove("jupyterhub.custom.daskhubSetup", why="Dask Gateway is off in this hub")
        return
    if _is_within_another(draft):
        draft.require(_CHART)
    elif not is_on(draft, _NAME):
        return
    if draft.get("jupyterhub.custom.daskhubSetup.enabled") is True:
        draft.add(_policy("scheduler", [_to("dask-worker"), _to("gateway", 8000)]))
        draft.add(_policy("worker", [_to("dask-scheduler", 8786), _to("dask-worker")]))
    pool = draft.context.target.step("dask-pool")
    if pool is not None:
        machine = _WORKERS.get(draft.context.target.provider, draft.context.target.user_type)
        step = pool.fill(pool="daskworkers", instance_type=machine)
        draft.ask(
            Action(
                "dask-nodes",
                "Create the nodes for Dask workers",
                "Dask workers run on nodes of their own, labelled `k8s.dask.org/node-purpose=worker`. "
                f"{step.text}",
                step.commands,
                step.verify,
                stage="cluster",
            )
        )


def _is_within_another(draft: Draft) -> bool:
    """Whether the gateway comes through another chart, such as daskhub, whose own charts are not at hand."""
    if _NAME in draft.context.hub.dependencies or _NAME not in draft.values.entries:
        return False
    return draft.get((_NAME, "enabled")) is not False


def _policy(component: str, allowed: list[Data]) -> dict[str, Any]:
    """Return the policy that keeps a Dask pod off private addresses, but for DNS and its own kind."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": f"dask-{component}-network-policy"},
        "spec": {
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": _NAME, _LABEL: f"dask-{component}"}},
            "policyTypes": ["Egress"],
            "egress": [
                {
                    "to": [
                        {
                            "ipBlock": {
                                "cidr": "0.0.0.0/0",
                                "except": ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"],
                            }
                        }
                    ]
                },
                {
                    "ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
                    "to": [
                        {
                            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
                        }
                    ],
                },
                *allowed,
            ],
        },
    }


def _to(component: str, port: int = 0) -> dict[str, Data]:
    rule: dict[str, Data] = {"to": [{"podSelector": {"matchLabels": {_LABEL: component}}}]}
    if port:
        rule["ports"] = [{"port": port, "protocol": "TCP"}]
    return rule


_DEPENDENCIES = {_NAME: Dependency(_NAME, _NAME, "2024.1.0", "https://helm.dask.org/", "dask-gateway.enabled")}

RULE = Rule(
    id="C01",
    title="Keep Dask Gateway where it is on, and take out its traces where it is off",
    why=(
        "The origin's chart carries Dask Gateway for every hub and turns it on for some. Where it is off, its "
        "service and its snippet would give people a gateway that answers nobody; where it is on, the network "
        "policies that the origin's own templates made would be missing."
    ),
    source=infrastructure("helm-charts/basehub/templates/dask-worker-network-policy.yaml"),
    safety="sure",
    change=change,
    cases=(
        Case(
            "off: values, service, scopes and snippet go",
            """
dask-gateway: {enabled: false, gateway: {prefix: /services/dask-gateway}}
jupyterhub:
  hub:
    services: {dask-gateway: {display: false}, other: {}}
    loadRoles: {user: {scopes: [self, access:services!service=dask-gateway, inherit]}}
    extraConfig:
      daskhub-01: |
        service_url = "http://traefik"
        c.KubeSpawner.environment.setdefault("DASK_GATEWAY__ADDRESS", service_url)
      mine: c.a = 1
""",
            """
jupyterhub:
  hub:
    services: {other: {}}
    loadRoles: {user: {scopes: [self, inherit]}}
    extraConfig:
      mine: c.a = 1
""",
            hub={"dependencies": _DEPENDENCIES},
        ),
        Case(
            "on: values stay, policies are made",
            "{dask-gateway: {enabled: true}, jupyterhub: {custom: {daskhubSetup: {enabled: true}}}}",
            hub={"dependencies": _DEPENDENCIES},
            manifests=(
                "NetworkPolicy/dask-scheduler-network-policy",
                "NetworkPolicy/dask-worker-network-policy",
            ),
        ),
        Case(
            "on, in a cloud: workers get nodes",
            "{dask-gateway: {enabled: true}, jupyterhub: {}}",
            hub={"dependencies": _DEPENDENCIES},
            target="eks",
            actions=("dask-nodes",),
        ),
        Case(
            "a gateway that somebody else runs is left alone",
            "jupyterhub: {hub: {services: {dask-gateway: {url: 'http://traefik-dask-gateway'}}}}",
        ),
    ),
)
