"""``takeout hub doctor``: what is wrong with a running hub, in words, with the mend."""

from __future__ import annotations

from typing import Annotated

import typer

from takeout.cli.options import (
    ContextOption,
    JsonOption,
    NamespaceOption,
    QuietOption,
    ReleaseOption,
    examples,
    need_hub_extra,
)
from takeout.cli.output import Output

_EXAMPLES = examples(
    "takeout hub doctor replica",
    "takeout hub doctor replica --context my-cluster",
    "takeout hub doctor release:my-cluster/reef/reef",
    "takeout hub doctor release:my-cluster/reef/reef --json",
)


def add_to(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("doctor", epilog=_EXAMPLES)(doctor)


def doctor(
    hub: Annotated[
        str,
        typer.Argument(
            metavar="DIR|release:CONTEXT/NAMESPACE/NAME",
            help="The replica that was deployed, or any hub by its Helm release.",
            show_default=False,
        ),
    ],
    *,
    context: ContextOption = "",
    namespace: NamespaceOption = "",
    release: ReleaseOption = "",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what is wrong with a running hub, and what mends it."""
    need_hub_extra("kubernetes", "httpx", "websocket")
    from takeout.cli.doctor_text import diagnosis_json, diagnosis_text
    from takeout.cluster.api import Cluster
    from takeout.cluster.doctor.conditions import all_conditions
    from takeout.cluster.doctor.diagnose import diagnose
    from takeout.cluster.doctor.observe import observe
    from takeout.cluster.doctor.target import read_target

    output = Output(json=json, quiet=quiet)
    target = read_target(hub, context=context, namespace=namespace, release=release)
    with Cluster.connect(target.context) as cluster, output.progress() as progress:
        cluster.connection.tell = output.message
        place = target.namespace or cluster.namespace
        snapshot = observe(cluster, place, target.release, named=bool(target.context), progress=progress)
    diagnosis = diagnose(snapshot, all_conditions())
    output.result(
        diagnosis_json(snapshot, diagnosis), diagnosis_text(snapshot, diagnosis, directory=target.directory)
    )
    for unread in snapshot.unread:
        output.message(f"not looked at: {unread.what} ({unread.why})")
    if diagnosis:
        raise typer.Exit(1)
