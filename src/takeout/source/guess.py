"""Where z2jh's values sit in documents that no chart explains."""

from __future__ import annotations

from collections.abc import Iterable

from takeout.values.node import Mapping
from takeout.values.path import Path

DEPTH_MAX = 4
"""Charts are nested three deep at most in any deployment that was seen; one more for luck costs nothing."""

_TELLING = {
    "hub": 3,
    "singleuser": 3,
    "proxy": 2,
    "cull": 2,
    "scheduling": 2,
    "prePuller": 2,
    "imagePullSecret": 1,
    "ingress": 1,
    "httpRoute": 1,
    "debug": 1,
    "custom": 1,
}
"""Top-level keys of z2jh's values and how telling each is.

Source: https://github.com/jupyterhub/zero-to-jupyterhub-k8s/blob/4.3.3/jupyterhub/values.yaml
"""

_ENOUGH = 2


def guess_jupyterhub(documents: Iterable[Mapping]) -> Path:
    """Return the keys that lead to z2jh's values: those below which most of z2jh's own keys are.

    Plain z2jh values give the empty path, and so do documents that have nothing of z2jh.
    """
    scores: dict[Path, int] = {}
    for document in documents:
        _score(document, (), scores)
    best = max(scores, key=lambda path: (scores[path], path[-1:] == ("jupyterhub",), -len(path)), default=())
    return best if scores.get(best, 0) >= _ENOUGH else ()


def _score(node: Mapping, path: Path, scores: dict[Path, int]) -> None:
    found = sum(weight for key, weight in _TELLING.items() if key in node.entries)
    if found:
        scores[path] = scores.get(path, 0) + found
    if len(path) < DEPTH_MAX:
        for key, child in node.entries.items():
            # What is below z2jh's own keys is z2jh's: `hub.config` may well have a key `proxy`.
            if isinstance(child, Mapping) and key not in _TELLING:
                _score(child, (*path, key), scores)
