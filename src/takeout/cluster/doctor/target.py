"""Which hub is meant: a replica's directory, or a release on a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from takeout.cluster.plan import place_of
from takeout.errors import OptionError

PREFIX = "release:"
_PARTS = 3


@dataclass(frozen=True, slots=True)
class Target:
    """A hub's place.

    Attributes:
        context: The kubeconfig's context; empty for the current one.
        namespace: The namespace; empty for the context's own.
        release: The Helm release.
        directory: The replica that it was deployed from; None where it is not known.
    """

    context: str
    namespace: str
    release: str
    directory: Path | None = None


def read_target(text: str, *, context: str = "", namespace: str = "", release: str = "") -> Target:
    """Return the hub that ``text`` names; options count more than what it says.

    Args:
        text: A replica's directory, or ``release:CONTEXT/NAMESPACE/NAME``. A context may have slashes in it (those
            of EKS do); an empty one is the current one.
        context: The context.
        namespace: The namespace.
        release: The release.

    Raises:
        OptionError: When it is of neither form.
        DirectoryError: When the directory is no replica.
    """
    if not text.startswith(PREFIX):
        directory = Path(text)
        name, place = place_of(directory, release, namespace)
        return Target(context, place, name, directory)
    parts = text.removeprefix(PREFIX).rsplit("/", _PARTS - 1)
    if len(parts) < _PARTS:
        parts = [""] * (_PARTS - len(parts)) + parts
    if not parts[-1] and not release:
        raise OptionError(
            f"{text} names no release", hint="release:CONTEXT/NAMESPACE/NAME, as `helm list` shows it"
        )
    return Target(context or parts[0], namespace or parts[1], release or parts[2])
