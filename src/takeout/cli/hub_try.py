"""``takeout hub try``: run a replica here, now, without Kubernetes."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from takeout.cli.options import JsonOption, QuietOption, ReplicaArgument, examples, need_hub_extra
from takeout.cli.output import Output
from takeout.errors import OptionError

if TYPE_CHECKING:  # help must not wait for what the command needs
    from takeout.local.environment import Environment
    from takeout.local.prepare import Wishes


def add_to(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command(
        "try",
        epilog=examples(
            "takeout hub try replica",
            "takeout hub try replica --check --profiles first",
            "takeout hub try replica --show-pod ada --profile gpu",
            "takeout hub try replica --user ada=org:team-a --skip 10-own-snippet",
        ),
    )(try_hub)


def try_hub(
    directory: ReplicaArgument,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Log in, start every profile, run a cell, stop; then end.")
    ] = False,
    profiles: Annotated[
        Literal["all", "first"], typer.Option("--profiles", help="With --check: which profiles to start.")
    ] = "all",
    show_pod: Annotated[
        str, typer.Option("--show-pod", metavar="USER", help="Print the pod that USER would get; start nothing.")
    ] = "",
    profile: Annotated[
        str, typer.Option("--profile", metavar="SLUG", help="With --show-pod: the profile to choose.")
    ] = "",
    choice: Annotated[
        list[str] | None,
        typer.Option("--choice", metavar="OPTION=CHOICE", help="With --profile: a choice; again for more."),
    ] = None,
    auth: Annotated[
        Literal["dummy", "real"],
        typer.Option("--auth", help="dummy: any name and one password made up now; real: the hub's own login."),
    ] = "dummy",
    user: Annotated[
        list[str] | None,
        typer.Option(
            "--user", metavar="NAME[=GROUP,…]", help="Somebody and their groups. [default: ada, in every group]"
        ),
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option("--skip", metavar="KEY", help="Leave a snippet of hub.extraConfig out; again for more."),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, help="The port; else the next free one.")
    ] = 8000,
    chart: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help="The chart, whose own hub configuration is then used.", show_default=False
        ),
    ] = None,
    table: Annotated[
        bool, typer.Option("--table", help="Use Takeout's table of z2jh's values even where a chart is at hand.")
    ] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run the replica as a JupyterHub on this machine, without Kubernetes."""
    need_hub_extra("websocket", "httpx", extra="local")
    from takeout.local.environment import ensure
    from takeout.local.prepare import Wishes
    from takeout.replica.lock import read_lock

    output = Output(json=json, quiet=quiet)
    read_lock(directory)  # before minutes are spent on the environment
    people = dict(_person(text) for text in user or ())
    wishes = Wishes(auth, tuple(skip or ()), people or None, chart, table)
    options = _options(profile, choice or [])
    if check and auth == "real":
        raise OptionError("--check logs in with the password of --auth dummy", hint="leave --auth real out")
    with output.progress() as progress:
        environment = ensure(progress=progress)
    for note in (*environment.notes, *_not_closed(directory), *_not_ignored(directory)):
        output.message(note)
    if show_pod:
        _show(output, directory, environment, wishes, who=(show_pod, people.get(show_pod)), options=options)
        return
    with _ends_on_signals():
        _run(output, directory, environment, wishes, port=port, check=profiles if check else "")


def _not_closed(directory: Path) -> list[str]:
    """Say where the replica is not closed: it may still run here, and will not on a cluster."""
    from takeout.replica.check import check

    results = check(directory, offline=True)
    wrong = [f"{result.name} ({len(result.items)})" for result in results if result.status == "found"]
    return [f"not closed: {', '.join(wrong)}; `takeout hub check {directory}` tells more"] if wrong else []


def _not_ignored(directory: Path) -> list[str]:
    """Say where Helm would take what a try keeps for a part of the chart: an older replica does not know of it."""
    ignored = directory / ".helmignore"
    if not ignored.is_file() or ".takeout/" in ignored.read_text(encoding="utf-8", errors="replace").split():
        return []
    return [f"add the line .takeout/ to {ignored}: Helm would take users' files for a part of the chart"]


def _run(
    output: Output, directory: Path, environment: Environment, wishes: Wishes, *, port: int, check: str
) -> None:
    from takeout.cli.try_text import running_json, running_text, steps_json, steps_text
    from takeout.local.hub import running
    from takeout.local.smoke import held, smoke

    steps = None
    try:
        with (
            output.progress() as progress,
            running(directory, environment, wishes, port=port, progress=progress) as hub,
        ):
            if check:
                name = next(iter(hub.prepared.plan.people))
                which: Literal["all", "first"] = "first" if check == "first" else "all"
                output.message(running_text(hub, brief=True))
                steps = smoke(hub.url, name, hub.password, which=which, progress=progress)
                if not held(steps):
                    for line in hub.errors():
                        output.message(f"the hub says: {line}")
                    output.message(f"the hub's log is {hub.log}, those of servers lie beside it")
            else:
                output.result(running_json(hub), "")
                output.message(running_text(hub))
                hub.wait()
    except KeyboardInterrupt:
        if check:
            raise
        output.message("stopped")
    if steps is not None:
        output.result(steps_json(steps), steps_text(steps))
        if not held(steps):
            raise typer.Exit(1)


def _show(
    output: Output,
    directory: Path,
    environment: Environment,
    wishes: Wishes,
    *,
    who: tuple[str, tuple[str, ...] | None],
    options: dict[str, str],
) -> None:
    from takeout.cli.try_text import pod_text
    from takeout.errors import InputError
    from takeout.local.describe import Person, describe, subject
    from takeout.local.prepare import group_names

    one = subject(directory, environment, wishes, (Person(who[0]),), options)
    groups = tuple(group_names(one.prepared.plan.values)) if who[1] is None else who[1]
    one = type(one)(one.prepared, (Person(who[0], groups),), (options,))
    (found,) = describe([one], environment)
    if found.error is not None:
        raise found.error
    pod = found.pods[0]
    if pod.pod is None:
        raise InputError(
            f"{who[0]} gets no pod: {pod.error}", hint="`takeout hub try DIR --check` lists the profiles"
        )
    output.result(pod.pod, pod_text(pod.pod))


def _person(text: str) -> tuple[str, tuple[str, ...]]:
    name, _, groups = text.partition("=")
    if not name:
        raise OptionError(f"not a user: {text!r}", hint="--user NAME or --user NAME=GROUP,GROUP")
    return name, tuple(filter(None, groups.split(",")))


def _options(profile: str, choices: list[str]) -> dict[str, str]:
    options = {"profile": profile} if profile else {}
    for text in choices:
        option, separator, choice = text.partition("=")
        if not separator or not profile:
            raise OptionError(f"not a choice: {text!r}", hint="--profile SLUG --choice OPTION=CHOICE")
        options[option] = choice
    return options


class _ends_on_signals:  # noqa: N801 - used as a context manager, like a function
    """Within the block, SIGTERM and SIGHUP do what Ctrl-C does, so that nothing is left behind."""

    def __enter__(self) -> None:
        def interrupt(_number: int, _frame: object) -> None:
            raise KeyboardInterrupt

        self._before: dict[signal.Signals, Callable[..., object] | int | None] = {}
        for number in (signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, interrupt)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
