"""The files that the hub's process starts from: its plan, its configuration, the way to Takeout's own modules."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import takeout
from takeout.errors import DiskError, Where
from takeout.local.plan import Plan

_CONFIGURATION = '''\
"""Written by `takeout hub try`, and written anew each time."""
import sys

sys.path.insert(0, {library!r})
from takeout.local.inside.configure import configure

configure(get_config(), {plan!r})  # noqa: F821
'''
KUBECONFIG = """\
# No cluster: the spawner wants to read that there is one.
apiVersion: v1
kind: Config
current-context: none
clusters: [{name: none, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: none, user: {}}]
contexts: [{name: none, context: {cluster: none, user: none}}]
"""
PASSED_ON = ("HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SHELL", "SSL_CERT_FILE", "SSL_CERT_DIR")
"""What the hub's process gets of the environment of ``takeout``, beside PATH and the proxies of the network."""


def write_hub(plan: Plan) -> Path:
    """Write what the hub's process reads and return its configuration file.

    Raises:
        DiskError: When the replica's ``.takeout`` cannot be written.
    """
    places = plan.places
    try:
        for folder in (places.hub / "lib", places.volumes, places.scratch, places.logs):
            folder.mkdir(parents=True, exist_ok=True)
        Path(places.state, ".gitignore").write_text("*\n")
        link = places.hub / "lib" / "takeout"
        link.unlink(missing_ok=True)
        # Takeout's modules alone, not whatever else is installed beside them.
        link.symlink_to(Path(takeout.__file__).parent, target_is_directory=True)
        (places.hub / "kubeconfig").write_text(KUBECONFIG)
        file = places.hub / "plan.json"
        file.touch(mode=0o600)
        file.write_text(plan.dump(), encoding="utf-8")
        configuration = places.hub / "jupyterhub_config.py"
        configuration.write_text(_CONFIGURATION.format(library=str(link.parent), plan=str(file)))
    except OSError as error:
        hint = "the replica's directory must be writable: a try keeps its files in .takeout"
        raise DiskError(f"cannot write: {error.strerror}", where=Where(places.state), hint=hint) from error
    return configuration


def hub_environ(
    plan: Plan, own: Mapping[str, str], environ: Mapping[str, str], python: Path, marker: str
) -> dict[str, str]:
    """Return the environment of the hub's process.

    Args:
        plan: The plan.
        own: What the hub's pod would have.
        environ: The environment of this process.
        python: The hub's Python.
        marker: What every process of this try carries in ``TAKEOUT_TRY``.
    """
    passed = {key: value for key, value in environ.items() if key in PASSED_ON or key.upper().endswith("_PROXY")}
    # A proxy of the network must not come between the hub and its own parts.
    no_proxy = ",".join(filter(None, (environ.get("NO_PROXY") or environ.get("no_proxy"), "127.0.0.1,localhost")))
    return {
        **passed,
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        **own,
        "PATH": f"{python.parent}:{environ.get('PATH', '/usr/local/bin:/usr/bin:/bin')}",
        "PYTHONPATH": str(plan.places.hub / "lib"),
        "PYTHONNOUSERSITE": "1",
        "TAKEOUT_TRY": marker,
    }
