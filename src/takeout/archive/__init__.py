"""A directory as a stream of bytes that can be cut at any byte.

``home`` is what a walk finds, ``records`` are headers and the like as bytes, ``contents`` is how files are read,
``formats`` puts the three together, and ``opening`` reads archives again. None imports one that is named after it.
"""

from takeout.archive.contents.content import Chunk
from takeout.archive.contents.remembered import Remembered
from takeout.archive.contents.results import Results, State
from takeout.archive.formats.deflated import DeflatedZip
from takeout.archive.formats.forms import FORMATS, Archive, format_of
from takeout.archive.formats.stored import StoredZip
from takeout.archive.formats.tarred import TarStream, tar_gz, tar_zst
from takeout.archive.home.entry import Entry, Kind, LeftOut, NotTaken, Totals
from takeout.archive.home.inventory import Findings, Inventory
from takeout.archive.home.presets import Preset
from takeout.archive.home.sizes import largest, tree_sizes
from takeout.archive.home.walk import take_inventory
from takeout.archive.opening.unpack import Unpacked, unpack
from takeout.archive.opening.verify import Problem, Verification, verify
from takeout.archive.packing import Target, pack_to

__all__ = [
    "FORMATS",
    "Archive",
    "Chunk",
    "DeflatedZip",
    "Entry",
    "Findings",
    "Inventory",
    "Kind",
    "LeftOut",
    "NotTaken",
    "Preset",
    "Problem",
    "Remembered",
    "Results",
    "State",
    "StoredZip",
    "TarStream",
    "Target",
    "Totals",
    "Unpacked",
    "Verification",
    "format_of",
    "largest",
    "pack_to",
    "take_inventory",
    "tar_gz",
    "tar_zst",
    "tree_sizes",
    "unpack",
    "verify",
]
