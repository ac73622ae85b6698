"""Build the cluster's programs from the Go modules that go.mod names, once."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cluster.machine.places import HERE, Places
from cluster.machine.run import run
from cluster.machine.trouble import Fault, Trouble

MODULES = HERE / "go"
_HOUR = 3600.0
_NEEDS_GO = (1, 25)
_DOES_NOT_COMPILE = re.compile(
    r"^\s*# .*\n\s*\S+\.go:\d+:\d+: |missing go\.sum entry|updates to go\.mod needed", re.MULTILINE
)
"""What Go says of sources that are wrong; of what it cannot fetch, and for want of room, it says otherwise."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the cluster.

    Attributes:
        name: What its file is called.
        package: The Go package of its main function.
        module: The folder of the go.mod that pins it, below ``go``.
        on_demand: Whether it is built only when an image that has it is asked for.
    """

    name: str
    package: str
    module: str = "."
    on_demand: bool = False


PROGRAMS = (
    *(
        Program(name, f"k8s.io/kubernetes/cmd/{name}")
        for name in (
            *("kube-apiserver", "kube-controller-manager", "kube-scheduler"),
            *("kubectl", "kubelet", "kube-proxy"),
        )
    ),
    Program("cloud", "./cloud"),
    Program("policy", "./policy"),
    Program("pause", "./pause"),
    Program("coredns", ".", module="dns"),
    Program("user-scheduler", ".", module="scheduler"),
    Program("traefik", "github.com/traefik/traefik/v3/cmd/traefik", module="traefik", on_demand=True),
    Program("pebble", "github.com/letsencrypt/pebble/v2/cmd/pebble", module="pebble", on_demand=True),
)


def build_programs(places: Places, say: Callable[[str], None]) -> None:
    """Build what every cluster needs, and was not built before of the same sources; at first that takes long.

    Raises:
        Trouble: When there is no Go, an old one, or a module cannot be had.
    """
    _build(places, [program for program in PROGRAMS if not program.on_demand], say)


def build_program(places: Places, name: str, say: Callable[[str], None]) -> None:
    """Build one program, as ``build_programs`` does."""
    _build(places, [program for program in PROGRAMS if program.name == name], say)


def is_anything_stale(places: Places) -> bool:
    """Whether ``build_programs`` has something to build."""
    return any(_stamp(places, program) != _sources(program) for program in PROGRAMS if not program.on_demand)


def describe_program(name: str) -> str:
    """Return all that decides what a program becomes."""
    return next(_sources(program) for program in PROGRAMS if program.name == name)


def _build(places: Places, programs: Iterable[Program], say: Callable[[str], None]) -> None:
    stale = [program for program in programs if _stamp(places, program) != _sources(program)]
    if not stale:
        return
    _require_go()
    places.bin.mkdir(parents=True, exist_ok=True)
    for program in stale:
        say(f"building {program.name}")
        _build_one(places, program)
        (places.bin / f"{program.name}.sources").write_text(_sources(program))


def _build_one(places: Places, program: Program) -> None:
    """Build a program; that its sources are wrong is no fault of the machine's."""
    try:
        run(
            [
                *("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", _link_flags(program.module)),
                *("-o", places.bin / program.name, program.package),
            ],
            cwd=MODULES / program.module,
            env={"CGO_ENABLED": "0", "GOWORK": "off"},
            timeout_seconds=2 * _HOUR,
        )
    except Trouble as trouble:
        if _DOES_NOT_COMPILE.search(str(trouble)):
            raise Fault(str(trouble)) from trouble
        raise


def kubernetes_version(module: str = ".") -> str:
    """Return the version of Kubernetes that a go.mod names, such as ``v1.35.4``; nothing where it names none."""
    found = re.search(r"k8s\.io/kubernetes (v1\.\d+\.\d+)", (MODULES / module / "go.mod").read_text())
    return found[1] if found else ""


def _link_flags(module: str) -> str:
    """Return the flags that stamp the version: a module built says v0.0.0, and charts ask for more."""
    version = kubernetes_version(module)
    if not version:
        return "-s -w"
    major, minor = version[1:].split(".")[:2]
    stamp = {"gitMajor": major, "gitMinor": minor, "gitVersion": version, "gitTreeState": "archive"}
    return " ".join(
        ["-s -w", *(f"-X k8s.io/component-base/version.{key}={value}" for key, value in stamp.items())]
    )


def _sources(program: Program) -> str:
    """Return a digest of all that decides what a program becomes."""
    folder = MODULES / program.module
    digest = hashlib.sha256(_link_flags(program.module).encode())
    own = sorted((folder / program.package).glob("*.go")) if program.package.startswith(".") else []
    for file in (folder / "go.mod", folder / "go.sum", *own):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _stamp(places: Places, program: Program) -> str:
    stamp = places.bin / f"{program.name}.sources"
    return stamp.read_text() if stamp.exists() and os.access(places.bin / program.name, os.X_OK) else ""


def _require_go() -> None:
    found = re.search(r"go(\d+)\.(\d+)", run(["go", "version"]))
    if not found or (int(found[1]), int(found[2])) < _NEEDS_GO:
        raise Trouble(
            f"building the cluster's programs needs Go {_NEEDS_GO[0]}.{_NEEDS_GO[1]} or newer: https://go.dev/dl"
        )
