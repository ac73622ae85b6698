"""A directory as a stream of bytes that can be cut at any byte."""

from takeout.archive.deflated import DeflatedZip
from takeout.archive.entry import Entry, Kind, LeftOut, NotTaken, Totals
from takeout.archive.inventory import Findings, Inventory
from takeout.archive.presets import Preset
from takeout.archive.results import Results, State
from takeout.archive.stored import StoredZip
from takeout.archive.tarred import TarStream, tar_gz, tar_zst
from takeout.archive.unpack import Unpacked, unpack
from takeout.archive.verify import Problem, Verification, verify
from takeout.archive.walk import take_inventory

FORMATS = {"zip": StoredZip, "zip-deflated": DeflatedZip, "tar.zst": tar_zst, "tar.gz": tar_gz}
"""What makes an archive from an inventory, by the format's name."""

__all__ = [
    "FORMATS",
    "DeflatedZip",
    "Entry",
    "Findings",
    "Inventory",
    "Kind",
    "LeftOut",
    "NotTaken",
    "Preset",
    "Problem",
    "Results",
    "State",
    "StoredZip",
    "TarStream",
    "Totals",
    "Unpacked",
    "Verification",
    "take_inventory",
    "tar_gz",
    "tar_zst",
    "unpack",
    "verify",
]
