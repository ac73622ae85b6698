"""A packed chart as a tree; it is unpacked in memory only."""

from __future__ import annotations

import io
import tarfile
import zlib

from takeout.errors import SourceError, Where
from takeout.source.tree import FILE_SIZE_MAX_BYTES, Kind, Tree, too_large

UNPACKED_MAX_BYTES = 128 * 1024 * 1024
"""More than any chart; Helm itself refuses charts of more than 100 MiB unpacked."""


class TarTree(Tree):
    """The files of a ``.tgz``.

    Args:
        packed: The archive.
        label: How to name it.

    Raises:
        SourceError: When it cannot be unpacked.
    """

    def __init__(self, packed: bytes, label: str) -> None:
        self.label = label
        self._files: dict[str, bytes] = {}
        self._links: dict[str, str] = {}
        self._directories: dict[str, set[str]] = {"": set()}
        total_bytes = 0
        try:
            with tarfile.open(fileobj=io.BytesIO(packed), mode="r:*") as archive:
                for member in archive:
                    path = member.name.removeprefix("./").strip("/")
                    if member.issym():
                        self._links[path] = member.linkname
                    elif member.isreg():
                        total_bytes += member.size
                        if member.size > FILE_SIZE_MAX_BYTES or total_bytes > UNPACKED_MAX_BYTES:
                            raise too_large(f"{label}/{path}")
                        content = archive.extractfile(member)
                        self._files[path] = content.read() if content is not None else b""
                    else:
                        continue
                    self._register(path)
        except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError) as error:
            raise SourceError(
                f"{label} is not an archive of a chart: {error}",
                where=Where(label),
                hint="Give a chart as a directory, or as `helm package` and `helm pull` write it.",
            ) from error

    def _register(self, path: str) -> None:
        while path:
            parent, _, name = path.rpartition("/")
            self._directories.setdefault(parent, set()).add(name)
            path = parent

    def chart_root(self) -> str | None:
        """Return the directory that has the Chart.yaml, the shallowest; None where there is none."""
        found = [path for path in self._files if path.rpartition("/")[2] == "Chart.yaml"]
        best = min(found, key=lambda path: (path.count("/"), path), default=None)
        return None if best is None else best.rpartition("/")[0]

    def kind(self, path: str) -> Kind | None:
        """Return what is at ``path`` itself."""
        if path in self._files:
            return "file"
        if path in self._links:
            return "link"
        return "directory" if path in self._directories else None

    def _names(self, path: str) -> list[str]:
        return list(self._directories.get(path, ()))

    def _content(self, path: str) -> bytes:
        return self._files[path]

    def _target(self, path: str) -> str:
        return self._links[path]
