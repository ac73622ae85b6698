"""Read the document in which a hub's environments were captured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from takeout.errors import DirectoryError, DiskError, InputError, Where
from takeout.workspace.model import (
    Captured,
    CondaPackage,
    Environment,
    HubPath,
    JuliaProject,
    Kernel,
    Notebook,
    Package,
    RLibrary,
    RPackage,
)

FORMAT = 1
_HINT = "run `takeout home capture` on the hub and bring its file along"
_T = TypeVar("_T")


def read_document(file: Path) -> Captured:
    """Read what was captured.

    Raises:
        DirectoryError: When there is no such file.
        DiskError: When it cannot be read.
        InputError: When it is something else; the place in it is named.
    """
    where = Where(str(file))
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise DirectoryError("the home has no captured environment", where=where, hint=_HINT) from error
    except OSError as error:
        raise DiskError(error.strerror or str(error), where=where) from error
    except ValueError as error:
        raise InputError(f"not a captured environment: {error}", where=where, hint=_HINT) from error
    return document_of(text, where)


def document_of(text: str, where: Where) -> Captured:
    """Return what a document says.

    Raises:
        InputError: When it is something else; the place in it is named.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InputError(f"not a captured environment: {error}", where=where, hint=_HINT) from error
    if not isinstance(document, dict) or document.get("takeout") != "environment":
        raise InputError("not a captured environment", where=where, hint=_HINT)
    if document.get("format") != FORMAT:
        found = document.get("format")
        raise InputError(f"format {found!r} is not known", where=where, hint="a newer Takeout reads it")
    try:
        return _captured(document)
    except (TypeError, KeyError, AttributeError) as error:
        raise InputError(f"damaged: {error}", where=where, hint=_HINT) from error


def _captured(document: Mapping[str, Any]) -> Captured:
    return Captured(
        captured=str(document["captured"]),
        home=str(document["home"]),
        homes=tuple(document["homes"]),
        image=str(document["image"].get("name", "")),
        environments=tuple(environment_from(each) for each in document["environments"]),
        kernels=tuple(_made(Kernel, each) for each in document["kernels"]),
        notebooks=tuple(_made(Notebook, each) for each in document["notebooks"]),
        paths=tuple(_made(HubPath, each) for each in document["paths"]),
        r=tuple(r_library_from(each) for each in document["r"]),
        julia=tuple(_made(JuliaProject, each) for each in document["julia"]),
        settings=tuple((each["file"], each["text"]) for each in document["jupyterlab"]["settings"]),
        extensions=tuple((each["name"], each["version"]) for each in document["jupyterlab"]["extensions"]),
    )


def environment_from(about: Mapping[str, Any]) -> Environment:
    """Return an environment as ``takeout.workspace.onhub`` tells it."""
    conda = about.get("conda") or {}
    return Environment(
        prefix=str(about["prefix"]),
        version=str(about["version"]),
        packages=tuple(_made(Package, each) for each in about["packages"]),
        conda=tuple(_made(CondaPackage, each) for each in conda.get("packages", ())),
        channels=tuple(conda.get("channels", ())),
        asked=tuple(conda.get("asked", ())),
    )


def r_library_from(about: Mapping[str, Any]) -> RLibrary:
    """Return an R as ``takeout.workspace.onhub`` tells it."""
    return RLibrary(about["version"], tuple(_made(RPackage, each) for each in about["packages"]))


def _made(kind: type[_T], about: Mapping[str, Any]) -> _T:
    """Make a dataclass of what a mapping says; what it does not know is for a newer Takeout."""
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type] # only dataclasses are given
    return kind(
        **{key: tuple(value) if isinstance(value, list) else value for key, value in about.items() if key in known}
    )
