"""K03: the tokens of JupyterHub's services."""

import re

from takeout.adapt.rule import Action, Case, Draft, Rule, Secret
from takeout.values.path import Path, format_path

# Their programs run beside the hub and read the token where z2jh puts it.
_INSIDE = ("binder", "dask-gateway", "jupyterhub-groups-exporter", "jupyterhub-idle-culler")
_GATEWAY: Path = ("dask-gateway", "gateway", "auth", "jupyterhub", "apiToken")
_SERVICE: Path = ("jupyterhub", "hub", "services", "dask-gateway", "apiToken")
# The first release of its chart that reads z2jh's token. Source: https://github.com/dask/dask-gateway/pull/612
_READS_Z2JH = (2022, 10)


def change(draft: Draft) -> None:
    """Drop tokens, so that z2jh makes new ones; share one with a dask-gateway too old to read z2jh's."""
    told: list[str] = []
    for name, service in draft.get_map("jupyterhub.hub.services").items():
        if isinstance(service, dict) and "apiToken" in service:
            path = ("jupyterhub", "hub", "services", name, "apiToken")
            draft.remove(path, why="z2jh makes a new token for every service by itself")
            if name not in _INSIDE:
                told.append(name)
    gateway = draft.context.hub.dependencies.get("dask-gateway")
    draft.remove(_GATEWAY, why="it reads the token that z2jh makes")
    if (
        gateway is not None
        and _release(gateway.version) < _READS_Z2JH
        and draft.get("dask-gateway.enabled") is not False
    ):
        purpose = "A token that dask-gateway shows to the hub; the same in both places."
        for token, other in ((_GATEWAY, _SERVICE), (_SERVICE, _GATEWAY)):
            draft.need(Secret(format_path(token), purpose, "hex32", same_as=format_path(other)))
    if told:
        text = f"These services get new tokens, which programs outside the hub must be told: {', '.join(told)}."
        reading = (
            "kubectl get secret hub -o go-template='{{index .data \"hub.services.%s.apiToken\" | base64decode}}'"
        )
        commands = tuple(reading % name for name in told)
        draft.ask(
            Action("new-service-tokens", "Hand out the services' new tokens", text, commands, stage="secrets")
        )


def _release(version: str) -> tuple[int, ...]:
    """Return year and month of a release; one that does not begin with numbers counts as new."""
    parts = re.match(r"v?(\d+)\.(\d+)", version)
    return (int(parts[1]), int(parts[2])) if parts else _READS_Z2JH


RULE = Rule(
    id="K03",
    title="Have new tokens for the hub's services",
    why="Otherwise programs that stay at the origin can go on talking to the replica's hub.",
    source="https://z2jh.jupyter.org/en/stable/resources/reference.html#hub-services",
    safety="sure",
    change=change,
    cases=(
        Case(
            "a service outside, and an old dask-gateway that cannot read z2jh's token",
            given="""
                dask-gateway: {gateway: {auth: {jupyterhub: {apiToken: abc}, type: jupyterhub}}}
                jupyterhub:
                  hub: {services: {dask-gateway: {apiToken: abc}, grades: {apiToken: def, admin: true}}}
            """,
            expect="""
                dask-gateway: {gateway: {auth: {jupyterhub: {}, type: jupyterhub}}}
                jupyterhub: {hub: {services: {dask-gateway: {}, grades: {admin: true}}}}
            """,
            hub={"dependencies": {"dask-gateway": "0.9.0"}},
            secrets=(
                "dask-gateway.gateway.auth.jupyterhub.apiToken",
                "jupyterhub.hub.services.dask-gateway.apiToken",
            ),
            actions=("new-service-tokens",),
        ),
        Case(
            "a dask-gateway of 2022 that z2jh's token is not in reach of",
            given="jupyterhub: {hub: {services: {dask-gateway: {display: false}}}}",
            hub={"dependencies": {"dask-gateway": "2022.6.1"}},
            secrets=(
                "dask-gateway.gateway.auth.jupyterhub.apiToken",
                "jupyterhub.hub.services.dask-gateway.apiToken",
            ),
        ),
        Case(
            "a dask-gateway that reads z2jh's token",
            given="jupyterhub: {hub: {services: {dask-gateway: {display: false}}}}",
            hub={"dependencies": {"dask-gateway": "2022.10.0"}},
        ),
        Case(
            "a service that z2jh makes a token for",
            given="jupyterhub: {hub: {services: {dask-gateway: {apiToken: abc, display: false}}}}",
            expect="jupyterhub: {hub: {services: {dask-gateway: {display: false}}}}",
        ),
        Case("no token", given="jupyterhub: {hub: {services: {dask-gateway: {display: false}}}}"),
    ),
)
