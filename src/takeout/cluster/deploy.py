"""Put a replica on a cluster: its own objects, then the release by Helm, then wait until everything is ready.

Every step may be interrupted and run again: objects are applied, a release that an interruption left pending is
marked as failed (which is what Helm itself does when it is not killed), and a Lease keeps two runs apart.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from takeout.cluster.api import Cluster, Object
from takeout.cluster.journal import Journal, read_journal, write_journal
from takeout.cluster.lease import held
from takeout.cluster.plan import Plan
from takeout.cluster.refusals import CONFLICT, FORBIDDEN
from takeout.cluster.releases import Releases, Revision
from takeout.cluster.stuck import mend
from takeout.cluster.watch import Waiting, pending, told
from takeout.errors import ClusterError, NetworkError, TakeoutError
from takeout.progress import Progress, silent

TIMEOUT_SECONDS = 900
LABEL = "takeout-hub"
_LOOK_SECONDS = 2.0


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


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment came to.

    Attributes:
        release: The release.
        namespace: The namespace.
        revision: Its revision now.
        upgraded: Whether it was there before.
        mended: What an earlier interruption had left, and was mended; empty where nothing.
        seconds: How long it took.
    """

    release: str
    namespace: str
    revision: int
    upgraded: bool
    mended: str = ""
    seconds: float = 0.0


@dataclass(slots=True)
class _Run:
    """One deployment under way."""

    plan: Plan
    cluster: Cluster
    wishes: Wishes
    tell: Callable[[str], None]
    progress: Progress
    said: set[str] = field(default_factory=set)


def deploy(
    plan: Plan,
    cluster: Cluster,
    wishes: Wishes,
    *,
    tell: Callable[[str], None] = lambda _: None,
    progress: Progress = silent,
) -> Deployed:
    """Deploy ``plan`` and wait until it is ready.

    Args:
        plan: What is to be on the cluster.
        cluster: The cluster.
        wishes: How.
        tell: Told in words what happens and what is waited for.
        progress: Told about each step.

    Raises:
        ClusterError: When the cluster refuses, another deployment is under way, the release is another's, or it is
            not ready in time; the message says what is not ready and why.
        NetworkError: When the cluster goes away.
    """
    run = _Run(plan, cluster, wishes, tell, progress)
    began = time.monotonic()
    made = _namespace(run)
    with (
        held(cluster, plan.namespace, plan.release, tell=tell) as left_behind,
        Releases(cluster, plan.namespace) as releases,
    ):
        journal = read_journal(cluster, plan.namespace, plan.release)
        last = releases.last(plan.release)
        if last is not None:
            _refuse_others(last, journal, wishes)
        mended = mend(cluster, releases, last, ours=left_behind) if last is not None else ""
        if mended:
            tell(mended)
            last = releases.last(plan.release)
        journal = journal or Journal(plan.release, str(plan.files.lock["hub"]["id"]), made)
        # Before anything is made: what is written down can be removed, even if this run ends here.
        journal = journal.with_objects(plan.manifests)
        write_journal(cluster, plan.namespace, journal)
        _apply(run)
        upgrade = last is not None
        _put(run, releases, upgrade=upgrade)
        now = releases.last(plan.release)
    seconds = time.monotonic() - began
    return Deployed(plan.release, plan.namespace, now.number if now else 0, upgrade, mended, seconds)


def _namespace(run: _Run) -> bool:
    """Make the namespace where it is not there; return whether it was made."""
    name = run.plan.namespace
    found = run.cluster.find("Namespace", name)
    if found is not None:
        labels = found["metadata"].get("labels") or {}
        if found["metadata"].get("deletionTimestamp"):
            raise ClusterError(
                f"the namespace {name} is being deleted",
                hint="wait until it is gone, or deploy into another: --namespace NAME",
            )
        # The run that made it may have been cut off before it could write its journal.
        return labels.get("app.kubernetes.io/managed-by") == "takeout"
    item = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "takeout"}},
    }
    run.tell(f"make the namespace {name}")
    try:
        run.cluster.create(item)
    except ClusterError as error:
        if error.status != CONFLICT:
            raise
    return True


