"""Work on with a home: capture a hub's environments, write them down for others, make them anew here.

``takeout.workspace.check`` runs notebooks; it is imported only where that is asked for, for Jupyter's client is
slow to load and a second start is to be instant.
"""

from takeout.workspace.capture import DOCUMENT, capture, save_document
from takeout.workspace.document import read_document
from takeout.workspace.files import Written, write_files
from takeout.workspace.model import Captured
from takeout.workspace.paths import Advice, advise, keep_all
from takeout.workspace.ready import OWN, Workspace
from takeout.workspace.recreate import WAYS, recreate
from takeout.workspace.script import capture_script
from takeout.workspace.serve import serve
from takeout.workspace.start import Start, start_lab

__all__ = [
    "DOCUMENT",
    "OWN",
    "WAYS",
    "Advice",
    "Captured",
    "Start",
    "Workspace",
    "Written",
    "advise",
    "capture",
    "capture_script",
    "keep_all",
    "read_document",
    "recreate",
    "save_document",
    "serve",
    "start_lab",
    "write_files",
]
