"""M02: the groups exporter, a chart beside the hub that feeds the origin's Prometheus."""

from takeout.adapt.rule import Action, Case, Draft, Rule
from takeout.adapt.services import drop_service

_NAME = "jupyterhub-groups-exporter"


def change(draft: Draft) -> None:
    """Switch the chart off, leave out its settings, and take out its service and role."""
    was_on = draft.has(_NAME) and draft.get(f"{_NAME}.enabled") is not False
    for key in draft.get_map(_NAME):
        if key != "enabled":
            draft.remove((_NAME, key), why="the chart is off, and these settings name the origin's Prometheus")
    if was_on:
        draft.set(f"{_NAME}.enabled", False)
    drop_service(draft, _NAME, why="the chart that used it is off")
    if was_on:
        text = (
            "An exporter told the operator's Prometheus who is in which group and how much their homes hold. It "
            f"is off. With a Prometheus of your own, set `{_NAME}.enabled: true` and "
            f"`{_NAME}.config.groupsExporter.prometheus_host`, and give the hub a service `{_NAME}` with a role "
            "that has the scopes `users` and `groups`."
        )
        draft.ask(Action("monitoring", "Decide whether you want monitoring", text))


RULE = Rule(
    id="M02",
    title="Switch the groups exporter off",
    why="Otherwise a pod asks a Prometheus that is not there, with a token that reads all users and groups.",
    source="helm-charts/basehub/values.jsonnet",
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
                jupyterhub-groups-exporter: {enabled: false}
                jupyterhub: {hub: {services: {own: {}}, loadRoles: {}}}
            """,
            actions=("monitoring",),
        ),
        Case("a hub without it", given="jupyterhub: {hub: {services: {own: {}}}}"),
    ),
)
