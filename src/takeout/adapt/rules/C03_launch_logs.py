"""Logs of who launched what, sent to the origin."""

from __future__ import annotations

from takeout.adapt.cite import infrastructure
from takeout.adapt.pods import paths_to
from takeout.adapt.rule import Case, Draft, Rule
from takeout.adapt.snippets import is_only_about, without_switched

_NAME = "binderhub-service"
_WORD = "sendLogsOfLaunchEvents"


def change(draft: Draft) -> None:
    """Take out the switch, the snippet and the key that send launch events to the origin's project."""
    for path in paths_to(draft, "sendLogsOfLaunchEventsTo2i2c"):
        draft.remove(path)
        draft.prune(path[:-1])
    for name, text in draft.get_map((_NAME, "extraConfig")).items():
        if not isinstance(text, str) or _WORD not in text:
            continue
        rest = "" if is_only_about(text, (_WORD,)) else without_switched(text, _WORD)
        if rest == "":
            draft.remove((_NAME, "extraConfig", name))
        elif rest is not None:
            draft.set((_NAME, "extraConfig", name), rest)
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
    source=infrastructure("helm-charts/basehub/values.yaml", lines="L65-L86"),
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
          c.EventLog.handlers_maker = make
""",
            "binderhub-service: {enabled: true}",
        ),
        Case(
            "what else a snippet does stays",
            """
binderhub-service:
  extraConfig:
    01-logs: |
      c.BinderHub.port = 1
      if get_chart_config("custom.sendLogsOfLaunchEventsTo2i2c"):
          c.EventLog.handlers_maker = make
""",
            """
binderhub-service:
  extraConfig:
    01-logs: |
      c.BinderHub.port = 1
""",
        ),
        Case(
            "other snippets and settings stay",
            "binderhub-service: {custom: {mine: 1}, extraConfig: {mine: 'c.EventLog.handlers_maker = mine'}}",
        ),
    ),
)
