"""A chart's own hub configuration, in place of the table of what values mean."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from takeout.chart.helm import Chart, Manifest
from takeout.errors import InputError, NetworkError, TakeoutError, ToolError
from takeout.local.mapping import Release, getter
from takeout.local.plan import Plan
from takeout.replica.charts import open_chart_of
from takeout.replica.files import Files

_MOUNTED = "/usr/local/etc/jupyterhub"
TABLE = "Takeout's table of z2jh's values"


def with_chart(plan: Plan, files: Files, release: Release, where: Path | None) -> tuple[Plan, str]:
    """Return the plan with the chart's own configuration where a chart is at hand, and which it is, in words.

    Args:
        plan: The plan by the table.
        files: The replica.
        release: The release.
        where: A chart, or a folder of charts; None for what is on this machine.

    Raises:
        TakeoutError: When ``where`` is given, and is no chart or does not render.
    """
    try:
        with open_chart_of(files, chart=where, offline=True) as chart:
            return _by_chart(plan, chart, files, release)
    except (NetworkError, ToolError) as error:
        return plan, f"{TABLE}; {error.message.split(',')[0]}"
    except TakeoutError as error:
        if where is not None:
            raise
        return plan, f"{TABLE}; the chart does not render these values ({error.message})"


def _by_chart(plan: Plan, chart: Chart, files: Files, release: Release) -> tuple[Plan, str]:
    rendered = chart.render(files.merged, name=release.name, namespace=release.namespace)
    config = _holding(rendered, "ConfigMap", "jupyterhub_config.py")
    secret = {**_holding(rendered, "Secret", "values.yaml")}
    decoded = {key: base64.b64decode(text).decode() for key, text in secret.items()}
    values = json.loads(json.dumps(_yaml(decoded["values.yaml"])))
    folder = plan.places.hub / "chart"
    snippets = {key: str(text) for key, text in (getter(values)("hub.extraConfig", {}) or {}).items()}
    values.get("hub", {}).pop("extraConfig", None)
    for name, texts in (("config", config), ("secret", {**decoded, "values.yaml": json.dumps(values)})):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for key, text in texts.items():
            file = folder / name / key
            file.touch(mode=0o600)
            file.write_text(text.replace(_MOUNTED, str(folder)) if key.endswith(".py") else text)
    data = [manifest.data for manifest in rendered if manifest.kind == "Secret"]
    mounted = {item["metadata"]["name"]: dict(item.get("data") or {}) for item in data}
    with_snippets = {**values, "hub": {**values.get("hub", {}), "extraConfig": snippets}}
    names = {key: text for key, text in config.items() if "\n" not in text}
    plan = replace(
        plan,
        chart=str(folder),
        values=with_snippets,
        snippets=snippets,
        files={**plan.files, **mounted},
        names=names,
    )
    return plan, f"the hub configuration of the chart {chart.tree.name} {chart.version}"


def _holding(rendered: Iterable[Manifest], kind: str, key: str) -> dict[str, str]:
    for manifest in rendered:
        data = manifest.data.get("data") or {}
        if manifest.kind == kind and key in data:
            return dict(data)
    raise InputError(f"the chart renders no {kind} with {key}", hint="try it with --table")


def _yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415 - only with a chart

    return yaml.load(text, Loader=yaml.CSafeLoader)
