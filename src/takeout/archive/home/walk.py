"""One pass over a home gives its inventory."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from takeout.archive.home.ahead import THREADS
from takeout.archive.home.inventory import Inventory
from takeout.archive.home.listing import reason
from takeout.archive.home.presets import Preset
from takeout.archive.home.walker import Walker, Wanted
from takeout.errors import DirectoryError, DiskError, Where
from takeout.progress import Progress, silent


def take_inventory(
    root: Path | str | bytes,
    *,
    preset: Preset = Preset.FULL,
    exclude: Iterable[str] = (),
    one_file_system: bool = False,
    skip: Collection[tuple[int, int]] = (),
    aside: Mapping[tuple[int, int], str] | None = None,
    progress: Progress = silent,
    threads: int = THREADS,
) -> Inventory:
    """Walk over a home.

    Args:
        root: The home.
        preset: How much of it.
        exclude: Patterns of what to leave out, as in ``.gitignore``.
        one_file_system: Leave out what is mounted inside the home.
        skip: Device and inode of entries that are not to be seen at all, such as the archive being written.
        aside: Device and inode of entries that are left out without a look inside, each with the reason: what
            changes in them does not change the inventory.
        progress: Told the number of entries.
        threads: How many directories are read at once.

    Raises:
        DirectoryError: When ``root`` is not a directory.
        DiskError: When it cannot be read.
        OptionError: When a pattern is empty.
    """
    path = os.path.abspath(os.fsencode(root))  # noqa: PTH100 - names are bytes here
    where = Where(os.fsdecode(path))
    wanted = Wanted(preset, tuple(exclude), one_file_system, frozenset(skip), aside or {})
    try:
        root_fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (NotADirectoryError, FileNotFoundError) as error:
        hint = "give the directory to take along"
        raise DirectoryError(f"not a directory: {reason(error)}", where=where, hint=hint) from error
    except OSError as error:
        raise DiskError(f"the directory cannot be read: {reason(error)}", where=where) from error
    try:
        with ThreadPoolExecutor(threads, thread_name_prefix="takeout-walk") as pool:
            try:
                return Walker(root_fd, pool, threads, wanted).run(path, progress)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    finally:
        os.close(root_fd)
