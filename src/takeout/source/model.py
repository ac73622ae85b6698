"""What a source gives: hubs, and for each its layers."""

from __future__ import annotations

from collections.abc import Mapping as MappingABC
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from takeout.adapt.context import HubFacts
from takeout.adapt.terms import Term
from takeout.errors import Fault
from takeout.values.merge import Chart
from takeout.values.node import Mapping
from takeout.values.path import Path


@dataclass(frozen=True, slots=True)
class HubEntry:
    """One hub in a source's list.

    Attributes:
        cluster: The cluster's name; empty where the source has none.
        name: The hub's name.
        title: What people call it; empty where unknown.
        domain: Its address without scheme; empty where unknown.
        chart: The chart it is deployed with.
        provider: ``aws``, ``gcp``, ``azure``, ``kubeconfig`` or empty.
        file: The file that lists it, inside the source.
        line: The line there; 0 where unknown.
    """

    cluster: str
    name: str
    title: str = ""
    domain: str = ""
    chart: str = ""
    provider: str = ""
    file: str = ""
    line: int = 0

    @property
    def id(self) -> str:
        """``cluster/name``, or the name alone."""
        return f"{self.cluster}/{self.name}" if self.cluster else self.name


@dataclass(frozen=True, slots=True)
class Layer:
    """One values document, in the order Helm would apply it.

    Attributes:
        file: Its path inside the source, or what it stands for (``deployer``).
        kind: Where it comes from; ``secret`` values are placeholders, ``generated`` ones are what code meant.
        values: The document.
        faults: What Helm would have swallowed, and what is worth a word.
    """

    file: str
    kind: Literal["chart", "jsonnet", "file", "secret", "generated"]
    values: Mapping
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that a source knows of one hub.

    Attributes:
        entry: The hub.
        facts: The same for the rules, with chart and cluster.
        layers: Lowest first; the first is the chart's own values.
        chart: The tree of charts that the layers are values of.
        jupyterhub: Path from the root to z2jh's values, such as ``("basehub", "jupyterhub")``; empty where the
            layers are plain z2jh values.
        terms: The strings that tie values to the origin.
        revision: The commit, or empty for a plain directory.
        era: ``E4`` to ``E7``, or ``chart`` for ``--chart``/``-f``.
        faults: What was found beside the layers' own faults.
        encrypted: Paths (from the root) of values that are encrypted in the source, with the file that has them.
        packaged: The root chart as Helm packages it, where the source itself holds all of it; it may differ from
            what a repository has under that name and version. None elsewhere.
    """

    entry: HubEntry
    facts: HubFacts
    layers: tuple[Layer, ...]
    chart: Chart
    jupyterhub: Path
    terms: tuple[Term, ...] = ()
    revision: str = ""
    era: str = ""
    faults: tuple[Fault, ...] = ()
    encrypted: MappingABC[Path, str] = field(default_factory=dict)
    packaged: bytes | None = field(default=None, repr=False)


class Source(Protocol):
    """A place where hubs' configuration lives.

    Attributes:
        label: How to name it to a person: address or path, and commit.
        revision: The commit, or empty.
        era: As in ``Configuration``.
    """

    label: str
    revision: str
    era: str

    def hubs(self) -> Sequence[HubEntry]:
        """Return every hub, in the order of the source's files.

        Raises:
            ValuesError: When a file that lists hubs cannot be read.
        """

    def load(self, entry: HubEntry) -> Configuration:
        """Return the configuration of ``entry``.

        Raises:
            ValuesError: When a values file cannot be read.
        """
