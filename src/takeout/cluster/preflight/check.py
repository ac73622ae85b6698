"""A check before a deployment, and what it came to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from takeout.cluster.api import Cluster
from takeout.cluster.plan import Plan

Status = Literal["ok", "wrong", "doubtful", "not done"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why the deployment would not work.

    Attributes:
        what: What is wrong, in one sentence.
        mend: What to do.
        blocking: Whether the hub cannot start, or nobody can use it; otherwise it is only doubtful.
    """

    what: str
    mend: str = ""
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class Subject:
    """What is checked.

    Attributes:
        plan: What is to be on the cluster.
        cluster: The cluster.
        pull: Whether registries may be asked for images.
    """

    plan: Plan
    cluster: Cluster
    pull: bool = True


class NotDoneError(Exception):
    """A check cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check.

    Attributes:
        id: Its id, which ``--skip`` takes.
        title: What must be so.
        look: Yields every problem.
    """

    id: str
    title: str
    look: Callable[[Subject], Iterable[Problem]]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to.

    Attributes:
        id: The check's id.
        title: What must be so.
        status: ``ok``; ``wrong``: the hub would not work; ``doubtful``: look at it; ``not done``.
        problems: What was found.
        note: Why it was not done.
    """

    id: str
    title: str
    status: Status
    problems: tuple[Problem, ...] = ()
    note: str = ""
