"""Which keys of the values lead to a place in a pod's manifest, by KubeSpawner's traits; pure.

A rule changes many keys. Of those, the ones that name the trait behind a place are what a person wants to read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_PLACES: tuple[tuple[str, str], ...] = (
    (r"spec\.nodeSelector", r"node_?selector"),
    (r"spec\.affinity", r"affinity|nodepurpose"),
    (r"spec\.tolerations", r"tolerations"),
    (r"spec\.containers\[notebook\]\.image\b", r"image"),
    (r"spec\.containers\[notebook\]\.env\b", r"environment|extraenv|custom|mem_|cpu_|defaulturl|default_url"),
    (r"spec\.containers\[notebook\]\.volumeMounts", r"volume_?mounts|storage|extrafiles"),
    (r"spec\.containers\[notebook\]\.resources", r"mem_|cpu_|memory|\bcpu|extra_?resource"),
    (r"spec\.containers\[notebook\]\.(command|args|workingDir)", r"\bcmd|args|working_?dir|default_?url"),
    (r"spec\.containers\[notebook\]\.(lifecycle)", r"lifecycle"),
    (r"spec\.volumes", r"volumes|storage|extrafiles|pvc"),
    (r"spec\.initContainers", r"init_?containers|cloudmetadata|networktools"),
    (r"spec\.containers", r"extra_?containers"),
    (r"spec\.(serviceAccount|automount)", r"service_?account|automount"),
    (r"spec\.imagePullSecrets", r"pull_?secrets?"),
    (r"spec\.priorityClassName", r"priority"),
    (r"spec\.schedulerName", r"scheduler"),
    (
        r".*[sS]ecurityContext",
        r"\buid|gid|privilege|security_?context|extra_?(pod|container)_?config",
    ),
    (r"metadata\.labels", r"labels|networkpolicy"),
    (r"metadata\.annotations", r"annotations"),
)
"""Where a trait shows in a manifest, and the words by which values, and profiles, name it, in lower case."""


def keys_for(path: str, keys: Sequence[str]) -> tuple[str, ...]:
    """Return those of ``keys`` that lead to ``path`` by a trait's name; empty where none does."""
    words = next((words for place, words in _PLACES if re.match(place, path)), "")
    found = [key for key in keys if words and re.search(words, key.lower())]
    # A variable, a volume or a label is often named in the key itself.
    named = [key for key in found or keys if _last(path) and _last(path).lower() in key.lower()]
    return tuple(named or found)


def _last(path: str) -> str:
    """Return the name of the item that a path leads into, such as the variable's."""
    match = re.search(r"\[([^\[\]]{3,})\](?!.*\[)", path)
    return match[1] if match and match[1] != "notebook" else ""
