"""The text that captures a hub's environments there."""

from __future__ import annotations

from importlib import resources

_MODULES = ("packages", "environments", "kernels", "notebooks", "surroundings", "main")
_OWN = "from takeout."
_FUTURE = "from __future__ "


def capture_script(*, call: bool = False) -> str:
    """Return a program for Python 3.8 or newer that needs nothing but the standard library, and writes nothing.

    Run in a kernel, it defines ``takeout_capture(root)``, which returns a document for JSON; with ``call`` it is a
    whole program, for ``python - [ROOT]``, that prints the document.

    Args:
        call: Whether it ends by doing so.
    """
    folder = resources.files("takeout.workspace") / "onhub"
    lines = [f"{_FUTURE}import annotations"]
    for module in _MODULES:
        text = (folder / f"{module}.py").read_text(encoding="utf-8")
        lines += [line for line in text.splitlines() if not line.startswith((_OWN, _FUTURE))]
    if call:
        lines.append("print(json.dumps(takeout_capture(*sys.argv[1:2])))")
    return "\n".join([*lines, ""])
