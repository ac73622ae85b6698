"""One deployment under way: what is wished, what is to be there, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from takeout.cluster.api import Cluster
from takeout.cluster.plan import Plan
from takeout.progress import Progress

TIMEOUT_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to deploy.

    Attributes:
        timeout_seconds: How long Helm may wait for everything to be ready.
        rollback_on_failure: Whether a release that fails is rolled back to the one before.
        adopt: Whether a release of this name that Takeout did not make may be taken over.
    """

    timeout_seconds: int = TIMEOUT_SECONDS
    rollback_on_failure: bool = False
    adopt: bool = False


@dataclass(slots=True)
class Run:
    """One deployment under way.

    Attributes:
        plan: What is to be on the cluster.
        cluster: The cluster.
        wishes: How.
        tell: Told in words what happens and what is waited for.
        progress: Told about each step.
        said: What was told by now; grows.
    """

    plan: Plan
    cluster: Cluster
    wishes: Wishes
    tell: Callable[[str], None]
    progress: Progress
    said: set[str] = field(default_factory=set)
