"""Run every check."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from takeout.cluster.preflight.check import Check, Checked, NotDoneError, Status, Subject
from takeout.cluster.preflight.checks import access, images, network, nodes, objects, replica, storage
from takeout.cluster.refusals import FORBIDDEN
from takeout.errors import ClusterError, OptionError
from takeout.progress import Progress, silent

CHECKS: tuple[Check, ...] = (
    *replica.CHECKS,
    *access.CHECKS,
    *objects.CHECKS,
    *storage.CHECKS,
    *network.CHECKS,
    *nodes.CHECKS,
    *images.CHECKS,
)


def preflight(subject: Subject, *, skip: Collection[str] = (), progress: Progress = silent) -> list[Checked]:
    """Return what every check came to; nothing is changed.

    Args:
        subject: What is checked.
        skip: Ids of checks to leave out.
        progress: Told about each check.

    Raises:
        OptionError: When ``skip`` names no check.
        NetworkError: When the cluster cannot be reached.
        ClusterError: When it does not accept the credentials.
    """
    known = [check.id for check in CHECKS]
    for name in skip:
        if name not in known:
            raise OptionError(f"there is no check {name}", hint=f"the checks are {', '.join(known)}")
    subject.cluster.version()  # whoever is not let in needs to hear that once, not from every check
    results = []
    for number, check in enumerate(CHECKS):
        progress(check.title, number, len(CHECKS))
        if check.id in skip:
            results.append(Checked(check.id, check.title, "not done", note="left out with --skip"))
        else:
            results.append(_checked(check, subject))
    progress("preflight", len(CHECKS), len(CHECKS))
    return results


def stands_in_the_way(results: Iterable[Checked]) -> bool:
    """Whether a check found something that the hub would not work with."""
    return any(result.status == "wrong" for result in results)


def _checked(check: Check, subject: Subject) -> Checked:
    try:
        problems = tuple(dict.fromkeys(check.look(subject)))
    except NotDoneError as error:
        return Checked(check.id, check.title, "not done", note=str(error))
    except ClusterError as error:
        if error.status != FORBIDDEN:
            raise
        return Checked(check.id, check.title, "not done", note=error.message)
    status: Status = "ok"
    if problems:
        status = "wrong" if any(problem.blocking for problem in problems) else "doubtful"
    return Checked(check.id, check.title, status, problems)
