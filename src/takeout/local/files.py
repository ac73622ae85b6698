"""The content of ``extraFiles``, as the chart puts it into Secrets."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import yaml


def contents(extra_files: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return each file's content as base64, by its key.

    Source: https://z2jh.jupyter.org/en/stable/resources/reference.html#singleuser-extrafiles
    """
    return {
        key: base64.b64encode(content).decode()
        for key, file in extra_files.items()
        if (content := _content(file)) is not None
    }


def _content(file: Mapping[str, Any]) -> bytes | None:
    if file.get("binaryData") is not None:
        return base64.b64decode("".join(str(file["binaryData"]).split()))
    if file.get("stringData") is not None:
        return str(file["stringData"]).encode()
    if file.get("data") is None:
        return None
    if str(file.get("mountPath", "")).endswith((".yaml", ".yml")):
        return yaml.safe_dump(file["data"], sort_keys=False).encode()
    return json.dumps(file["data"], indent=2).encode()
