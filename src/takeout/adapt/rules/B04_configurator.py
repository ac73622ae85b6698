"""B04: the configurator, which the origin's chart gave a Kubernetes Service."""

from takeout.adapt.rule import Case, Draft, Rule
from takeout.adapt.snippets import snippets
from takeout.values.node import Data

_HUB = "jupyterhub.hub"
_SWITCH = "jupyterhub.custom.jupyterhubConfigurator.enabled"
_ADDRESS = "http://configurator:10101"
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
    if in_code or draft.has(f"{_HUB}.services.configurator"):
        return
    for name, file in draft.get_map(f"{_HUB}.extraFiles").items():
        if isinstance(file, dict) and str(file.get("mountPath", "")).startswith(_MOUNT):
            draft.remove(("jupyterhub", "hub", "extraFiles", name), why="the configurator that read it is gone")
            draft.prune(f"{_HUB}.extraFiles")


RULE = Rule(
    id="B04",
    title="Keep the configurator working, or clear up after it",
    why=(
        "Otherwise the page that lets admins choose the image is a link to nowhere, for want of a Kubernetes "
        "Service."
    ),
    source="helm-charts/basehub/templates/configurator.yaml",
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
