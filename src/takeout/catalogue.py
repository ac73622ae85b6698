"""Collections kept one member to a file, each file named after its member's id: ``<ID>_<name>.py``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from typing import Protocol, TypeVar


class Member(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """The id, such as ``X05``."""


T = TypeVar("T", bound=Member)


def members(package: str, places: Iterable[str], name: str, kind: type[T]) -> tuple[T, ...]:
    """Return what the files of a package hold, in the order of the ids.

    Args:
        package: The package's name.
        places: Its ``__path__``.
        name: What each file calls its member, such as ``RULE``.
        kind: What a member is.

    Raises:
        ValueError: When an id is not its file's, or two members have one id.
        TypeError: When a file's member is of another kind.
    """
    found: dict[str, T] = {}
    for module in pkgutil.iter_modules(places):
        if not module.name[0].isupper():
            continue
        member = getattr(importlib.import_module(f"{package}.{module.name}"), name)
        if not isinstance(member, kind):
            raise TypeError(f"{name} in {module.name}.py is no {kind.__name__}")
        if member.id != module.name.split("_")[0] or member.id in found:
            raise ValueError(f"{name} {member.id} in {module.name}.py: not its file's id, or used twice")
        found[member.id] = member
    return tuple(found[key] for key in sorted(found))
