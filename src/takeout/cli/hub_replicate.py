"""``takeout hub replicate``: write the replica of a hub, or of every hub of a source."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from takeout.cli.options import (
    JsonOption,
    OfflineOption,
    QuietOption,
    RevOption,
    SourceOption,
    examples,
    need_hub_extra,
    source_or_none,
    source_place,
)
from takeout.cli.output import Output
from takeout.errors import OptionError

if TYPE_CHECKING:
    from takeout.progress import Progress
    from takeout.replica.replicate import Outcome, Wishes
    from takeout.source.model import HubEntry, Source

    OpenHub = Callable[[Progress], tuple[Source, HubEntry]]

_EXAMPLES = examples(
    "takeout hub replicate lagoon/research --to replica --source examples/infrastructure \\",
    "    --domain hub.example.edu --target gke --storage home-nfs",
    "takeout hub replicate --all --to replicas --source examples/infrastructure --domain '{hub}.example.edu'",
    "takeout hub replicate --chart ./hub -f ./hub/config/prod.yaml --to replica --name reef",
    "takeout hub replicate -f config.yaml --to replica --storage nfs:nas.example.edu:/export/homes",
    "takeout hub replicate --source release:my-cluster/hub/hub --to replica --with-secrets",
)


def add_to(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command("replicate", epilog=_EXAMPLES)(replicate)


def replicate(
    query: Annotated[
        str | None, typer.Argument(metavar="QUERY", help="The hub: address, cluster/hub, name or title.")
    ] = None,
    *,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where to write the replica.")],
    every: Annotated[bool, typer.Option("--all", help="Every hub of the source, in DIR/<cluster>/<hub>.")] = False,
    source: SourceOption = None,
    rev: RevOption = None,
    offline: OfflineOption = False,
    chart: Annotated[
        str | None,
        typer.Option(
            "--chart", metavar="DIR", help="An umbrella chart, in place of a source.", show_default=False
        ),
    ] = None,
    files: Annotated[
        list[str] | None,
        typer.Option("-f", "--values", metavar="FILE", help="Values, lowest first; may be given again."),
    ] = None,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="The hub's name, with --chart or -f.", show_default=False)
    ] = "",
    domain: Annotated[
        str,
        typer.Option(
            metavar="DOMAIN", help="The replica's host name; {hub} and {cluster} are filled in with --all."
        ),
    ] = "",
    target: Annotated[str, typer.Option(metavar="any|gke|eks|aks|k3s", help="Where it will run.")] = "any",
    storage: Annotated[
        str,
        typer.Option(
            metavar="dynamic|pvc:NAME|nfs:HOST:/PATH|home-nfs|hostpath:DIR", help="Where homes will live."
        ),
    ] = "dynamic",
    auth: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The login: keep, cilogon, github, google, generic-oauth, auth0, shared-password, dummy, "
            "null or native.",
        ),
    ] = "keep",
    with_secrets: Annotated[
        bool,
        typer.Option("--with-secrets", help="With a release as source: carry its secrets into secrets.yaml."),
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write everything that is needed to run a hub elsewhere."""
    need_hub_extra()
    from takeout.replica.replicate import Wishes

    by_files = chart is not None or bool(files)
    is_release = not by_files and source_or_none(source).startswith("release:")
    if is_release and not every:
        query = query or ""
    if with_secrets and not is_release:
        raise OptionError("--with-secrets is for --source release:…", hint="no other source has secrets to read")
    _refuse(query, every=every, by_files=by_files, source=source, rev=rev, name=name)
    wishes = Wishes(domain, target, storage, auth)
    output = Output(json=json, quiet=quiet)
    if by_files:
        _replicate_one(output, partial(_from_files, chart, files or [], name), wishes, to)
        return
    opened = partial(_open_source, source_place(source), rev, offline=offline)
    if every:
        _replicate_all(output, opened, wishes, to)
    elif is_release:
        _replicate_one(output, partial(_from_release, opened, query or ""), wishes, to, with_secrets=with_secrets)
    else:
        _replicate_one(output, partial(_from_source, opened, query or ""), wishes, to)


