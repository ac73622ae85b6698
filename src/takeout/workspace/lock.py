"""Install a lock as far as it can be installed, whatever of it is not to be had."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from takeout.workspace.requirements import Requirement, normal

Attempt = Callable[[Sequence[Requirement]], str]
"""Installs all of these or none, and returns what went wrong, or nothing."""

_NAMED = (
    re.compile(r"No matching distribution found for ([A-Za-z0-9][\w.-]*)"),
    re.compile(r"no versions? of ([A-Za-z0-9][\w.-]*)(?:==|,| |\[)"),
    re.compile(r"Because ([A-Za-z0-9][\w.-]*) was not found"),
    re.compile(r"Because ([A-Za-z0-9][\w.-]*)(?:==\S+)? (?:has no (?:usable )?wheels|depends on Python)"),
    re.compile(r"Failed to (?:build|download|fetch|resolve)[^`]*`([A-Za-z0-9][\w.-]*)"),
    re.compile(r"Failed building wheel for ([A-Za-z0-9][\w.-]*)"),
)


def install_lock(lines: Sequence[Requirement], attempt: Attempt) -> list[tuple[Requirement, str]]:
    """Install every line that can be installed.

    A hub's lock often has a few packages that no index has, or none for this machine. Programs stop at the first;
    when they name it, it is set aside and the rest tried again, and when they do not, it is found by halving.

    Args:
        lines: The lock.
        attempt: See ``Attempt``.

    Returns:
        The lines that could not be installed, with what went wrong.
    """
    left = list(lines)
    aside: list[tuple[Requirement, str]] = []
    while left:
        problem = attempt(left)
        if not problem:
            return aside
        named = _named(problem)
        blamed = [line for line in left if normal(line.name) in named]
        if not blamed or len(left) == 1:
            return aside + _halved(left, attempt, problem)
        aside += [(line, problem) for line in blamed]
        left = [line for line in left if line not in blamed]
    return aside


def _halved(lines: list[Requirement], attempt: Attempt, problem: str) -> list[tuple[Requirement, str]]:
    if len(lines) == 1:
        return [(lines[0], problem)]
    middle = len(lines) // 2
    return install_lock(lines[:middle], attempt) + install_lock(lines[middle:], attempt)


def _named(problem: str) -> set[str]:
    return {normal(match) for pattern in _NAMED for match in pattern.findall(problem)}
