"""A home on a distant disk: two milliseconds more for every operation, for ``tar`` as for Takeout."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from archive_run import run
from archive_tree import make_tree

_SOURCE = Path(__file__).with_name("slow_disk.c")
_MEAN_BYTES = 10_000


def measure(base: Path, files: int, delay_seconds: float) -> None:
    """Print how long ``tar``, which reads one file after another, and Takeout take."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        print("\nno C compiler, or not Linux: the distant disk is left out")
        return
    library, home = base / "slow_disk.so", base / "distant" / "home"
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, _SOURCE, "-ldl"], check=True)
    home.mkdir(parents=True)
    make_tree(home, files * _MEAN_BYTES, files)
    environment = {
        "LD_PRELOAD": str(library),
        "SLOW_ROOT": str(home.parent),
        "SLOW_MICROSECONDS": f"{delay_seconds * 1e6:.0f}",
    }
    # To a pipe: tar does not read files that it writes to /dev/null.
    other = run(f"tar -C '{home.parent}' -cf - home | cat", environment)
    ours = run([sys.executable, "-m", "takeout", "home", "pack", str(home), "--quiet", "-o", "-"], environment)
    print(f"\n{files} files, {delay_seconds * 1e3:g} ms added to every operation on them:")
    print(
        f"tar {other.seconds:.1f} s, takeout zip {ours.seconds:.1f} s: "
        f"{other.seconds / ours.seconds:.1f} times as fast"
    )
