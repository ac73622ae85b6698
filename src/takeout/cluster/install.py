"""Let Helm install or upgrade the release, tell meanwhile what it waits for, and say in words why it failed."""

from __future__ import annotations

import re
import threading

from takeout.cluster.aggregated import unserved, why_it_stays
from takeout.cluster.api import Cluster
from takeout.cluster.journal import LABEL
from takeout.cluster.refusals import FORBIDDEN, TOO_MANY
from takeout.cluster.releases import Releases
from takeout.cluster.run import Run
from takeout.cluster.watch import Waiting, is_going, pending, told
from takeout.errors import ClusterError, NetworkError, TakeoutError

_LOOK_SECONDS = 2.0
_BUSY = re.compile(r"too many requests|currently unable to handle the request|etcdserver: ", re.IGNORECASE)
"""What the Go client says of the statuses 429 and 503, after some attempts, and what an overloaded store says."""


def put(run: Run, releases: Releases, *, upgrade: bool) -> None:
    """Let Helm work in a thread of its own, and tell meanwhile what it waits for."""
    plan, wishes = run.plan, run.wishes
    before = next((r.number for r in releases.history(plan.release)[::-1] if r.status == "deployed"), 0)
    failure: list[BaseException] = []
    cancel = releases.canceller()

    def work() -> None:
        try:
            releases.put(
                plan.chart,
                plan.release,
                plan.values,
                upgrade=upgrade,
                seconds=wishes.timeout_seconds,
                context=cancel,
                labels={LABEL: plan.release},
            )
        except BaseException as error:  # noqa: BLE001 - raised again below, where it can be told
            failure.append(error)

    run.tell(f"helm {'upgrade' if upgrade else 'install'} {plan.release} in the namespace {plan.namespace}")
    helm = threading.Thread(target=work, name="helm", daemon=True)
    helm.start()
    try:
        waiting = _watch(run, helm)
    except BaseException:
        cancel.cancel()  # Helm marks the release as failed, so that the next run finds it in order
        helm.join()
        raise
    if not failure:
        return
    if not isinstance(failure[0], TakeoutError):
        raise failure[0]
    raise _failed(run, releases, failure[0], _look(run) or waiting, before=before)


def _watch(run: Run, helm: threading.Thread) -> list[Waiting]:
    """Tell what is waited for until Helm has ended; return what was not ready at the last look.

    Raises:
        ClusterError: When the namespace goes, so that nothing in it will ever be ready.
    """
    waiting: list[Waiting] = []
    while helm.is_alive():
        helm.join(_LOOK_SECONDS)
        if not helm.is_alive():
            break
        waiting = _look(run)
        run.said = told(waiting, before=run.said, tell=run.tell)
        run.progress("waiting until everything is ready", 0, 0)
    return waiting


def _look(run: Run) -> list[Waiting]:
    """Return what is not ready now; nothing where that cannot be seen."""
    if not run.cluster.connection.answers():  # with patience, each look would take minutes
        return []
    name = run.plan.namespace
    try:
        goes = is_going(run.cluster, name)
        waiting = [] if goes else pending(run.cluster, name)
    except TakeoutError:  # Helm tells of a cluster that has gone away; looking must not end the deployment
        return []
    if goes:
        raise namespace_goes(run.cluster, name, "was deleted while the hub was being deployed into it")
    return waiting


def namespace_goes(cluster: Cluster, name: str, what: str) -> ClusterError:
    """Return the error for a namespace in which nothing can be made any more."""
    stays = why_it_stays(cluster)
    return ClusterError(
        f"the namespace {name} {what}" + (f", and {stays}" if stays else ""),
        reason="NamespaceTerminating",
        hint=f"wait until it is gone (`kubectl get namespace {name}`) and run this again, "
        "or deploy into another: --namespace NAME",
    )


def _failed(
    run: Run, releases: Releases, error: TakeoutError, waiting: list[Waiting], *, before: int
) -> ClusterError:
    """Return the error with what was not ready; roll back first, where that was asked for."""
    plan = run.plan
    if not run.cluster.connection.answers():
        raise NetworkError(
            f"the cluster {run.cluster.context} went away while Helm was at work: {error.message}",
            hint="the hub's pods go on without it; when the cluster is back, run this again",
        ) from error
    if _BUSY.search(error.message):
        return _too_busy(run, error, before=before)
    reasons = "; ".join(str(item) for item in waiting)
    message = f"{error.message}; not ready: {reasons}" if reasons else error.message
    hint = f"`takeout hub doctor {plan.files.directory}` tells more; mend it and run this again"
    status = error.status if isinstance(error, ClusterError) else 0
    if run.wishes.rollback_on_failure and status != FORBIDDEN:
        hint = f"{_back(run, releases, before)}; {hint}"
    elif before:
        hint += f"; `helm rollback {plan.release} {before} --namespace {plan.namespace}` goes back to what was"
    return ClusterError(message, status=status, reason="NotReady" if reasons else "Helm", hint=hint)


def _too_busy(run: Run, error: TakeoutError, *, before: int) -> ClusterError:
    """Return the error for a cluster that refused what Helm asked for; a rollback would be one more request."""
    runs_on = "; what was there before runs on" if before else ""
    dead = ", ".join(unserved(run.cluster))
    mend = f"have {dead} answer again (`kubectl get apiservices`), or run" if dead else "run"
    return ClusterError(
        f"the cluster was too busy for Helm: {error.message}",
        status=TOO_MANY,
        reason="Busy",
        hint=f"{mend} this again in a few minutes: it goes on from here{runs_on}",
    )


def _back(run: Run, releases: Releases, before: int) -> str:
    name = run.plan.release
    if before:
        run.tell(f"roll back to revision {before}")
        releases.roll_back(name, before, run.wishes.timeout_seconds)
        return f"rolled back to revision {before}"
    return "there is no revision to roll back to: the first one failed, and its objects are still there to look at"
