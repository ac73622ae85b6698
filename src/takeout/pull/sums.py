"""What stays in the destination beside the home: ``SHA256SUMS``, and the report as text."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from takeout.archive.contents.results import State as ArchiveState
from takeout.archive.formats.report import REPORT_NAME, SUMS_NAME, sums_line
from takeout.archive.home.entry import Kind
from takeout.pull.disk import disk_error
from takeout.pull.journal import Journal
from takeout.pull.model import Named, Report, State, printable
from takeout.pull.store import OWN, Store


def write_sums(journal: Journal, store: Store, round_number: int) -> None:
    """Write the sums of every file that is here as it is on the server; ``sha256sum -c`` reads them from the home.

    Raises:
        DiskError: When they cannot be written.
    """
    here = f"round = ? AND kind = {Kind.FILE:d} AND state = {State.HERE:d}"
    lines = (
        sums_line(os.fsencode(row.local), ArchiveState.CHANGED if row.reason else ArchiveState.GOOD, row.sha)
        for row in journal.rows(here, (round_number,))
    )
    _write(store.root / OWN / SUMS_NAME.decode(), lines)


def write_report(store: Store, report: Report) -> None:
    """Write the report.

    Raises:
        DiskError: When it cannot be written.
    """
    text = "\n".join(report_lines(report)) + "\n"
    _write(store.root / OWN / REPORT_NAME.decode(), [text.encode()])


def report_lines(report: Report) -> Iterator[str]:
    """Yield the lines of the report."""
    yield "Takeout: what this pull brought, and what it did not"
    yield ""
    yield f"from {report.server}{f', its folder {printable(report.folder)}' if report.folder else ''}"
    yield f"{report.files} files with {report.size_bytes} bytes, {report.directories} directories,"
    yield f"{report.links} links"
    yield f"check them here: (cd {report.destination} && sha256sum --quiet -c {OWN}/{SUMS_NAME.decode()})"
    sections: tuple[tuple[str, tuple[Named, ...]], ...] = (
        ("Not taken", report.not_taken),
        ("Here, and perhaps not as it is there", report.suspect),
        ("Changed here, and left as it is", report.changed_here),
        ("Has another name here", report.renamed),
        ("Left out on request", report.left_out),
        ("Gone from the hub, kept here", tuple(Named(path, "") for path in report.gone)),
        ("Gone from the hub, deleted here", tuple(Named(path, "") for path in report.deleted)),
    )
    for title, items in sections:
        yield ""
        yield f"{title}: {len(items) or 'nothing'}"
        yield from (f"- {printable(item.path)}{': ' if item.reason else ''}{item.reason}" for item in items)
    for note in report.notes:
        yield ""
        yield note


def _write(path: Path, lines: Iterable[bytes]) -> None:
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("wb") as stream:
            stream.writelines(lines)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
