"""The login page's templates of E4 and E5, which hubs cloned from a repository."""

from __future__ import annotations

from shlex import quote

from takeout.values.node import Data
from takeout.values.path import Path

_CLONE = "templates-clone"
_SYNC = "templates-sync"
_TEMPLATES = "custom-templates"


def homepage(repository: str, branch: str) -> dict[Path, Data]:
    """Return z2jh values that clone the templates when the hub starts and update them every five minutes.

    Args:
        repository: The https address of the templates.
        branch: The hub's own branch; the repository's own default is taken where it is not there.
    """
    mount: Data = [{"name": _TEMPLATES, "mountPath": "/srv/extra-templates-dir"}]
    security: Data = {
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
    }
    own = quote(f"origin/{branch}")
    follow = f"git reset --hard {own} || git reset --hard origin/HEAD"
    clone = (
        "rm -rf /srv/extra-templates-dir/repo\n"
        f"git clone {quote(repository)} /srv/extra-templates-dir/repo\n"
        f"cd /srv/extra-templates-dir/repo && ({follow})\n"
    )
    sync = f"while true; do\n  git fetch origin\n  {follow}\n  sleep 5m\ndone\n"
    shell: dict[str, Data] = {"image": "alpine/git", "command": ["/bin/sh"]}
    return {
        ("custom", "homepage", "gitRepoUrl"): repository,
        ("custom", "homepage", "gitRepoBranch"): branch,
        ("hub", "initContainers"): [
            {"name": _CLONE, **shell, "args": ["-c", clone], "securityContext": security, "volumeMounts": mount}
        ],
        ("hub", "extraContainers"): [
            {
                "name": _SYNC,
                **shell,
                "workingDir": "/srv/extra-templates-dir/repo",
                "args": ["-c", sync],
                "securityContext": security,
                "volumeMounts": mount,
            }
        ],
        ("hub", "extraVolumes"): [{"name": _TEMPLATES, "emptyDir": {}}],
        ("hub", "extraVolumeMounts"): [
            {
                "name": _TEMPLATES,
                "mountPath": "/usr/local/share/jupyterhub/custom_templates",
                "subPath": "repo/templates",
            },
            {
                "name": _TEMPLATES,
                "mountPath": "/usr/local/share/jupyterhub/static/extra-assets",
                "subPath": "repo/extra-assets",
            },
        ],
    }
