"""M01: usage quotas, which ask the origin's Prometheus."""

import re

from takeout.adapt.cite import infrastructure
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.services import drop_service, remove_items
from takeout.adapt.snippets import is_only_about, snippets
from takeout.values.path import Path

_HUB: Path = ("jupyterhub", "hub")
_SERVICE = "usage-quota"
_PORT = 9000
_WORDS = ("setup_usage_quotas", _SERVICE)
_MODULE = "jupyterhub_usage_quotas"
_FILE = re.compile(r"usage_quotas?_config")


def change(draft: Draft) -> None:
    """Take out service, roles, snippet, settings, files, volumes, variables and ports of the quotas."""
    was_on = draft.has((*_HUB, "services", _SERVICE))
    drop_service(draft, _SERVICE, why="it asks the origin's Prometheus")
    for path, text in snippets(draft):
        if _MODULE in text and is_only_about(text, _WORDS):
            draft.remove(path)
    for section in ("UsageQuotaManager", "UsageViewer"):
        draft.remove((*_HUB, "config", section))
    for name in draft.get_map((*_HUB, "extraEnv")):
        if name.startswith("JUPYTERHUB_USAGE_QUOTAS_"):
            draft.remove((*_HUB, "extraEnv", name))
    for name, file in draft.get_map((*_HUB, "extraFiles")).items():
        if _FILE.match(name) or (isinstance(file, dict) and _MODULE in str(file.get("mountPath"))):
            draft.remove((*_HUB, "extraFiles", name), why="only the quotas read it")
    _drop_volumes(draft)
    _drop_ports(draft)
    if was_on:
        text = (
            "The hub counted what each person uses, and showed and limited it, with numbers from its operator's "
            "Prometheus. That is off. With a Prometheus of your own, see "
            "<https://github.com/2i2c-org/jupyterhub-usage-quotas> on how to set it up again."
        )
        draft.ask(Action("usage-quotas", "Decide whether you want usage quotas", text))


def _drop_volumes(draft: Draft) -> None:
    volumes = draft.get_list((*_HUB, "extraVolumes"))
    gone = {
        index: str(volume.get("name"))
        for index, volume in enumerate(volumes)
        if isinstance(volume, dict)
        and isinstance(source := volume.get("configMap"), dict)
        and source.get("name") == "usage-quotas-config"
    }
    remove_items(draft, (*_HUB, "extraVolumes"), list(gone), why="the origin's chart made that ConfigMap")
    mounts = draft.get_list((*_HUB, "extraVolumeMounts"))
    unused = [
        i for i, mount in enumerate(mounts) if isinstance(mount, dict) and mount.get("name") in gone.values()
    ]
    remove_items(draft, (*_HUB, "extraVolumeMounts"), unused, why="its volume is gone")


def _drop_ports(draft: Draft) -> None:
    path = (*_HUB, "service", "extraPorts")
    ports = draft.get_list(path)
    remove_items(
        draft, path, [i for i, p in enumerate(ports) if isinstance(p, dict) and p.get("name") == _SERVICE]
    )
    draft.prune(path)
    if not any(_opens(port) for port in draft.get_list(path)):
        path = (*_HUB, "networkPolicy", "ingress")
        remove_items(draft, path, [i for i, rule in enumerate(draft.get_list(path)) if _is_for_quotas(rule)])


def _opens(port: object) -> bool:
    return isinstance(port, dict) and _PORT in (port.get("port"), port.get("targetPort"))


def _is_for_quotas(rule: object) -> bool:
    ports = rule.get("ports") if isinstance(rule, dict) else None
    return isinstance(ports, list) and bool(ports) and all(_opens(port) for port in ports)


RULE = Rule(
    id="M01",
    title="Take out usage quotas",
    why=(
        "Otherwise the hub's pod waits for ever for a ConfigMap and a Secret with the password of the origin's "
        "Prometheus."
    ),
    source=infrastructure("docs/howto/features/compute-quota.md"),
    safety="sure",
    change=change,
    cases=(
        Case(
            "everything that belongs to them",
            given="""
                jupyterhub:
                  hub:
                    services:
                      usage-quota: {url: "http://hub:9000"}
                      dask-gateway: {display: false}
                    loadRoles:
                      usage-quota-service: {scopes: [read:users], services: [usage-quota]}
                      user: {scopes: [self, "access:services!service=own", access:services!service=usage-quota]}
                    config:
                      UsageQuotaManager: {prometheus_url: "http://prometheus"}
                      UsageViewer: {prometheus_url: "http://prometheus"}
                      KubeSpawner: {http_timeout: 120}
                    extraEnv:
                      JUPYTERHUB_USAGE_QUOTAS_PROMETHEUS_USERNAME:
                        valueFrom: {secretKeyRef: {name: prometheus-auth, key: username, optional: false}}
                    extraFiles:
                      usage_quota_config_secret: {stringData: "<secret: a>"}
                      own_numbers: {mountPath: /etc/jupyterhub_usage_quotas_config.py, stringData: c.X.y = 1}
                      own: {mountPath: /etc/own, stringData: x}
                    extraVolumes:
                      - {name: custom-templates, emptyDir: {}}
                      - {name: usage-quotas, configMap: {name: usage-quotas-config}}
                    extraVolumeMounts:
                      - {name: custom-templates, mountPath: /templates}
                      - {name: usage-quotas, mountPath: /config.py, subPath: config.py}
                    service: {extraPorts: [{port: 9000, targetPort: 9000, name: usage-quota}]}
                    networkPolicy:
                      ingress:
                        - {ports: [{port: 8081}], from: [{podSelector: {matchLabels: {component: hub}}}]}
                        - {ports: [{port: 9000}], from: [{podSelector: {matchLabels: {component: hub}}}]}
                    extraConfig:
                      11-setup-usage-quotas: |
                        import os
                        from jupyterhub_usage_quotas import setup_usage_quotas
                        setup_usage_quotas(c)
                        for service in c.JupyterHub.services:
                          if service["name"] == "usage-quota":
                            service["environment"] = {"A": os.environ.get("A")}
            """,
            expect="""
                jupyterhub:
                  hub:
                    services:
                      dask-gateway: {display: false}
                    loadRoles:
                      user: {scopes: [self, "access:services!service=own"]}
                    config:
                      KubeSpawner: {http_timeout: 120}
                    extraEnv: {}
                    extraFiles:
                      own: {mountPath: /etc/own, stringData: x}
                    extraVolumes:
                      - {name: custom-templates, emptyDir: {}}
                    extraVolumeMounts:
                      - {name: custom-templates, mountPath: /templates}
                    networkPolicy:
                      ingress:
                        - {ports: [{port: 8081}], from: [{podSelector: {matchLabels: {component: hub}}}]}
                    extraConfig: {}
            """,
            actions=("usage-quotas",),
        ),
        Case(
            "another service on the same port",
            given="""
                jupyterhub:
                  hub:
                    services: {own: {url: "http://hub:9000"}}
                    loadRoles: {user: {scopes: [self, access:services!service=own]}}
                    service: {extraPorts: [{port: 9000, targetPort: 9000, name: own}]}
                    networkPolicy: {ingress: [{ports: [{port: 9000}]}]}
            """,
        ),
    ),
)
