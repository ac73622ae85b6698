"""M03: the metrics exporter, and metrics that everyone may read."""

from takeout.adapt.cite import infrastructure
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.services import drop_service
from takeout.adapt.snippets import snippets

_OPEN = "jupyterhub.hub.config.JupyterHub.authenticate_prometheus"


def change(draft: Draft) -> None:
    """Take out the exporter's service and role; tell the owners that the hub's metrics are open."""
    drop_service(draft, "metrics-exporter", why="the origin's monitoring used it")
    is_open = draft.get(_OPEN) is False or any(
        "authenticate_prometheus = False" in text for _, text in snippets(draft)
    )
    if is_open:
        host = draft.context.options.host
        text = (
            "`authenticate_prometheus: false` stays, so that a Prometheus can read the hub's metrics without a "
            f"token. So can everyone else, at `https://{host}/hub/metrics`: numbers, no names. Without a "
            "Prometheus, set it to `true` in `local.values.yaml`."
        )
        draft.ask(Action("protect-metrics", "Decide who may read the hub's metrics", text))


RULE = Rule(
    id="M03",
    title="Take out the metrics exporter",
    why="Otherwise a service that nobody runs keeps a token that reads and changes all users.",
    source=infrastructure("helm-charts/basehub/values.yaml", lines="L877"),
    safety="sure",
    change=change,
    cases=(
        Case(
            "service, role and the variable with its token",
            given="""
                jupyterhub:
                  hub:
                    services: {metrics-exporter: {display: false}}
                    loadRoles: {metrics-exporter-service: {scopes: [users], services: [metrics-exporter]}}
                    extraEnv:
                      TOKEN: {valueFrom: {secretKeyRef: {name: hub, key: hub.services.metrics-exporter.apiToken}}}
                      OWN: x
            """,
            expect="jupyterhub: {hub: {services: {}, loadRoles: {}, extraEnv: {OWN: x}}}",
        ),
        Case(
            "metrics that are open",
            given="jupyterhub: {hub: {config: {JupyterHub: {authenticate_prometheus: false}}}}",
            actions=("protect-metrics",),
        ),
        Case(
            "metrics that need a token",
            given="jupyterhub: {hub: {config: {JupyterHub: {authenticate_prometheus: true}}}}",
        ),
    ),
)
