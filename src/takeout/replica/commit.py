"""Put files into a directory all at once: an error, Ctrl-C or a kill leaves the old ones."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from takeout.errors import DirectoryError, DiskError, Where

PRIVATE = 0o600
"""Mode of a file that nobody else may read."""
STAGING = ".takeout-staging"
"""Directory inside the replica where new files wait; what a killed run left there is swept away."""


def create_directory(directory: Path, files: Mapping[str, bytes], private: frozenset[str]) -> None:
    """Write ``files`` into the new ``directory``, which is there whole or not at all.

    Args:
        directory: Where there is nothing yet; its parents are made as needed.
        files: Contents by name, relative to the directory.
        private: The names that only their owner may read.

    Raises:
        DiskError: When it cannot be written.
    """
    made = _make_parents(directory.parent)
    staged = directory.parent / f".{directory.name}.{secrets.token_hex(4)}.takeout"
    try:
        with _disk_errors(directory):
            staged.mkdir()
            for name, content in files.items():
                _write(staged / name, content, private=name in private)
            staged.rename(directory)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        for parent in reversed(made):
            with suppress(OSError):
                parent.rmdir()
        raise


def update_directory(
    directory: Path, files: Sequence[tuple[str, bytes]], removed: Sequence[str], private: frozenset[str]
) -> None:
    """Replace ``files`` in ``directory`` in the order given and take out ``removed``, all or none.

    Each file is replaced by a rename. Should anything fail half-way, the old files are put back; after a kill the
    first file given (the lock, with what was about to happen) tells the next run which contents are its own.

    Raises:
        DirectoryError: When another run is writing there.
        DiskError: When it cannot be written.
    """
    with _locked(directory), _disk_errors(directory):
        staging = directory / STAGING
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(mode=0o700)
        try:
            for number, (name, content) in enumerate(files):
                _write(staging / f"{number}.new", content, private=name in private)
            _exchange(directory, staging, [name for name, _ in files], removed)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _exchange(directory: Path, staging: Path, names: Sequence[str], removed: Sequence[str]) -> None:
    undo: list[tuple[Path, Path | None]] = []
    try:
        for number, name in enumerate([*names, *removed]):
            target, old = directory / name, staging / f"{number}.old"
            kept = old if target.exists() or target.is_symlink() else None
            if kept is not None:
                _copy(target, old)
            undo.append((target, kept))
            if number < len(names):
                target.parent.mkdir(parents=True, exist_ok=True)
                (staging / f"{number}.new").replace(target)
            else:
                target.unlink(missing_ok=True)
        _remove_empty_parents(directory, removed)
    except BaseException:
        for target, kept in reversed(undo):
            with suppress(OSError):
                if kept is None:
                    target.unlink(missing_ok=True)
                else:
                    kept.replace(target)
        raise


def _copy(source: Path, copy: Path) -> None:
    """Keep ``source`` under another name too: by a hard link, or by copying where links are not to be had."""
    try:
        os.link(source, copy, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, copy, follow_symlinks=False)


def _remove_empty_parents(directory: Path, removed: Sequence[str]) -> None:
    for name in removed:
        parent = (directory / name).parent
        while parent != directory:
            try:
                parent.rmdir()
            except OSError:
                break
            parent = parent.parent


def _write(path: Path, content: bytes, *, private: bool) -> None:
    """Write a new file; a private one is so from its first moment on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE if private else 0o666)
    with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
        file.write(content)


def _make_parents(parent: Path) -> list[Path]:
    missing = []
    while not parent.exists():
        missing.append(parent)
        parent = parent.parent
    made: list[Path] = []
    with _disk_errors(parent):
        for directory in reversed(missing):
            directory.mkdir(exist_ok=True)
            made.append(directory)
    return made


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Keep a second run out of ``directory``; where the file system has no locks, go on without."""
    import fcntl  # noqa: PLC0415 - not to be had everywhere, and only writing needs it

    with _disk_errors(directory):
        descriptor = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            hint = "wait until it is done, and run this again"
            raise DirectoryError("another run is writing here", where=Where(str(directory)), hint=hint) from error
        except OSError:
            pass
        yield
    finally:
        os.close(descriptor)


_HINTS = {
    errno.ENOSPC: "make room on the disk, and run this again; nothing was changed",
    errno.EDQUOT: "make room within the quota, and run this again; nothing was changed",
    errno.EROFS: "the file system is read-only: choose another directory with --to",
    errno.EACCES: "you may not write there: choose another directory with --to, or mend its permissions",
    errno.EPERM: "you may not write there: choose another directory with --to, or mend its permissions",
}


@contextmanager
def _disk_errors(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "")
        message = f"cannot write the replica: {error.strerror or error}"
        raise DiskError(message, where=Where(str(directory)), hint=hint) from error
