"""Where charts may already be on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from takeout.chart.tree import ChartTree, read_chart
from takeout.errors import DiskError, InputError

Origin = Literal["given", "own", "folder", "helm", "cache", "pulled"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The chart that is looked for.

    Attributes:
        name: Its own name.
        version: Its exact version; empty when any will do.
        repository: ``https://…``, ``oci://…``, ``file://…`` or empty.
    """

    name: str
    version: str
    repository: str = ""

    def __str__(self) -> str:
        """Return ``name version``."""
        return f"{self.name} {self.version}".strip()

    @property
    def archive(self) -> str:
        """The file name that Helm gives it."""
        return f"{self.name}-{self.version}.tgz"


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look, in this order.

    Attributes:
        given: What the user gave: a chart, or a folder of charts; None where nothing was given.
        own: A folder of the charts that the very hub was seen to run; None where there is none.
        folder: A folder of charts that stands in the environment (TAKEOUT_CHARTS).
        helm: Helm's folders of pulled charts.
        content: Helm 4's cache, whose files are named after their digests; None where there is none.
        cache: Takeout's own cache; what is pulled goes there.
    """

    given: Path | None
    own: Path | None
    folder: Path | None
    helm: tuple[Path, ...]
    content: Path | None
    cache: Path

    @classmethod
    def of(
        cls, given: Path | None = None, environ: Mapping[str, str] = os.environ, *, own: Path | None = None
    ) -> Places:
        """Return the places that the environment names.

        Args:
            given: What the user gave, such as the argument of ``--chart``.
            environ: The environment.
            own: As in the attributes.

        Source: https://helm.sh/docs/helm/helm/ (environment variables), XDG Base Directory Specification 0.8.
        """
        home = Path(environ.get("HOME") or Path.home())
        caches = Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
        helm = Path(environ.get("HELM_CACHE_HOME") or caches / "helm")
        repository = Path(environ.get("HELM_REPOSITORY_CACHE") or helm / "repository")
        folder = environ.get("TAKEOUT_CHARTS")
        return cls(
            given,
            own,
            Path(folder) if folder else None,
            (repository,),
            Path(environ.get("HELM_CONTENT_CACHE") or helm / "content"),
            caches / "takeout" / "charts",
        )

    def search(self, wanted: Wanted) -> Iterator[tuple[Path, Origin]]:
        """Yield every place where ``wanted`` is, the best first."""
        if self.given is not None:
            yield from ((path, "given") for path in _in_given(self.given, wanted))
        if self.own is not None:
            yield from ((path, "own") for path in _in_folder(self.own, wanted))
        if self.folder is not None:
            yield from ((path, "folder") for path in _in_folder(self.folder, wanted))
        for folder in self.helm:
            yield from ((path, "helm") for path in _in_folder(folder, wanted))
        if self.content is not None:
            yield from ((path, "helm") for path in _in_content(self.content, wanted))
        yield from ((path, "cache") for path in _in_folder(self.cache, wanted))


def _in_given(given: Path, wanted: Wanted) -> Iterator[Path]:
    """What the user gave is taken at its word: another version of the chart will do."""
    if given.is_file() or (given / "Chart.yaml").is_file():
        tree = read_chart(given)
        if tree.name == wanted.name:
            yield given
        # A chart that carries the one that is wanted, such as an umbrella
        yield from (path for path in _in_folder(given / "charts", wanted) if tree.name != wanted.name)
        return
    yield from _in_folder(given, wanted)


def _in_folder(folder: Path, wanted: Wanted) -> Iterator[Path]:
    archive = folder / wanted.archive
    if wanted.version and archive.is_file():
        yield archive
    directory = folder / wanted.name
    if (directory / "Chart.yaml").is_file() and _is(directory, wanted):
        yield directory
    if not wanted.version and folder.is_dir():
        yield from (path for path in sorted(folder.glob(f"{wanted.name}-*.tgz")) if _is(path, wanted))


def _in_content(folder: Path, wanted: Wanted) -> Iterator[Path]:
    # The names say nothing, so each is opened; a chart is small, and people have pulled few.
    yield from (path for path in sorted(folder.glob("*/*.chart")) if _is(path, wanted))


def _is(path: Path, wanted: Wanted) -> bool:
    tree = _peek(path)
    return tree is not None and tree.name == wanted.name and wanted.version in ("", tree.version)


def _peek(path: Path) -> ChartTree | None:
    try:
        return read_chart(path)
    except (InputError, DiskError):
        return None
