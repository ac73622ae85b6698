"""The hub's secrets: the owners' where there are any, else random ones that stay for the next time."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from takeout.local.mapping import getter

_SEEDED = ("hub.config.JupyterHub.cookie_secret", "hub.config.CryptKeeper.keys")


def hub_secrets(values: dict[str, Any], file: Path) -> dict[str, str]:
    """Return the hub's secrets by their keys, such as ``hub.services.x.apiToken``.

    Args:
        values: The values with the chart's defaults.
        file: What remembers the random ones; nobody else may read it.
    """
    get = getter(values)
    try:
        kept: dict[str, str] = json.loads(file.read_text())
    except (OSError, ValueError):
        kept = {}
    given = {
        _SEEDED[0]: get(_SEEDED[0]) or get("hub.cookieSecret"),
        _SEEDED[1]: _joined(get(_SEEDED[1])),
        **{f"hub.services.{k}.apiToken": (s or {}).get("apiToken") for k, s in get("hub.services", {}).items()},
    }
    chosen = {}
    for key, value in given.items():
        is_given = isinstance(value, str) and value and not value.startswith("<")
        chosen[key] = str(value) if is_given else kept.get(key) or secrets.token_hex(32)
    if not chosen.items() <= kept.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps({**kept, **chosen}, indent=1))
    return chosen


def _joined(keys: object) -> str | None:
    if isinstance(keys, list):
        return ";".join(map(str, keys))
    return keys if isinstance(keys, str) else None