def _refuse(
    query: str | None, *, every: bool, by_files: bool, source: str | None, rev: str | None, name: str
) -> None:
    """Refuse options that contradict each other."""
    if every and (query or by_files):
        raise OptionError("--all takes every hub of a source", hint="leave out QUERY, --chart and -f, or --all")
    if by_files and (query or source or rev):
        raise OptionError("--chart and -f stand in place of a source", hint="leave out QUERY, --source and --rev")
    if name and not by_files:
        raise OptionError("--name is for --chart and -f", hint="a source knows its hubs' names: leave out --name")
    if not every and not by_files and query is None:
        raise OptionError("no hub given", hint="give a QUERY, or --all, or --chart DIR -f FILE")


def _replicate_one(
    output: Output,
    open_hub: Callable[[Progress], tuple[Source, HubEntry]],
    wishes: Wishes,
    to: Path,
    *,
    with_secrets: bool = False,
) -> None:
    from takeout.replica.replicate import replicate as run

    with output.progress() as progress:
        source, entry = open_hub(progress)
        outcome = run(source, entry, wishes, to)
    if with_secrets:
        _carry(output, source, outcome)
    _print_one(output, outcome)


def _carry(output: Output, source: Source, outcome: Outcome) -> None:
    from takeout.replica.carry import carry
    from takeout.source.release import Release

    assert isinstance(source, Release)  # noqa: S101 - the option is refused for every other source
    assert outcome.written is not None  # noqa: S101 - what fails raises
    root = source.load(outcome.entry).jupyterhub
    added = outcome.written.secrets_added
    count = carry(outcome.directory, source.secrets, source.texts, root=root, added=added)
    output.message(f"{count} secrets of the release were put into {outcome.directory / 'secrets.yaml'}")


def _from_release(opened: Callable[[Progress], Source], query: str, progress: Progress) -> tuple[Source, HubEntry]:
    """Return the release's one hub; a query that it does not answer is refused all the same."""
    from takeout.source.query import resolve

    source = opened(progress)
    return source, resolve(source.hubs(), query) if query else source.hubs()[0]


def _open_source(place: str, rev: str | None, progress: Progress, *, offline: bool) -> Source:
    from takeout.source import open_source

    return open_source(place, rev, progress=progress, offline=offline)


def _from_source(opened: Callable[[Progress], Source], query: str, progress: Progress) -> tuple[Source, HubEntry]:
    from takeout.source.query import resolve

    source = opened(progress)
    return source, resolve(source.hubs(), query)


def _from_files(chart: str | None, files: list[str], name: str, progress: Progress) -> tuple[Source, HubEntry]:
    from takeout.source.chart import open_chart

    progress("reading", 0, 0)
    source = open_chart(chart, files, name)
    return source, source.hubs()[0]


def _print_one(output: Output, outcome: Outcome) -> None:
    from takeout.cli.show import outcome_json
    from takeout.cli.text import outcome_messages, outcome_text

    output.result(outcome_json(outcome), outcome_text(outcome))
    for line in outcome_messages(outcome):
        output.message(line)
    output.message(f"read {outcome.directory / 'README.md'} next")
    if outcome.found:
        raise typer.Exit(1)


def _replicate_all(output: Output, opened: Callable[[Progress], Source], wishes: Wishes, to: Path) -> None:
    from takeout.cli.show import summary_json
    from takeout.cli.text import outcome_messages, summary_text
    from takeout.replica.replicate import replicate_all, shared_domains

    with output.progress() as progress:
        outcomes = replicate_all(opened(progress), wishes, to, progress)
    for outcome in outcomes:
        for line in outcome_messages(outcome):
            output.message(f"{outcome.entry.id}: {line}")
    for domain, hubs in shared_domains(outcomes).items():
        output.message(
            f"{len(hubs)} hubs share the address {domain} ({', '.join(hubs)}): use {{cluster}} in --domain"
        )
    output.result(summary_json(outcomes), summary_text(outcomes))
    if any(outcome.error or outcome.found for outcome in outcomes):
        raise typer.Exit(1)
