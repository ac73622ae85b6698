"""Servers of users that start and end, and the homes that they mount."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from takeout.cluster.doctor.condition import Evidence, from_log
from takeout.cluster.doctor.pods import Pod
from takeout.cluster.doctor.snapshot import Snapshot

_HOMES = re.compile(r"^/home(?:/|$)|^/root$")


@dataclass(frozen=True, slots=True)
class Home:
    """A home in a server: where it is mounted, from which claim, and the path inside that claim's volume."""

    path: str
    claim: str
    inside: str = ""


def home_of(pod: Pod, path: str = "") -> Home | None:
    """Return the home that a server mounts from a claim: the one at ``path``, else one that looks like it."""
    claims = dict(pod.spec.volumes)
    mounted = [
        Home(where, claims[volume], inside)
        for container in pod.spec.containers
        if not container.init
        for volume, where, inside in container.mounts
        if volume in claims
    ]
    exact = [home for home in mounted if path and home.path.rstrip("/") == path.rstrip("/")]
    likely = sorted((home for home in mounted if _HOMES.search(home.path)), key=lambda home: len(home.path))
    return next(iter(exact + likely), None)


def said(snapshot: Snapshot, words: re.Pattern[str]) -> Iterator[tuple[Pod, Evidence]]:
    """Yield servers that do not run, with the last line of their log that says ``words``; each server once."""
    for pod in snapshot.pods_of("singleuser-server"):
        for container in pod.spec.containers:
            if container.ready or not (container.is_failing or container.state in ("waiting", "terminated")):
                continue
            told = [line for line in snapshot.place(pod, container) if words.search(line)]
            if told:
                yield pod, from_log(f"{pod.name}/{container.name}", told[-1])
                break
