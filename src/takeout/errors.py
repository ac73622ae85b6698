"""Every error that Takeout raises on purpose.

The tree::

    TakeoutError
    ├── InputError            exit code 2: what was given is wrong
    │   ├── SourceError       the source is not one that can be read
    │   │   ├── EraError      the source is of an era that is recognised and not supported
    │   │   └── RevisionError the commit is not there, or there is no history
    │   ├── UnknownHubError   no hub answers the query
    │   ├── AmbiguousHubError more than one hub answers the query
    │   ├── ValuesError       a values file cannot be read; carries every fault found
    │   ├── OptionError       an option's value makes no sense
    │   ├── DirectoryError    the directory is not one that Takeout may write to, or read
    │   ├── ArchiveError      the archive is damaged, or none of ours
    │   └── TokenError        the token is missing, or the server does not accept it
    └── WorldError            exit code 3: the world is wrong
        ├── NetworkError      a remote place cannot be reached
        ├── ToolError         a program that is needed is missing or failed
        ├── DiskError         a file cannot be read or written
        ├── ClusterError      a Kubernetes cluster refuses, or what runs on it fails
        └── StaleError        the home changed since an earlier part of its archive was sent

A traceback that reaches a user is a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Where:
    """A place that a person can open.

    Attributes:
        file: Path or address; empty where there is none.
        line: Line, counted from 1; 0 where there is none.
        column: Column, counted from 1; 0 where there is none.
        path: Dotted path inside the document; empty where there is none.
    """

    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""

    def __str__(self) -> str:
        """Return ``file:line:column at path`` with what is known."""
        text = self.file
        if self.line:
            text += f":{self.line}"
            if self.column:
                text += f":{self.column}"
        if self.path:
            text += f" at {self.path}" if text else self.path
        return text

    def to_json(self) -> dict[str, str | int]:
        """Return the place's fields, as ``--json`` prints them."""
        return {"file": self.file, "line": self.line, "column": self.column, "path": self.path}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, or suspicious, in a user's file.

    Faults are collected and shown together; they are data, not exceptions.

    Attributes:
        code: Stable name, such as ``duplicate-key``.
        message: What was found and what was expected, in one sentence.
        where: The place.
        hint: The mend, or empty.
        fatal: Whether nothing can be done with the file until it is mended.
    """

    code: str
    message: str
    where: Where
    hint: str = ""
    fatal: bool = False

    def __str__(self) -> str:
        """Return ``place: message``."""
        return f"{self.where}: {self.message}"

    def to_json(self) -> dict[str, object]:
        """Return the fault's fields, as ``--json`` prints them."""
        return {"code": self.code, "message": self.message, "where": self.where.to_json(), "hint": self.hint}


class TakeoutError(Exception):
    """The root of the tree.

    Args:
        message: What went wrong, in one sentence without a final newline.
        where: The place, where there is one.
        hint: The mend, in one sentence.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, where: Where | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def to_json(self) -> dict[str, object]:
        """Return the error's fields, as ``--json`` prints them."""
        return {
            "code": self.code,
            "message": self.message,
            "where": self.where.to_json() if self.where else None,
            "hint": self.hint,
        }


class InputError(TakeoutError):
    """What was given is wrong."""

    code = "input"
    exit_code = 2


class SourceError(InputError):
    """The source is not one that can be read."""

    code = "source"


class EraError(SourceError):
    """The source is of an era that is recognised and not supported."""

    code = "era"


class RevisionError(SourceError):
    """The commit is not there, or the source has no history."""

    code = "revision"


class UnknownHubError(InputError):
    """No hub answers the query.

    Attributes:
        nearest: What the user may have meant, nearest first.
    """

    code = "unknown-hub"

    def __init__(
        self, message: str, *, nearest: Sequence[str] = (), where: Where | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.nearest = tuple(nearest)

    def to_json(self) -> dict[str, object]:
        """Return the error's fields and the nearest names."""
        return {**super().to_json(), "nearest": list(self.nearest)}


class AmbiguousHubError(InputError):
    """More than one hub answers the query.

    Attributes:
        matches: Every hub that answers, as ``cluster/hub``.
    """

    code = "ambiguous-hub"

    def __init__(self, message: str, *, matches: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.matches = tuple(matches)

    def to_json(self) -> dict[str, object]:
        """Return the error's fields and the matches."""
        return {**super().to_json(), "matches": list(self.matches)}


class ValuesError(InputError):
    """A values file cannot be read.

    Attributes:
        faults: Everything found, in the order of the files.
    """

    code = "values"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        first = self.faults[0]
        rest = len(self.faults) - 1
        more = f" (and {rest} more)" if rest else ""
        super().__init__(first.message + more, where=first.where, hint=first.hint)

    def to_json(self) -> dict[str, object]:
        """Return the error's fields and every fault."""
        return {**super().to_json(), "faults": [fault.to_json() for fault in self.faults]}


class OptionError(InputError):
    """An option's value makes no sense."""

    code = "option"


class DirectoryError(InputError):
    """The directory is not one that Takeout may write to, or read."""

    code = "directory"


class ArchiveError(InputError):
    """The archive is damaged, or none of ours."""

    code = "archive"


class TokenError(InputError):
    """The token is missing, or the server does not accept it."""

    code = "token"


class WorldError(TakeoutError):
    """The world is wrong: network, disk, a program that is missing."""

    code = "world"
    exit_code = 3


class NetworkError(WorldError):
    """A remote place cannot be reached."""

    code = "network"


class ToolError(WorldError):
    """A program that is needed is missing or failed."""

    code = "tool"


class DiskError(WorldError):
    """A file cannot be read or written."""

    code = "disk"


class ClusterError(WorldError):
    """A Kubernetes cluster refuses, or what runs on it fails.

    Attributes:
        status: The HTTP status of the refusal; 0 where there was none.
        reason: Kubernetes' own word for it, such as ``Forbidden``; empty where there is none.
    """

    code = "cluster"

    def __init__(
        self, message: str, *, status: int = 0, reason: str = "", where: Where | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.status = status
        self.reason = reason

    def to_json(self) -> dict[str, object]:
        """Return the error's fields with the status and the reason."""
        return {**super().to_json(), "status": self.status, "reason": self.reason}


class StaleError(WorldError):
    """The home changed since an earlier part of its archive was sent; the archive must be made anew."""

    code = "stale"
