"""Put the built buttons into every wheel and source distribution."""
# ruff: noqa: INP001 -- a script, and no package

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class LabextensionHook(BuildHookInterface[Any]):
    """Build ``labextension/dist`` where it is missing or older than its sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and name the result as data of the wheel.

        An editable installation has none of it: ``labextension/build.py --develop`` links it, so that working on
        Takeout's Python needs no Node.js.

        Args:
            version: ``standard`` or ``editable``.
            build_data: What the wheel is made from; changed.
        """
        if version == "editable":
            return
        folder = Path(self.root) / "labextension"
        # Without npm there is a wheel all the same: whoever wants the commands alone must not need Node.js.
        subprocess.run([sys.executable, str(folder / "build.py"), "--optional"], check=True)  # noqa: S603
        built = folder / "dist"
        if not (built / "package.json").is_file():
            self.app.display_warning("This build has no buttons for JupyterLab and Notebook: there is no npm.")
        elif self.target_name == "wheel":
            build_data["shared_data"][str(built)] = "share/jupyter/labextensions/jupyterhub-takeout"
