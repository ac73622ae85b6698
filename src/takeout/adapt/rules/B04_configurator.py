"""B04: the configurator, which the origin's chart gave a Kubernetes Service."""

import ast

from takeout.adapt.cite import infrastructure
from takeout.adapt.rule import Case, Draft, Rule
from takeout.adapt.snippets import snippets, without_statements, without_switched
from takeout.values.node import Data

_HUB = "jupyterhub.hub"
_SWITCH = "jupyterhub.custom.jupyterhubConfigurator.enabled"
_ADDRESS = "http://configurator:10101"
_MIXIN = "ConfiguratorSpawnerMixin"
_MOUNT = "/usr/local/etc/jupyterhub-configurator/"
_SERVICE: dict[str, Data] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "configurator", "labels": {"app": "jupyterhub", "component": "configurator"}},
    "spec": {
        "type": "ClusterIP",
        "ports": [{"name": "http", "port": 10101, "targetPort": 10101}],
        "selector": {"app": "jupyterhub", "component": "hub"},
    },
}


def change(draft: Draft) -> None:
    """Add the Service where the configurator runs; take out its schema where nothing reads it."""
    in_values = draft.get(f"{_HUB}.services.configurator.url") == _ADDRESS
    in_code = any(_ADDRESS in text for _, text in snippets(draft))
    if in_values or (in_code and draft.get(_SWITCH) is True):
        draft.add(_SERVICE)
        return
    if draft.has(f"{_HUB}.services.configurator"):
        return
    if in_code and not _drop_code(draft):
        draft.keep(
            "references", "Service/configurator", "the code that names it runs only where the configurator is on"
        )
        return
    if draft.get(_SWITCH) is not True:
        draft.remove(_SWITCH.rpartition(".")[0], why="the configurator is off, and nothing asks for it any more")
    for name, file in draft.get_map(f"{_HUB}.extraFiles").items():
        if isinstance(file, dict) and str(file.get("mountPath", "")).startswith(_MOUNT):
            draft.remove(("jupyterhub", "hub", "extraFiles", name), why="the configurator that read it is gone")
            draft.prune(f"{_HUB}.extraFiles")


def _drop_code(draft: Draft) -> bool:
    """Take the configurator's part, which is off, out of the snippets; return whether all of it went."""
    for path, text in snippets(draft):
        if _ADDRESS not in text:
            continue
        rest = without_switched(text, "custom.jupyterhubConfigurator.enabled")
        if rest is None or _ADDRESS in rest:
            return False
        if rest.count(_MIXIN) == 1:
            rest = without_statements(rest, _imports) or rest
        if rest:
            draft.set(path, rest, why="the configurator is off")
        else:
            draft.remove(path, why="the configurator is off")
    return True


def _imports(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and [alias.name for alias in statement.names] == [_MIXIN]


RULE = Rule(
    id="B04",
    title="Keep the configurator working, or clear up after it",
    why=(
        "Otherwise the page that lets admins choose the image is a link to nowhere, for want of a Kubernetes "
        "Service."
    ),
    source=infrastructure("helm-charts/basehub/templates/configurator.yaml"),
    safety="sure",
    change=change,
    cases=(
        Case(
            "as a service in the values",
            given="jupyterhub: {hub: {services: {configurator: {url: 'http://configurator:10101'}}}}",
            manifests=("Service/configurator",),
        ),
        Case(
            "in a snippet, switched on",
            given="""
                jupyterhub:
                  custom: {jupyterhubConfigurator: {enabled: true}}
                  hub:
                    extraConfig:
                      02-spawner: |
                        c.JupyterHub.services.append({"name": "configurator", "url": "http://configurator:10101"})
            """,
            manifests=("Service/configurator",),
        ),
        Case(
            "in a snippet, switched off",
            given="""
                jupyterhub:
                  custom: {jupyterhubConfigurator: {enabled: false}, own: 1}
                  hub:
                    extraConfig:
                      02-spawner: |
                        from jupyterhub_configurator.mixins import ConfiguratorSpawnerMixin
                        from kubespawner import KubeSpawner
                        bases = [KubeSpawner]
                        if get_config("custom.jupyterhubConfigurator.enabled"):
                            bases = [ConfiguratorSpawnerMixin, KubeSpawner]
                            c.JupyterHub.services.append({"url": "http://configurator:10101"})
                        class OwnSpawner(*bases):
                            pass
            """,
            expect="""
                jupyterhub:
                  custom: {own: 1}
                  hub:
                    extraConfig:
                      02-spawner: |
                        from kubespawner import KubeSpawner
                        bases = [KubeSpawner]
                        class OwnSpawner(*bases):
                            pass
            """,
        ),
        Case(
            "in a snippet that does something else where it is off",
            given="""
                jupyterhub:
                  hub:
                    extraConfig:
                      02-spawner: |
                        url = "http://configurator:10101" if get_config("configurator") else ""
            """,
        ),
        Case(
            "gone, with its schema left behind",
            given="""
                jupyterhub:
                  hub:
                    extraFiles:
                      configurator-schema-default:
                        mountPath: /usr/local/etc/jupyterhub-configurator/00-default.schema.json
                        data: {type: object}
                      own: {mountPath: /etc/own, stringData: x}
            """,
            expect="jupyterhub: {hub: {extraFiles: {own: {mountPath: /etc/own, stringData: x}}}}",
        ),
        Case(
            "a hub that never had it",
            given="jupyterhub: {hub: {extraFiles: {own: {mountPath: /etc/own, stringData: x}}}}",
        ),
    ),
)
