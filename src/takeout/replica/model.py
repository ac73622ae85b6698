"""What a replica is before it is written."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from dataclasses import dataclass, field

from takeout.adapt.context import Context, Dependency
from takeout.adapt.engine import Adaptation
from takeout.adapt.nets.finding import Finding
from takeout.errors import Fault
from takeout.values.node import Data, Mapping
from takeout.values.path import Path

VALUES = "values.yaml"
LOCAL = "local.values.yaml"
SECRETS = "secrets.yaml"
LOCK = "takeout.json"
README = "README.md"
REPORT = "REPORT.md"
CHART = "Chart.yaml"
IGNORE = ".gitignore"
HELMIGNORE = ".helmignore"
MANIFESTS = "manifests"

HELM_ORDER = (VALUES, SECRETS, LOCAL)
"""The values files as the runbook hands them to Helm, the strongest last."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How the replica is laid out for Helm.

    Attributes:
        umbrella: Whether it is a chart of its own with z2jh's values below ``jupyterhub``; otherwise
            ``values.yaml`` is for the jupyterhub chart itself.
        jupyterhub: The jupyterhub chart.
        companions: The other charts that are on; none without an umbrella.
    """

    umbrella: bool
    jupyterhub: Dependency
    companions: tuple[Dependency, ...] = ()

    def outer(self, path: Path) -> Path:
        """Return where the replica has what the rules know as ``path``."""
        return path if self.umbrella or path[:1] != ("jupyterhub",) else path[1:]


@dataclass(frozen=True, slots=True)
class SecretEntry:
    """One entry of ``secrets.yaml``.

    Attributes:
        path: Where it belongs in the replica's values.
        purpose: What it is for, and how to get it.
        generate: How a random value is made, or None where a person fills it in.
        blocking: Whether the hub cannot start, or nobody can log in, without it.
        within: The list as it must be written whole, where the path leads through one; None otherwise.
        same_as: The path of the entry whose value this one shares; empty where there is none.
    """

    path: Path
    purpose: str
    generate: str | None = None
    blocking: bool = True
    within: Data = None
    same_as: Path = ()


@dataclass(frozen=True, slots=True)
class Replica:
    """Everything that will be written, by name; random values are made only when writing.

    Attributes:
        id: The hub at its origin, as ``cluster/name``.
        values: What ``values.yaml`` holds.
        layout: How it is laid out for Helm.
        context: What the rules knew.
        adaptation: What the rules made of the hub's values.
        findings: All that the nets caught.
        surprises: What the nets caught and nothing accounts for.
        faults: What is wrong, or suspicious, in the source's files.
        secrets: The entries of ``secrets.yaml``.
        files: Takeout's own files by name, relative to the replica, as text.
        seeds: Files that are written only where they are absent, for the owners to keep.
        lock: ``takeout.json`` without the hashes of the files.
    """

    id: str
    values: Mapping
    layout: Layout
    context: Context
    adaptation: Adaptation
    findings: tuple[Finding, ...]
    surprises: tuple[Finding, ...]
    faults: tuple[Fault, ...]
    secrets: tuple[SecretEntry, ...]
    files: MappingABC[str, str] = field(default_factory=dict)
    seeds: MappingABC[str, str] = field(default_factory=dict)
    lock: MappingABC[str, object] = field(default_factory=dict)

    @property
    def closed(self) -> bool:
        """Whether the nets hold no surprise."""
        return not self.surprises
