"""``takeout home``: take a home directory along, check it and put it down elsewhere."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from takeout.archive.home.presets import Preset
from takeout.cli import home_pull
from takeout.cli.options import JsonOption, QuietOption, examples
from takeout.cli.output import Output
from takeout.errors import OptionError

if TYPE_CHECKING:
    from takeout.archive import Archive, Inventory, Remembered
    from takeout.progress import Progress

app = typer.Typer(help="Take a home directory along: every file, as one archive.", rich_markup_mode=None)
home_pull.add_to(app)

_LARGEST = 10
_STANDARD_OUTPUT = "-"

HomeArgument = Annotated[Path, typer.Argument(metavar="DIR", help="The home directory.")]
ArchiveArgument = Annotated[
    Path, typer.Argument(metavar="ARCHIVE", help="A zip, tar.zst or tar.gz.", show_default=False)
]
PresetOption = Annotated[
    Preset, typer.Option("--preset", help="full: everything; slim: without what can be made again.")
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude", metavar="PATTERN", help="Leave out, as in .gitignore; may be repeated.", show_default=False
    ),
]
OneFileSystemOption = Annotated[
    bool, typer.Option("--one-file-system", help="Leave out what is mounted inside the home.")
]


@app.command(
    "scan",
    epilog=examples(
        "takeout home scan",
        "takeout home scan --preset slim --exclude '*.h5'",
        "takeout home scan /home/jovyan --json",
    ),
)
def scan(
    directory: HomeArgument = Path(),
    *,
    preset: PresetOption = Preset.FULL,
    exclude: ExcludeOption = None,
    one_file_system: OneFileSystemOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what is there, how big it is, and what cannot be taken."""
    from takeout.archive import StoredZip, largest, take_inventory
    from takeout.cli.home_text import scan_json, scan_text

    output = Output(json=json, quiet=quiet)
    with output.progress() as progress:
        inventory = take_inventory(
            directory, preset=preset, exclude=exclude or (), one_file_system=one_file_system, progress=progress
        )
    length, top = StoredZip(inventory).length, largest(inventory, _LARGEST)
    output.result(scan_json(inventory, length, top), scan_text(inventory, length, top))
    if inventory.findings.not_taken:
        raise typer.Exit(1)


@app.command(
    "pack",
    epilog=examples(
        "takeout home pack -o home.zip",
        "takeout home pack /home/jovyan -o home.tar.zst --preset slim",
        "takeout home pack -o - --format tar.gz | ssh me@example.org 'cat > home.tar.gz'",
    ),
)
def pack(
    directory: HomeArgument = Path(),
    *,
    to: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE|-", help="The archive; - for standard output.", show_default=False
        ),
    ],
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="zip (stored), zip-deflated, tar.zst or tar.gz. [default: by the file's name]",
            show_default=False,
        ),
    ] = "",
    preset: PresetOption = Preset.FULL,
    exclude: ExcludeOption = None,
    one_file_system: OneFileSystemOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make one archive of a home; an interrupted zip goes on when the command is run again."""
    from takeout.archive import FORMATS, Remembered, StoredZip, Target, format_of, pack_to, take_inventory
    from takeout.cli.home_text import packed_json, packed_text

    if form and form not in FORMATS:
        raise OptionError(f"unknown format {form!r}", hint=f"one of {', '.join(FORMATS)}")
    make = FORMATS[form or ("zip" if to == _STANDARD_OUTPUT else format_of(to))]
    output = Output(json=json, quiet=quiet)

    def inventory(
        skip: set[tuple[int, int]], progress: Progress, remembered: Remembered | None = None
    ) -> Inventory:
        return take_inventory(
            directory,
            preset=preset,
            exclude=exclude or (),
            one_file_system=one_file_system,
            skip=skip,
            aside=remembered.identity() if remembered else None,
            progress=progress,
        )

    if to == _STANDARD_OUTPUT:
        with output.progress(transfer=True) as progress:
            archive = make(inventory(_own_output(json=json), progress))
            size = _to_standard_output(archive, progress)
        output.message(packed_text(archive, "standard output", size))
    else:
        target = Target.at(Path(to))
        remembered = Remembered(_cache())
        try:
            with output.progress(transfer=True) as progress:
                found = inventory(target.identities(), progress, remembered)
                archive = StoredZip(found, remembered) if make is StoredZip else make(found)
                start = pack_to(target, archive, progress)
        finally:
            remembered.close()
            target.forget()
        size = target.file.stat().st_size
        output.result(packed_json(archive, to, size, start), packed_text(archive, to, size))
    if archive.inventory.findings.not_taken or archive.results.troubles:
        raise typer.Exit(1)


def _cache() -> Path:
    """Return where checksums are remembered: below the user's own cache directory."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "takeout" / "checksums"


def _own_output(*, json: bool) -> set[tuple[int, int]]:
    """Return what must not be packed because it is being written: the file that standard output goes to.

    Raises:
        OptionError: When standard output cannot take an archive.
    """
    if json:
        raise OptionError("--json and -o - both want standard output", hint="give a file with -o")
    if sys.stdout.isatty():
        raise OptionError("an archive does not belong on a terminal", hint="redirect it, or give a file with -o")
    status = os.fstat(sys.stdout.fileno())
    return {(status.st_dev, status.st_ino)}


def _to_standard_output(archive: Archive, progress: Progress) -> int:
    from takeout.archive.packing import copy

    try:
        size = copy(archive.read(), sys.stdout.buffer, progress, 0, archive.length or 0)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that nothing fails again at exit
        raise
    return size


@app.command(
    "verify",
    epilog=examples(
        "takeout home verify home.zip",
        "takeout home verify home.tar.zst --against /home/jovyan",
    ),
)
def verify_archive(
    archive: ArchiveArgument,
    *,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="DIR", help="Compare every file with this directory's.")
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check every byte of an archive against what was promised."""
    from takeout.archive import verify
    from takeout.cli.home_text import problems_json, verified_text

    output = Output(json=json, quiet=quiet)
    with output.progress(transfer=True) as progress:
        found = verify(archive, against=against, progress=progress)
    document = {**asdict(found), "problems": problems_json(found.problems), "archive": str(archive)}
    output.result(document, verified_text(found))
    if found.problems:
        raise typer.Exit(1)


@app.command(
    "unpack",
    epilog=examples(
        "takeout home unpack home.zip .",
        "takeout home unpack home.tar.zst /home/jovyan --strip",
    ),
)
def unpack_archive(
    archive: ArchiveArgument,
    destination: Annotated[
        Path, typer.Argument(metavar="DEST", help="The directory to write to.", show_default=False)
    ],
    *,
    strip: Annotated[
        bool, typer.Option("--strip", help="Put what is in the home right into DEST, and leave the sums out.")
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Unpack an archive safely; nothing is overwritten, and running it again goes on where it stopped."""
    from takeout.archive import unpack
    from takeout.cli.home_text import problems_json, unpacked_text

    output = Output(json=json, quiet=quiet)
    with output.progress(transfer=True) as progress:
        done = unpack(archive, destination, strip=strip, progress=progress)
    document = {**asdict(done), "problems": problems_json(done.problems), "directory": str(destination)}
    output.result(document, unpacked_text(done))
    if done.problems:
        raise typer.Exit(1)
