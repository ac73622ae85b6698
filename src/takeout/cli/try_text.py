"""What ``takeout hub try`` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from takeout.cli.text import table

if TYPE_CHECKING:
    from takeout.local.hub import Running
    from takeout.local.smoke import Step


def running_json(hub: Running) -> dict[str, object]:
    """Return where the hub is and how to log in."""
    plan = hub.prepared.plan
    return {
        "url": hub.url,
        "login": plan.login,
        "users": {name: list(groups) for name, groups in plan.people.items()},
        "admins": plan.admins,
        "password": hub.password or None,
        "configuration": hub.prepared.configuration,
        "log": str(hub.log),
        "left_out": list(hub.left_out),
        "unused": [{"key": key, "reason": reason} for key, reason in hub.prepared.unused],
    }


def running_text(hub: Running, *, brief: bool = False) -> str:
    """Return what a person needs to know of a hub that runs; ``brief`` leaves out how to log in."""
    plan = hub.prepared.plan
    lines = [f"{hub.prepared.title} runs at {hub.url}"]
    if hub.port_was_taken:
        lines[0] += " (the port that was asked for is taken)"
    if not brief and plan.login == "dummy":
        names = " or ".join(plan.people)
        lines += [
            f"  log in    as {names}, or by any name; admins: {', '.join(plan.admins)} and those of the values",
            f"  password  {hub.password}",
            "  This login is made up, and only this machine can reach the hub; --auth real keeps the hub's own.",
        ]
    elif not brief:
        lines.append(f"  The hub's own login is kept; its provider must allow {hub.url}hub/oauth_callback")
    lines.append(f"  configuration: {hub.prepared.configuration}")
    lines.append(f"  log: {hub.log}")
    lines += [f"  {text}" for text in hub.left_out]
    lines += [f"  means nothing here ({reason}): {keys}" for reason, keys in _by_reason(hub.prepared.unused)]
    return "\n".join([*lines, *([] if brief else ["Ctrl-C stops it."])])


def _by_reason(unused: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    grouped: dict[str, list[str]] = {}
    for key, reason in unused:
        grouped.setdefault(reason, []).append(key)
    return [(reason, ", ".join(keys)) for reason, keys in grouped.items()]


def steps_json(steps: Sequence[Step]) -> dict[str, object]:
    """Return what each step of the check came to."""
    listed = [
        {"step": step.name, "ok": step.ok, "note": step.note, "seconds": round(step.seconds, 2)} for step in steps
    ]
    return {"held": all(step.ok for step in steps), "steps": listed}


def steps_text(steps: Sequence[Step]) -> str:
    """Return what each step of the check came to, a line each."""
    return table(
        [(step.name, "ok" if step.ok else "failed", f"{step.seconds:5.1f} s", step.note) for step in steps]
    )


def pod_text(pod: Mapping[str, object]) -> str:
    """Return a manifest as YAML."""
    import yaml

    return yaml.safe_dump(dict(pod), sort_keys=False, width=110)
