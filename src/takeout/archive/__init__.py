"""A directory as a stream of bytes that can be cut at any byte."""

from takeout.archive.content import Chunk
from takeout.archive.deflated import DeflatedZip
from takeout.archive.entry import Entry, Kind, LeftOut, NotTaken, Totals
from takeout.archive.forms import FORMATS, Archive, format_of
from takeout.archive.inventory import Findings, Inventory
from takeout.archive.packing import Target, pack_to
from takeout.archive.presets import Preset
from takeout.archive.remembered import Remembered
from takeout.archive.results import Results, State
from takeout.archive.sizes import largest, tree_sizes
from takeout.archive.stored import StoredZip
from takeout.archive.tarred import TarStream, tar_gz, tar_zst
from takeout.archive.unpack import Unpacked, unpack
from takeout.archive.verify import Problem, Verification, verify
from takeout.archive.walk import take_inventory

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
