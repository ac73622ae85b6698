"""Files out of git at a commit; no checkout is looked at, none is disturbed."""

from __future__ import annotations

import subprocess
import weakref
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import IO

from takeout.errors import SourceError, Where
from takeout.source.git import arguments, environment, run
from takeout.source.tree import FILE_SIZE_MAX_BYTES, Kind, Tree, too_large

_LINK = "120000"
_SUBMODULE = "160000"


class GitTree(Tree):
    """The files of a commit.

    Args:
        directory: The repository, bare or with a work tree.
        commit: Full hash.
        below: A directory inside the repository that is the root; empty for the whole.
        label: How to name it.
        offline: Whether a partial clone must do with what it has.

    Raises:
        SourceError: When the commit's list of files cannot be read.
    """

    def __init__(
        self, directory: Path, commit: str, *, below: str = "", label: str = "", offline: bool = False
    ) -> None:
        self._directory = directory
        self._offline = offline
        self.revision = commit
        self.label = f"{label or directory}@{commit[:9]}"
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[..., GitTree] | None = None
        self._lock = Lock()
        self._links: dict[str, str] = {}
        self._objects = self._list_objects(below.strip("/"))
        self._directories: dict[str, set[str]] = {"": set()}
        for path in self._objects:
            self._register(path)

    def _list_objects(self, below: str) -> dict[str, tuple[str, str]]:
        where = f"{self.revision}:{below}" if below else self.revision
        found = run(self._directory, "ls-tree", "-r", "-z", "--full-tree", where, offline=self._offline)
        if found.returncode:
            message = found.stderr.decode(errors="replace").strip().splitlines()
            reason = message[-1] if message else "git failed"
            raise SourceError(
                f"the files of commit {self.revision[:9]} cannot be listed: {reason}",
                where=Where(str(self._directory)),
                hint="Check the clone with: git fsck",
            )
        objects: dict[str, tuple[str, str]] = {}
        for record in found.stdout.decode(errors="surrogateescape").split("\0"):
            if record:
                about, path = record.split("\t", 1)
                mode, _, name = about.split(" ")
                objects[path] = (mode, name)
        return objects

    def _register(self, path: str) -> None:
        while path:
            parent, _, name = path.rpartition("/")
            names = self._directories.setdefault(parent, set())
            if name in names:
                return
            names.add(name)
            path = parent

    def kind(self, path: str) -> Kind | None:
        """Return what is at ``path`` itself."""
        found = self._objects.get(path)
        if found is None:
            return "directory" if path in self._directories else None
        if found[0] == _LINK:
            return "link"
        return "other" if found[0] == _SUBMODULE else "file"

    def _names(self, path: str) -> list[str]:
        return list(self._directories.get(path, ()))

    def _target(self, path: str) -> str:
        if path not in self._links:
            self._links[path] = self._content(path).decode(errors="surrogateescape")
        return self._links[path]

    def _content(self, path: str) -> bytes:
        name = self._objects[path][1]
        with self._lock:
            stdin, stdout = self._pipes()
            try:
                stdin.write(f"{name}\n".encode())
                stdin.flush()
                header = stdout.readline().split()
            except OSError:
                header = []
            if len(header) != 3 or header[1] != b"blob":  # noqa: PLR2004 - hash, type, size (git-cat-file(1))
                self.close()
                raise SourceError(
                    f"git cannot read {path} of commit {self.revision[:9]}: its content is not in the clone",
                    where=Where(path),
                    hint="The clone is partial or damaged: fetch again while online, or check it with: git fsck",
                )
            size = int(header[2])
            if size > FILE_SIZE_MAX_BYTES:
                self.close()
                raise too_large(path)
            return stdout.read(size + 1)[:size]

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - a list, no shell, no foreign word
                arguments(self._directory, "cat-file", "--batch", offline=self._offline),
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._end = weakref.finalize(self, _end, self._process)
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - asked for above
        assert stdout is not None  # noqa: S101 - asked for above
        return stdin, stdout

    def close(self) -> None:
        """End the reading process; the next read starts another."""
        if self._end is not None:
            self._end()
        self._process = self._end = None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process without waiting for what it may still say."""
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    process.wait()
