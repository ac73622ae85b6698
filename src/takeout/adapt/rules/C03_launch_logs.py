"""Logs of who launched what, sent to the origin."""

from __future__ import annotations

from takeout.adapt.pods import paths_to
from takeout.adapt.rule import Case, Draft, Rule

_NAME = "binderhub-service"


def change(draft: Draft) -> None:
    """Take out the switch, the snippet and the key that send launch events to the origin's project."""
    for path in paths_to(draft, "sendLogsOfLaunchEventsTo2i2c"):
        draft.remove(path)
        draft.prune(path[:-1])
    for name, text in draft.get_map((_NAME, "extraConfig")).items():
        if isinstance(text, str) and "sendLogsOfLaunchEvents" in text and "EventLogger" in text:
            draft.remove((_NAME, "extraConfig", name))
    draft.prune((_NAME, "extraConfig"))
    if draft.has((_NAME, "extraCredentials", "googleServiceAccountKey")):
        draft.remove(
            (_NAME, "extraCredentials", "googleServiceAccountKey"),
            why="it opens the origin's Google Cloud project, for these logs alone",
        )
        draft.prune((_NAME, "extraCredentials"))


RULE = Rule(
    id="C03",
    title="Stop sending logs of launches to the origin",
    why="Every launch of a repository would be written into a log of the origin's Google Cloud project.",
    source="helm-charts/basehub/values.yaml",
    safety="sure",
    change=change,
    cases=(
        Case(
            "switch, snippet and key go",
            """
binderhub-service:
  enabled: true
  custom: {sendLogsOfLaunchEventsTo2i2c: true}
  extraCredentials: {googleServiceAccountKey: '<secret>'}
  extraConfig:
    01-send-logs: |
      if get_chart_config("custom.sendLogsOfLaunchEventsTo2i2c"):
          c.EventLogger.handlers_maker = make
""",
            "binderhub-service: {enabled: true}",
        ),
        Case(
            "other snippets and settings stay",
            "binderhub-service: {custom: {mine: 1}, extraConfig: {mine: 'c.EventLogger.handlers_maker = mine'}}",
        ),
    ),
)
