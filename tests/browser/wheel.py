"""Build a wheel of this checkout and look into it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def build_wheel(folder: Path) -> Path:
    """Return the wheel that ``pip`` makes of the checkout, written into an empty folder."""
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps")
    command = [*pip, "--wheel-dir", str(folder), str(CHECKOUT)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def data_of(wheel: Path, folder: Path) -> Path:
    """Unpack a wheel's data files into a folder; return where their ``etc`` and ``share`` are."""
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(folder, [name for name in opened.namelist() if ".data/data/" in name])
    return next(folder.glob("*.data")) / "data"
