"""M02: the groups exporter, a chart beside the hub that feeds the origin's Prometheus."""

from takeout.adapt.cite import infrastructure
from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.services import drop_service

_NAME = "jupyterhub-groups-exporter"


def change(draft: Draft) -> None:
    """Take out the chart's settings, so that it is not installed, and its service and role."""
    was_on = draft.has(_NAME) and draft.get(f"{_NAME}.enabled") is not False
    draft.remove(_NAME, why="the chart does not come along, and its settings name the origin's Prometheus")
    drop_service(draft, _NAME, why="the chart that used it is off")
    if was_on:
        text = (
            "An exporter told the operator's Prometheus who is in which group and how much their homes hold. It "
            f"does not come along. With a Prometheus of your own, install the chart `{_NAME}` beside the "
            f"hub{_from(draft)}, give it the Prometheus in `config.groupsExporter.prometheus_host`, and give the "
            f"hub a service `{_NAME}` with a role that has the scopes `users` and `groups`."
        )
        draft.ask(Action("monitoring", "Decide whether you want monitoring", text))


def _from(draft: Draft) -> str:
    chart = draft.context.hub.dependencies.get(_NAME)
    return f" (version {chart.version} from <{chart.repository}>)" if chart is not None else ""


RULE = Rule(
    id="M02",
    title="Take out the groups exporter",
    why="Otherwise a pod asks a Prometheus that is not there, with a token that reads all users and groups.",
    source=infrastructure("helm-charts/basehub/values.jsonnet"),
    safety="likely",
    change=change,
    cases=(
        Case(
            "chart, service and role",
            given="""
                jupyterhub-groups-exporter:
                  enabled: true
                  config: {groupsExporter: {prometheus_host: prometheus.support.svc.cluster.local}}
                jupyterhub:
                  hub:
                    services: {jupyterhub-groups-exporter: {}, own: {}}
                    loadRoles:
                      jupyterhub-groups-exporter: {scopes: [users, groups], services: [jupyterhub-groups-exporter]}
            """,
            expect="""
                jupyterhub: {hub: {services: {own: {}}, loadRoles: {}}}
            """,
            actions=("monitoring",),
        ),
        Case("a hub without it", given="jupyterhub: {hub: {services: {own: {}}}}"),
    ),
)
