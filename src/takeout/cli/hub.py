"""``takeout hub``: find a hub's configuration, replicate it, and look at the replica."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from takeout.cli import hub_deploy, hub_doctor, hub_replicate, hub_try
from takeout.cli.options import (
    ChartOption,
    JsonOption,
    NoFetchOption,
    OfflineOption,
    QuietOption,
    ReplicaArgument,
    RevOption,
    SourceOption,
    examples,
    need_hub_extra,
    source_place,
)
from takeout.cli.output import Output

app = typer.Typer(help="Replicate a JupyterHub on infrastructure of your own.", rich_markup_mode=None)
hub_replicate.add_to(app)


@app.command(
    "list",
    epilog=examples(
        "takeout hub list --source https://github.com/2i2c-org/infrastructure",
        "takeout hub list --source ../infrastructure --rev 9ad7cd0fc --json",
    ),
)
def list_hubs(
    *,
    source: SourceOption = None,
    rev: RevOption = None,
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List every hub of a source."""
    need_hub_extra()
    from takeout.cli.show import hubs_json
    from takeout.cli.text import hubs_text
    from takeout.source import open_source

    output = Output(json=json, quiet=quiet)
    with output.progress() as progress:
        opened = open_source(source_place(source), rev, progress=progress, offline=offline)
        hubs = opened.hubs()
    output.result(hubs_json(opened.label, hubs), hubs_text(hubs))
    output.message(f"{len(hubs)} hubs in {opened.label}")


@app.command(
    "find",
    epilog=examples(
        "takeout hub find https://mtu.2i2c.cloud/hub/home --source https://github.com/2i2c-org/infrastructure",
        "takeout hub find lagoon/research --source examples/infrastructure",
        "takeout hub find 'marine biology' --source examples/infrastructure",
    ),
)
def find_hubs(
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help="Address, domain, cluster/hub, or a part of a name or title.")
    ],
    *,
    source: SourceOption = None,
    rev: RevOption = None,
    offline: OfflineOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find hubs by address, domain, name or title."""
    need_hub_extra()
    from takeout.cli.show import hubs_json
    from takeout.cli.text import hubs_text
    from takeout.source import open_source
    from takeout.source.query import resolve, search

    output = Output(json=json, quiet=quiet)
    with output.progress() as progress:
        opened = open_source(source_place(source), rev, progress=progress, offline=offline)
        hubs = search(opened.hubs(), query) or [resolve(opened.hubs(), query)]
    output.result(hubs_json(opened.label, hubs), hubs_text(hubs))


@app.command(
    "explain",
    epilog=examples(
        "takeout hub explain replica hub.config.JupyterHub.authenticator_class",
        "takeout hub explain replica singleuser.extraEnv",
        "takeout hub explain replica --json",
    ),
)
def explain(
    directory: ReplicaArgument,
    key: Annotated[
        str, typer.Argument(metavar="KEY", help="Dotted path of a value or of a mapping.", show_default=False)
    ] = "",
    *,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say where a value came from, what changed it and why."""
    need_hub_extra()
    from takeout.cli.show import explanation_json
    from takeout.cli.text import brief_text, explanations_text
    from takeout.replica.explain import explain

    stories = explain(directory, key)
    text = explanations_text(stories) if key else brief_text(stories)
    Output(json=json, quiet=quiet).result({"values": [explanation_json(story) for story in stories]}, text)


@app.command(
    "check",
    epilog=examples(
        "takeout hub check replica",
        "takeout hub check replica --chart jupyterhub-4.3.3.tgz",
        "takeout hub check replica --strict --json",
        "takeout hub check replica --pods",
        "takeout hub check replica --pods --source ../infrastructure",
    ),
)
def check(
    directory: ReplicaArgument,
    *,
    chart: ChartOption = None,
    offline: NoFetchOption = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail on open actions and unfilled secrets too.")
    ] = False,
    pods: Annotated[
        bool,
        typer.Option("--pods", help="Compare the pods of every choice with those of the original configuration."),
    ] = False,
    source: Annotated[
        str,
        typer.Option("--source", metavar="PATH|URL", help="With --pods: where the source is now, if it moved."),
    ] = "",
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check that the replica can start, and is free of its origin."""
    need_hub_extra()
    from takeout.cli.check_pods import compare_pods
    from takeout.cli.show import check_json
    from takeout.cli.text import check_text
    from takeout.replica.check import check, found

    output = Output(json=json, quiet=quiet)
    with output.progress() as progress:
        results = check(directory, chart=chart, offline=offline, progress=progress)
        document, text = check_json(results), check_text(results)
        if pods or source:
            compared = compare_pods(directory, source, offline=offline, progress=progress)
            results = [*results, compared.result]
            document = {**check_json(results), "pods": compared.document}
            text = f"{check_text(results)}\n\n{compared.text}"
    output.result(document, text)
    if found(results, strict=strict):
        raise typer.Exit(1)


@app.command(
    "images",
    epilog=examples(
        "takeout hub images replica",
        "takeout hub images replica --mirror registry.example.edu/hub | sh",
        "takeout hub images replica --mirror registry.example.edu/hub --json",
    ),
)
def images(
    directory: ReplicaArgument,
    *,
    mirror: Annotated[
        str, typer.Option(metavar="REGISTRY", help="Where to copy the images to.", show_default=False)
    ] = "",
    chart: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The chart, for the images that it brings itself.", show_default=False),
    ] = None,
    offline: NoFetchOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List every image that the hub needs, and how to mirror them."""
    need_hub_extra()
    from takeout.cli.show import images_json
    from takeout.cli.text import images_text
    from takeout.replica.images import images

    output = Output(json=json, quiet=quiet)
    with output.progress() as progress:
        listed = images(directory, mirror=mirror, chart=chart, offline=offline, progress=progress)
    output.result(images_json(listed), images_text(listed))
    for note in listed.notes:
        output.message(note)


hub_try.add_to(app)
hub_deploy.add_to(app)
hub_doctor.add_to(app)
