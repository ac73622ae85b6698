"""A directory as a stream of bytes that can be cut at any byte."""

from takeout.archive.entry import Entry, Kind, LeftOut, NotTaken, Totals
from takeout.archive.inventory import Findings, Inventory
from takeout.archive.presets import Preset
from takeout.archive.results import Results, State
from takeout.archive.stored import StoredZip
from takeout.archive.walk import take_inventory

__all__ = [
    "Entry",
    "Findings",
    "Inventory",
    "Kind",
    "LeftOut",
    "NotTaken",
    "Preset",
    "Results",
    "State",
    "StoredZip",
    "Totals",
    "take_inventory",
]
