"""Ask the cluster's API server, by way of kubectl and by way of its health."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any

from cluster.machine.places import API_PORT, NODE_ADDRESS, Places
from cluster.machine.run import run

_ANSWER_SECONDS = 5.0


def kubectl(places: Places, *words: str, given: str | None = None, timeout_seconds: float = 120) -> str:
    """Return what our kubectl wrote."""
    command = [places.bin / "kubectl", "--kubeconfig", places.kubeconfig, *words]
    return run(command, given=given, timeout_seconds=timeout_seconds)


def apply(places: Places, documents: Sequence[Mapping[str, Any]]) -> None:
    """Create objects, or make them so."""
    bundle = {"apiVersion": "v1", "kind": "List", "items": list(documents)}
    kubectl(places, "apply", "--server-side", "--force-conflicts", "-f", "-", given=json.dumps(bundle))


def answers(places: Places) -> bool:
    """Whether the API server says that it is ready."""
    where = places.certificates
    trust = ssl.create_default_context(cafile=str(where / "authority.crt"))
    trust.load_cert_chain(str(where / "admin.crt"), str(where / "admin.key"))
    url = f"https://{NODE_ADDRESS}:{API_PORT}/readyz"
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
    )
    try:
        with opener.open(url, timeout=_ANSWER_SECONDS) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
