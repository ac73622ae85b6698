"""Which era a tree is of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from takeout.errors import EraError, SourceError, Where
from takeout.source.tree import Tree

EraName = Literal["E4", "E5", "E6", "E7"]

_FIRST_THAT_WORKS = "04027cf65"
"""When each cluster got a file of its own, on 2021-04-21."""
_INLINE = ("config/hubs/*.cluster.yaml", "config/clusters/*.cluster.yaml")
_LISTED = "config/clusters/*/cluster.yaml"
_CHARTS = ("helm-charts", "hub-templates")
_DEPLOYERS = ("deployer/hub.py", "deploy/hub.py", "deployer/infra_components/hub.py")
_OLD = (
    ("E1", re.compile(rb"^hubs:[ ]*\n(?:[ ]*#.*\n|\n)*[ ]+[A-Za-z0-9_-]+:", re.MULTILINE)),
    ("E2 or E3", re.compile(rb"^clusters:", re.MULTILINE)),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a tree is laid out.

    Attributes:
        era: Its name.
        cluster_files: The files that list hubs, in order.
        charts: The directory that the charts lie in.
        deployer: The Python code that added values of its own; empty where none did.
    """

    era: EraName
    cluster_files: tuple[str, ...]
    charts: str
    deployer: str = ""


def recognise(tree: Tree) -> Layout:
    """Return how ``tree`` is laid out.

    Raises:
        EraError: When it is of an era before the first that can be read.
        SourceError: When it is no infrastructure repository at all.
    """
    charts = next((name for name in _CHARTS if tree.is_directory(name)), _CHARTS[0])
    listed = tree.glob(_LISTED)
    if listed:
        deployer = _generating(tree)
        if deployer:
            return Layout("E5", listed, charts, deployer)
        return Layout("E7" if _has_jsonnet(tree) else "E6", listed, charts)
    inline = tuple(file for pattern in _INLINE for file in tree.glob(pattern))
    if not inline and tree.is_directory("hub-templates"):
        # For a few hours the files lay in config/ itself, beside one that has no hubs.
        inline = tuple(file for file in tree.glob("config/*.yaml") if b"\nhubs:" in tree.read(file))
    if inline:
        return Layout("E4", inline, charts, _generating(tree))
    _refuse_old(tree)
    raise SourceError(
        f"{tree.label} is no infrastructure repository that is known: "
        + ("the directory is empty" if not tree.list() else f"it has neither {_LISTED} nor {_INLINE[0]}"),
        hint="Give the repository's root; for another deployment give chart and values: --chart DIR -f FILE",
    )


def _has_jsonnet(tree: Tree) -> bool:
    """Whether a chart that has hubs in it computes values; the monitoring chart did so before."""
    charts = [path.rpartition("/")[0] for path in tree.glob("helm-charts/*/values.jsonnet")]
    files = [f"{chart}/Chart.yaml" for chart in charts]
    return any(b"jupyterhub" in tree.read(file).lower() for file in files if tree.is_file(file))


def _generating(tree: Tree) -> str:
    """Return the deployer's file when it still adds values of its own."""
    for file in _DEPLOYERS:
        if tree.is_file(file) and b"def get_generated_config" in tree.read(file):
            return file
    return ""


def _refuse_old(tree: Tree) -> None:
    if not tree.is_file("hubs.yaml"):
        return
    content = tree.read("hubs.yaml")
    for era, pattern in _OLD:
        if pattern.search(content):
            name = "E3" if era != "E1" and tree.is_directory("hub-templates") else era.split(" ")[0]
            raise EraError(
                f"{tree.label} is of era {name}, when all hubs stood in one hubs.yaml; it is too old to be read",
                where=Where("hubs.yaml"),
                hint=f"Give a newer commit; the first that works is of 2021-04-21: --rev {_FIRST_THAT_WORKS}",
            )