def _refuse_others(last: Revision, journal: Journal | None, wishes: Wishes) -> None:
    if journal is None and not wishes.adopt:
        raise ClusterError(
            f"the namespace has a release {last.release} already ({last.chart}, {last.status}), "
            "which Takeout did not deploy",
            reason="Foreign",
            hint="look at `--diff`; then take it over with --adopt, or deploy elsewhere with --namespace",
        )


def _apply(run: _Run) -> None:
    """Apply the replica's own objects, as the field manager takeout."""
    items = run.plan.manifests
    for number, item in enumerate(items):
        run.progress("the replica's own objects", number, len(items))
        if not run.cluster.has(f"{item['apiVersion']}/{item['kind']}"):
            run.tell(f"left out: {item['kind']}/{item['metadata']['name']}, a kind that the cluster does not know")
            continue
        run.cluster.apply(labelled(item, run.plan.release), run.plan.namespace, force=True)
    run.progress("the replica's own objects", len(items), len(items))


def labelled(item: Object, release: str) -> Object:
    """Return one of the replica's own objects with the label by which it is known."""
    metadata = item.get("metadata") or {}
    return {**item, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), LABEL: release}}}


def _put(run: _Run, releases: Releases, *, upgrade: bool) -> None:
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
    waiting = _now_pending(run) or waiting
    raise _failed(run, releases, failure[0], waiting, before=before)


def _watch(run: _Run, helm: threading.Thread) -> list[Waiting]:
    """Tell what is waited for until Helm has ended; return what was not ready at the last look."""
    waiting: list[Waiting] = []
    while helm.is_alive():
        helm.join(_LOOK_SECONDS)
        if not helm.is_alive():
            break
        waiting = _now_pending(run)
        run.said = told(waiting, before=run.said, tell=run.tell)
        run.progress("waiting until everything is ready", 0, 0)
    return waiting


def _now_pending(run: _Run) -> list[Waiting]:
    if not run.cluster.connection.answers():  # with patience, each look would take minutes
        return []
    try:
        return pending(run.cluster, run.plan.namespace)
    except TakeoutError:  # Helm tells of a cluster that has gone away; looking must not end the deployment
        return []


def _failed(
    run: _Run, releases: Releases, error: TakeoutError, waiting: list[Waiting], *, before: int
) -> ClusterError:
    """Return the error with what was not ready; roll back first, where that was asked for."""
    plan = run.plan
    if not run.cluster.connection.answers():
        raise NetworkError(
            f"the cluster {run.cluster.context} went away while Helm was at work: {error.message}",
            hint="the hub's pods go on without it; when the cluster is back, run this again",
        ) from error
    reasons = "; ".join(str(item) for item in waiting)
    message = f"{error.message}; not ready: {reasons}" if reasons else error.message
    hint = f"`takeout hub doctor {plan.files.directory}` tells more; mend it and run this again"
    status = error.status if isinstance(error, ClusterError) else 0
    if run.wishes.rollback_on_failure and status != FORBIDDEN:
        hint = f"{_back(run, releases, before)}; {hint}"
    elif before:
        hint += f"; `helm rollback {plan.release} {before} --namespace {plan.namespace}` goes back to what was"
    return ClusterError(message, status=status, reason="NotReady" if reasons else "Helm", hint=hint)


def _back(run: _Run, releases: Releases, before: int) -> str:
    name = run.plan.release
    if before:
        run.tell(f"roll back to revision {before}")
        releases.roll_back(name, before, run.wishes.timeout_seconds)
        return f"rolled back to revision {before}"
    return "there is no revision to roll back to: the first one failed, and its objects are still there to look at"
