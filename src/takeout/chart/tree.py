"""A chart and its subcharts as the files say: names, versions, schemas; nothing is rendered."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from takeout.errors import DiskError, InputError, Where

_SIZE_MAX = 64 << 20
"""Bytes of one file, or nested chart, inside a chart; a larger one is an attack or a mistake."""
_DEPTH_MAX = 8

Files = Mapping[str, bytes]
"""A chart's files by their path inside the chart."""


@dataclass(frozen=True, slots=True)
class ChartTree:
    """A chart.

    Attributes:
        key: The key of its values in its parent (the alias, where it has one); its own name for the root.
        name: Its own name.
        version: Its version.
        dependencies: What its Chart.yaml names, as it stands there.
        schema: Its values.schema.json; None where it has none.
        has_templates: Whether it has templates of its own.
        values: Its own values.yaml, unparsed; empty where it has none.
        children: The subcharts that it carries, by key.
        kube_version: The range of Kubernetes versions that it runs on; empty where it says nothing.
    """

    key: str
    name: str
    version: str
    dependencies: tuple[Mapping[str, Any], ...] = ()
    schema: Mapping[str, Any] | None = None
    has_templates: bool = False
    values: bytes = b""
    children: Mapping[str, ChartTree] = field(default_factory=dict)
    kube_version: str = ""

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], ChartTree]]:
        """Yield the chart and every subchart, each with the path of its values."""
        yield path, self
        for key, child in self.children.items():
            yield from child.walk((*path, key))


def read_chart(path: Path) -> ChartTree:
    """Return the chart at ``path``, a directory or a ``.tgz``.

    Raises:
        InputError: When it is not a chart.
        DiskError: When it cannot be read.
    """
    try:
        files = _of_archive(path.read_bytes()) if path.is_file() else dict(_of_directory(path))
    except OSError as error:
        raise DiskError(f"cannot read the chart {path}: {error.strerror}", where=Where(str(path))) from error
    except tarfile.TarError as error:
        raise InputError(f"{path} is not a chart archive: {error}", where=Where(str(path))) from error
    tree = _tree(files, str(path))
    if tree is None:
        raise InputError(
            f"{path} is not a chart: it has no Chart.yaml",
            where=Where(str(path)),
            hint="give the directory with the Chart.yaml, or the .tgz that `helm pull` fetches",
        )
    return tree


def _tree(files: Files, label: str, depth: int = 0) -> ChartTree | None:
    if "Chart.yaml" not in files or depth > _DEPTH_MAX:
        return None
    metadata = _document(files, "Chart.yaml", label)
    dependencies = metadata.get("dependencies")
    if dependencies is None and "requirements.yaml" in files:  # charts of Helm 2
        dependencies = _document(files, "requirements.yaml", label).get("dependencies")
    known = tuple(item for item in dependencies or () if isinstance(item, dict))
    carried = [
        tree
        for name, child in _nested(files).items()
        if (tree := _tree(child, f"{label}/charts/{name}", depth + 1)) is not None
    ]
    return ChartTree(
        str(metadata.get("name", "")),
        str(metadata.get("name", "")),
        str(metadata.get("version", "")),
        known,
        _schema(files, label),
        any(name.startswith("templates/") for name in files),
        files.get("values.yaml", b""),
        _children(carried, known),
        str(metadata.get("kubeVersion") or ""),
    )


def _children(carried: list[ChartTree], dependencies: tuple[Mapping[str, Any], ...]) -> dict[str, ChartTree]:
    """Return the subcharts by key: a dependency's alias, or the name of a chart that no dependency mentions."""
    children: dict[str, ChartTree] = {}
    for tree in carried:
        keys = [str(d.get("alias") or tree.name) for d in dependencies if d.get("name") == tree.name]
        for key in keys or [tree.name]:
            children[key] = replace(tree, key=key)
    return children


def _nested(files: Files) -> dict[str, dict[str, bytes]]:
    """Return the files of every chart in ``charts/``, whether it is a directory there or an archive."""
    charts: dict[str, dict[str, bytes]] = {}
    for name, content in files.items():
        folder, _, rest = name.partition("/")
        if folder != "charts" or not rest:
            continue
        child, _, inner = rest.partition("/")
        if inner:
            charts.setdefault(child, {})[inner] = content
        elif child.endswith((".tgz", ".tar.gz")):
            charts[child] = _of_archive(content)
    return charts


def _of_directory(root: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.stat().st_size <= _SIZE_MAX:
            yield path.relative_to(root).as_posix(), path.read_bytes()


def _of_archive(content: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        for member in archive:
            # the first component is the chart's directory, whatever it is called
            name = member.name.removeprefix("./").partition("/")[2]
            if member.isfile() and name and member.size <= _SIZE_MAX:
                handle = archive.extractfile(member)
                files[name] = handle.read() if handle else b""
    return files


def _document(files: Files, name: str, label: str) -> dict[str, Any]:
    try:
        data = yaml.load(files[name], Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {name}: {error}", where=Where(f"{label}/{name}")) from error
    return data if isinstance(data, dict) else {}


def _schema(files: Files, label: str) -> dict[str, Any] | None:
    if "values.schema.json" not in files:
        return None
    try:
        schema = json.loads(files["values.schema.json"])
    except ValueError as error:
        raise InputError(
            f"cannot read the chart's schema: {error}", where=Where(f"{label}/values.schema.json")
        ) from error
    return schema if isinstance(schema, dict) else None
