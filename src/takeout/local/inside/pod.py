"""What a pod's manifest asks for, as a process of this machine."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from takeout.local.inside.mounts import Ground, Mount, made, main_container, mounts_of, place, translate

SINGLEUSER = "jupyterhub-singleuser"
DEFAULT_HOME = "/home/jovyan"
PASSED_ON = ("LANG", "LC_ALL", "LC_CTYPE", "TZ", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE")
"""What a server gets of the environment in which the hub was started; the rest is nobody's business there."""

_REFERENCE = re.compile(r"\$(\$|\((?P<name>[A-Za-z_][\w.-]*)\))")
_SUFFIXES = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "k": 10**3} | {
    f"{letter}i": 1024**power for power, letter in enumerate("KMGT", 1)
}


@dataclass(frozen=True, slots=True)
class Launch:
    """A process that stands for the pod's main container.

    Attributes:
        argv: The command.
        environ: Its whole environment.
        cwd: Its working directory.
        home: The folder that is the home; ``HOME`` too.
        memory_bytes: The limit of memory, or None.
        cpus: The limit of CPUs, or None.
        notes: What the manifest asks for and a process here does not get, a sentence each.
    """

    argv: tuple[str, ...]
    environ: dict[str, str]
    cwd: Path
    home: Path
    memory_bytes: int | None = None
    cpus: float | None = None
    notes: tuple[str, ...] = ()


def launch_of(pod: Mapping[str, Any], ground: Ground, inherited: Mapping[str, str]) -> Launch:
    """Return the process for ``pod``, with its folders and links made.

    Args:
        pod: The manifest, as JSON has it.
        ground: Where things go.
        inherited: The environment to pass parts of on.

    Raises:
        OSError: When a folder cannot be made.
    """
    container = main_container(pod)
    notes = _left_out(pod)
    mounts = mounts_of(pod, ground, notes)
    environ = _environment(container, notes)
    home_path = PurePosixPath(environ.get("HOME") or _home_path(container, mounts))
    if not any(home_path.is_relative_to(mount.path) for mount in mounts):
        mounts = [*mounts, Mount(home_path, made(ground.root / "home"))]
        notes.append(f"no volume is mounted at {home_path}: what is written there is gone with the server")
    if not any(mount.path == PurePosixPath("/tmp") for mount in mounts):  # noqa: S108 - the pod's, not this machine's
        mounts = [*mounts, Mount(PurePosixPath("/tmp"), made(ground.root / "tmp"))]  # noqa: S108
    place(mounts, ground.root)
    tree = ground.root / "tree"

    def local(text: str) -> str:
        return translate(text, mounts, tree)

    home = Path(local(str(home_path))).resolve()
    home.mkdir(parents=True, exist_ok=True)
    cwd = _working_directory(container, home, local)
    environ = {name: text if _is_the_hubs(name) else local(text) for name, text in environ.items()}
    environ = {**_base(ground, inherited), **_found_by_jupyter(mounts, tree), **environ}
    environ["HOME"] = str(home)
    environ["PATH"] = f"{ground.programs}:{environ.get('PATH', '/usr/local/bin:/usr/bin:/bin')}"
    words = [expand(local(word), environ) for word in _words(container)]
    argv = resolve_command(words, ground.programs, environ["PATH"], notes)
    limits = (container.get("resources") or {}).get("limits") or {}
    return Launch(
        tuple(argv),
        environ,
        cwd,
        home,
        quantity_bytes(limits.get("memory")),
        quantity_cpus(limits.get("cpu")),
        tuple(dict.fromkeys(notes)),
    )


def expand(text: str, environ: Mapping[str, str]) -> str:
    """Return ``text`` with ``$(NAME)`` replaced as Kubernetes does; an unknown name stays, ``$$`` is one dollar.

    Source: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
    """

    def value(match: re.Match[str]) -> str:
        return "$" if match["name"] is None else environ.get(match["name"], match[0])

    return _REFERENCE.sub(value, text)


