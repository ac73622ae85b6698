"""How an environment that is here differs from the one that the hub had."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from takeout.workspace.model import Environment
from takeout.workspace.requirements import TOOLS, normal

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of a comparison.

    Attributes:
        same: How many packages are as on the hub, of pip's and of conda's, each counted once.
        differs: What is not, a sentence each.
        missing: Packages that are not there, with the reason.
    """

    same: int
    differs: tuple[str, ...]
    missing: tuple[tuple[str, str], ...]


def compare(hub: Environment, here: Environment, reasons: Mapping[str, str]) -> Compared:
    """Compare what is installed; what an installer said does not count.

    A conda package's build does not count: it is of one platform and one compiler.

    Args:
        hub: The environment on the hub.
        here: The one that is to stand for it.
        reasons: Why a distribution is missing, by its name, as far as that is known.
    """
    same, differs, missing = 0, [], []
    there = {normal(each.name): each.version for each in here.packages}
    for package in hub.packages:
        if normal(package.name) in TOOLS:
            continue
        version = there.get(normal(package.name))
        if version is None:
            reason = reasons.get(package.name, "it was not installed")
            missing.append((f"{package.name} {package.version}", reason))
        elif version != package.version and not package.editable and not package.url:
            differs.append(f"{package.name} {package.version} on the hub, {version} here")
        else:
            same += 1
    if here.conda:
        beyond = _conda(hub, here, reasons)
        return Compared(same + beyond.same, (*differs, *beyond.differs), (*missing, *beyond.missing))
    return Compared(same, (*differs, *_beyond_python(hub)), tuple(missing))


def _conda(hub: Environment, here: Environment, reasons: Mapping[str, str]) -> Compared:
    """Compare conda packages that are no Python distributions; those are compared as such."""
    python = {normal(each.name) for each in (*hub.packages, *here.packages)} | TOOLS
    there = {each.name: each.version for each in here.conda}
    same, differs, missing = 0, [], []
    for package in hub.conda:
        if normal(package.name) in python:
            continue
        version = there.get(package.name)
        if version is None:
            reason = reasons.get(package.name, "conda did not need it here")
            missing.append((f"{package.name} {package.version} (conda)", reason))
        elif version != package.version:
            differs.append(f"{package.name} {package.version} on the hub, {version} here (conda)")
        else:
            same += 1
    return Compared(same, tuple(differs), tuple(missing))


def _beyond_python(hub: Environment) -> list[str]:
    """Say which of a conda environment's packages no Python index has; what somebody asked for comes first."""
    if not hub.conda:
        return []
    python = {normal(each.name) for each in hub.packages} | {"python", "pip"}
    others = [each.name for each in hub.conda if normal(each.name) not in python]
    if not others:
        return []
    asked = {name_of(spec) for spec in hub.asked}
    shown = sorted(others, key=lambda name: (name not in asked, name))[:_SHOWN]
    more = f" and {len(others) - len(shown)} more" if len(others) > len(shown) else ""
    count = f"{len(others)} conda packages are" if len(others) > 1 else "1 conda package is"
    kind = "no Python packages and are" if len(others) > 1 else "no Python package and is"
    return [f"{count} {kind} not here: {', '.join(shown)}{more}"]


def name_of(spec: str) -> str:
    """Return the package's name in what somebody asked conda for, such as ``conda-forge::gdal>=3.8``."""
    return re.split(r"[ =<>!~\[]", spec.rsplit("::", maxsplit=1)[-1])[0]
