"""How many processors this process may keep busy."""

from __future__ import annotations

import math
import os
from pathlib import Path

_LIMIT = Path("/sys/fs/cgroup/cpu.max")
"""In a container that has version 2 of control groups: how many microseconds it may use, of how many."""
_LIMIT_1 = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")
_PERIOD_1 = Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
"""The same where it has version 1; -1 is no limit."""


def processors() -> int:
    """Return how many processors may be kept busy: no more than there are, and than a container's limit allows."""
    return max(1, math.ceil(min(_present(), _allowed())))


def _present() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _allowed() -> float:
    try:
        quota, period = (
            _LIMIT.read_text().split() if _LIMIT.exists() else (_LIMIT_1.read_text(), _PERIOD_1.read_text())
        )
        return int(quota) / int(period) if int(quota) > 0 else math.inf
    except (OSError, ValueError):  # no control groups, or "max"
        return math.inf