def resolve_command(words: list[str], programs: Path, path: str, notes: list[str]) -> list[str]:
    """Return a command that exists here for the one that the image would have run."""
    singleuser = str(programs / SINGLEUSER)
    if not words:
        return [singleuser]
    name = Path(words[0]).name
    if Path(words[0]).is_absolute() and Path(words[0]).is_file():
        return words
    if (programs / name).exists():
        return [str(programs / name), *words[1:]]
    found = shutil.which(words[0], path=path) if "/" not in words[0] else None
    if found:
        return [found, *words[1:]]
    within = next((i for i, word in enumerate(words) if Path(word).name == SINGLEUSER), None)
    notes.append(f"the image's program {words[0]} is not here: {SINGLEUSER} runs in its place")
    options = words[within + 1 :] if within is not None else [word for word in words[1:] if word.startswith("--")]
    return [singleuser, *options]


def quantity_bytes(quantity: object) -> int | None:
    """Return a quantity of memory in bytes, as Kubernetes writes it; None where there is none."""
    match = re.fullmatch(r"([\d.]+(?:e\d+)?)([KMGTk]i?|)", str(quantity))
    return int(float(match[1]) * _SUFFIXES[match[2]]) if match and match[2] in _SUFFIXES else None


def quantity_cpus(quantity: object) -> float | None:
    """Return a quantity of CPUs, as Kubernetes writes it; None where there is none."""
    match = re.fullmatch(r"([\d.]+)(m?)", str(quantity))
    return float(match[1]) / (1000 if match[2] else 1) if match else None


def _environment(container: Mapping[str, Any], notes: list[str]) -> dict[str, str]:
    environ: dict[str, str] = {}
    for entry in container.get("env") or ():
        if "valueFrom" in entry:
            notes.append(f"the variable {entry['name']} comes from the cluster and is not set here")
            continue
        environ[entry["name"]] = expand(str(entry.get("value") or ""), environ)
    return environ


def _base(ground: Ground, inherited: Mapping[str, str]) -> dict[str, str]:
    names = [*PASSED_ON, *(name.lower() for name in PASSED_ON if "PROXY" in name)]
    passed = {name: inherited[name] for name in names if name in inherited}
    return {**passed, "TMPDIR": str(made(ground.root / "tmp")), "SHELL": inherited.get("SHELL", "/bin/sh")}


def _found_by_jupyter(mounts: list[Mount], tree: Path) -> dict[str, str]:
    """Return the variables by which Jupyter and git find files that an image would have in system folders."""
    config: list[str] = []
    share: list[str] = []
    environ: dict[str, str] = {}
    for mount in mounts:
        text = f"{mount.path}/"
        for found, marker in ((config, "/etc/jupyter/"), (share, "/share/jupyter/")):
            if marker in text:
                found.append(f"{tree}{text.partition(marker)[0]}{marker[:-1]}")
        if mount.path.name == "gitconfig" and mount.path.parent.name == "etc":
            environ["GIT_CONFIG_SYSTEM"] = f"{tree}{mount.path}"
    if config:
        environ["JUPYTER_CONFIG_PATH"] = ":".join(dict.fromkeys(config))
    if share:
        environ["JUPYTER_PATH"] = ":".join(dict.fromkeys(share))
    return environ


def _left_out(pod: Mapping[str, Any]) -> list[str]:
    spec, container = pod["spec"], main_container(pod)
    notes = [f"the init container {each['name']} is not run" for each in spec.get("initContainers") or ()]
    notes += [
        f"the container {each['name']} beside the server is not run"
        for each in spec["containers"]
        if each is not container
    ]
    if container.get("lifecycle"):
        notes.append(f"the lifecycle hooks ({', '.join(container['lifecycle'])}) are not run")
    return notes


def _home_path(container: Mapping[str, Any], mounts: list[Mount]) -> str:
    working = container.get("workingDir")
    if working and working != "/":
        return str(working)
    homes = [str(mount.path) for mount in mounts if str(mount.path).startswith("/home/")]
    return DEFAULT_HOME if DEFAULT_HOME in homes or not homes else homes[0]


def _working_directory(container: Mapping[str, Any], home: Path, local: Any) -> Path:
    working = Path(local(str(container.get("workingDir") or "")))
    return working if working.is_absolute() and working.is_dir() else home


def _words(container: Mapping[str, Any]) -> list[str]:
    return [str(word) for word in (container.get("command") or container.get("args") or ())] + [
        str(word) for word in (container.get("args") or () if container.get("command") else ())
    ]


def _is_the_hubs(name: str) -> bool:
    """Whether a variable holds addresses of the hub, which look like paths and are none."""
    return name.startswith("JUPYTERHUB_") and name != "JUPYTERHUB_ROOT_DIR"
