"""``takeout hub deploy``: run a replica on a Kubernetes cluster, and prove that it works."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from takeout.cli.options import (
    ChartOption,
    ContextOption,
    JsonOption,
    NamespaceOption,
    QuietOption,
    ReleaseOption,
    ReplicaArgument,
    examples,
    need_hub_extra,
)
from takeout.cli.output import Output
from takeout.errors import OptionError

if TYPE_CHECKING:  # help must not wait for what the command needs
    from takeout.cluster.api import Cluster
    from takeout.cluster.plan import Plan
    from takeout.cluster.run import Wishes

_EXAMPLES = examples(
    "takeout hub deploy replica --dry-run",
    "takeout hub deploy replica --context my-cluster --rollback-on-failure",
    "takeout hub deploy replica --diff",
    "takeout hub deploy replica --undeploy --delete-homes reef/home-nfs",
)


def add_to(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("deploy", epilog=_EXAMPLES)(deploy_hub)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the smoke test was asked for."""

    smoke: bool
    which: Literal["all", "first"]
    address: str
    start_seconds: float


def deploy_hub(
    directory: ReplicaArgument,
    *,
    context: ContextOption = "",
    namespace: NamespaceOption = "",
    release: ReleaseOption = "",
    chart: ChartOption = None,
    offline: Annotated[bool, typer.Option("--offline", help="Fetch no charts and ask no registries.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check, and let the cluster check every object; change nothing.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what would change against the running release; change nothing.")
    ] = False,
    skip: Annotated[
        list[str] | None,
        typer.Option("--skip", metavar="CHECK", help="Leave a check out before deploying; again for more."),
    ] = None,
    timeout: Annotated[
        int, typer.Option("--timeout", metavar="SECONDS", min=1, help="How long everything may take to be ready.")
    ] = 900,
    rollback_on_failure: Annotated[
        bool, typer.Option("--rollback-on-failure", help="Go back to the release before when this one fails.")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take over, or remove, a release that Takeout did not deploy.")
    ] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke/--no-smoke", help="Try the hub afterwards as a person would.")
    ] = True,
    profiles: Annotated[
        Literal["all", "first"], typer.Option("--profiles", help="Which profiles to try.")
    ] = "all",
    address: Annotated[
        str,
        typer.Option(
            "--address",
            metavar="URL",
            help="Try the hub at this address. [default: a port forwarded to its proxy]",
        ),
    ] = "",
    start_timeout: Annotated[
        int, typer.Option("--start-timeout", metavar="SECONDS", min=1, help="How long a server may take to start.")
    ] = 300,
    undeploy: Annotated[
        bool, typer.Option("--undeploy", help="Remove what was deployed; claims stay unless they are named.")
    ] = False,
    delete_homes: Annotated[
        list[str] | None,
        typer.Option(
            "--delete-homes",
            metavar="NAMESPACE/NAME",
            help="With --undeploy: delete this claim too; again for more.",
        ),
    ] = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run the replica on a Kubernetes cluster, and prove that it works."""
    need_hub_extra("kubernetes", "httpx", "websocket")
    _refuse(dry_run=dry_run, diff=diff, undeploy=undeploy, delete_homes=delete_homes or [])
    from takeout.cluster.api import Cluster
    from takeout.cluster.plan import open_plan, place_of
    from takeout.cluster.run import Wishes

    output = Output(json=json, quiet=quiet)
    with ExitStack() as stack:
        cluster = stack.enter_context(Cluster.connect(context))
        cluster.connection.tell = output.message
        if undeploy:
            place = place_of(directory, release, namespace)
            _undeploy(output, cluster, *place, delete_homes=delete_homes or [], adopt=adopt)
            return
        with output.progress() as progress:
            opened = open_plan(
                directory, chart=chart, release=release, namespace=namespace, offline=offline, progress=progress
            )
            plan = stack.enter_context(opened)
        if diff:
            _diff(output, cluster, plan)
            return
        document = _preflight(output, cluster, plan, skip or [], offline=offline)
        if dry_run:
            _dry_run(output, cluster, plan, document)
            return
        wishes = Wishes(timeout, rollback_on_failure, adopt)
        asked = _Asked(smoke, profiles, address, float(start_timeout))
        _deploy(output, cluster, plan, document, wishes=wishes, asked=asked)


def _refuse(*, dry_run: bool, diff: bool, undeploy: bool, delete_homes: list[str]) -> None:
    """Refuse options that contradict each other."""
    if sum((dry_run, diff, undeploy)) > 1:
        raise OptionError("--dry-run, --diff and --undeploy are three things", hint="give one of them")
    if delete_homes and not undeploy:
        raise OptionError("--delete-homes is for --undeploy", hint="leave it out, or add --undeploy")


def _preflight(
    output: Output, cluster: Cluster, plan: Plan, skip: list[str], *, offline: bool
) -> dict[str, object]:
    """Check; end here where something is in the way, with everything that was found."""
    from takeout.cli.deploy_text import checked_json, checked_text
    from takeout.cluster.preflight.check import Subject
    from takeout.cluster.preflight.run import preflight, stands_in_the_way

    with output.progress() as progress:
        results = preflight(Subject(plan, cluster, pull=not offline), skip=skip, progress=progress)
    document: dict[str, object] = {"preflight": checked_json(results)}
    if stands_in_the_way(results):
        output.result(document, checked_text(results))
        output.message("nothing was changed: mend what is wrong, or leave a check out with --skip")
        raise typer.Exit(1)
    output.message(checked_text(results))
    return document


def _dry_run(output: Output, cluster: Cluster, plan: Plan, document: dict[str, object]) -> None:
    from takeout.cli.deploy_text import tried_json, tried_text
    from takeout.cluster.dryrun import dry_run

    with output.progress() as progress:
        tried, note = dry_run(plan, cluster, progress=progress)
    if note:
        output.message(note)
    output.result({**document, "objects": tried_json(tried), "note": note}, tried_text(tried))
    if any(item.change == "refused" for item in tried):
        raise typer.Exit(1)


def _diff(output: Output, cluster: Cluster, plan: Plan) -> None:
    from takeout.cli.deploy_text import difference_json, difference_text
    from takeout.cluster.differ import differ

    difference = differ(plan, cluster)
    output.result(difference_json(difference), difference_text(difference))


def _deploy(
    output: Output,
    cluster: Cluster,
    plan: Plan,
    document: dict[str, object],
    *,
    wishes: Wishes,
    asked: _Asked,
) -> None:
    from takeout.cli.deploy_text import deployed_json, deployed_text
    from takeout.cli.try_text import steps_json, steps_text
    from takeout.cluster.deploy import deploy
    from takeout.cluster.smoke import Subject, cluster_smoke
    from takeout.local.smoke import held

    done = deploy(plan, cluster, wishes, tell=output.message)
    document = {**document, "deployed": deployed_json(done)}
    output.message(deployed_text(done, plan.context.options.domain))
    if not asked.smoke:
        output.result({**document, "smoke": None}, "")
        return
    subject = Subject(
        cluster,
        plan.namespace,
        plan.hub_values,
        asked.address,
        plan.context.options.domain,
        asked.which,
        asked.start_seconds,
    )
    with output.progress() as progress:
        steps = cluster_smoke(subject, progress=progress)
    output.result({**document, "smoke": steps_json(steps)}, steps_text(steps))
    if not held(steps):
        output.message(f"`takeout hub doctor {plan.files.directory}` says what is wrong")
        raise typer.Exit(1)


def _undeploy(
    output: Output, cluster: Cluster, release: str, namespace: str, *, delete_homes: list[str], adopt: bool
) -> None:
    from takeout.cli.deploy_text import undeployed_json, undeployed_text
    from takeout.cluster.undeploy import undeploy

    gone = undeploy(cluster, namespace, release, delete_homes=delete_homes, adopt=adopt, tell=output.message)
    output.result(undeployed_json(gone), undeployed_text(gone))
