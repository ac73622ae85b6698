"""Check a replica: can it start, and is it free of its origin?

A replica is *closed* when the nets hold nothing that is unaccounted for. ``check`` is green on a closed replica:
what is left to a person (open actions, secrets to fill in, edited files) is shown as open, and fails on demand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Literal

from takeout.adapt.free_maps import idle_nulls
from takeout.adapt.nets import cast
from takeout.adapt.nets.finding import Finding, surprises
from takeout.chart.helm import Chart, Manifest
from takeout.errors import Fault, NetworkError, TakeoutError, ToolError, ValuesError, Where
from takeout.progress import Progress, silent
from takeout.replica.charts import open_chart_of
from takeout.replica.closing import closing_checks
from takeout.replica.files import Files, read_files
from takeout.replica.recall import actions_of, context_of, keeps_of
from takeout.replica.results import CheckResult, done, not_done, of_faults
from takeout.values.merge import JUPYTERHUB
from takeout.values.node import Mapping
from takeout.values.path import format_path

Net = Literal["references", "origin", "nodes"]


def check(
    directory: Path, *, chart: Path | None = None, offline: bool = False, progress: Progress = silent
) -> list[CheckResult]:
    """Return what every check of the replica in ``directory`` came to.

    Args:
        directory: The replica.
        chart: The chart, an archive of it, or a folder of charts; looked for, or fetched, where None.
        offline: Whether the network must be left alone.
        progress: Told about each step.

    Raises:
        DirectoryError: When there is no replica.
        ValuesError: When one of its values files cannot be read at all.
        InputError: When ``chart`` is no chart.
    """
    progress("checking", 0, 0)
    files = read_files(directory)
    results = [_reading(files), _duplicates(files), *closing_checks(files)]
    with ExitStack() as stack:
        helm, why = _open(files, chart, stack, offline=offline, progress=progress)
        results.append(_schema(files, helm, why))
        rendering, rendered = _rendering(files, helm)
        results.append(rendering)
    results += _nets(files, rendered)
    return results


def found(results: Iterable[CheckResult], *, strict: bool = False) -> bool:
    """Whether something was found; with ``strict`` also whether something is open."""
    bad = {"found", "open"} if strict else {"found"}
    return any(result.status in bad for result in results)


def _reading(files: Files) -> CheckResult:
    faults = [fault for fault in files.faults if fault.code != "duplicate-key"]
    return of_faults("reading", [*faults, *_idle_nulls(files)])


def _idle_nulls(files: Files) -> Iterator[Fault]:
    """Yield a fault for every null that an owner may have meant to take something out with."""
    z2jh = files.merged.entries.get(JUPYTERHUB) if files.lock["umbrella"] else files.merged
    for path, null in idle_nulls(z2jh) if isinstance(z2jh, Mapping) else ():
        name = format_path(path)
        message = f"{name} is null: that takes out defaults of the chart alone, and the hub would be given it"
        hint = 'remove the line, and the entry in whichever file has it; in hub.extraConfig "" switches one off'
        yield Fault("idle-null", message, Where(null.mark.file, null.mark.line, path=name), hint)


def _duplicates(files: Files) -> CheckResult:
    return of_faults("duplicate keys", [fault for fault in files.faults if fault.code == "duplicate-key"])


def _open(
    files: Files, chart: Path | None, stack: ExitStack, *, offline: bool, progress: Progress
) -> tuple[Chart | None, str]:
    """Return the chart, or None and why it is not at hand; a chart that was named must be one."""
    try:
        return stack.enter_context(open_chart_of(files, chart=chart, offline=offline, progress=progress)), ""
    except (NetworkError, ToolError) as error:
        return None, f"{error.message}" + (f" ({error.hint})" if error.hint else "")


def _schema(files: Files, helm: Chart | None, why: str) -> CheckResult:
    if helm is None:
        return not_done("schema", why)
    return of_faults("schema", helm.validate(files.merged))


def _rendering(files: Files, helm: Chart | None) -> tuple[CheckResult, list[Manifest] | None]:
    if helm is None:
        return not_done("rendering", "needs the chart too"), None
    name = files.lock["hub"]["name"]
    try:
        rendered = helm.render(files.merged, name=name, namespace=name)
    except ValuesError as error:
        return of_faults("rendering", error.faults), None
    except TakeoutError as error:
        return CheckResult("rendering", "found", (str(error),)), None
    return done("rendering", f"{len(rendered)} objects"), rendered


def _nets(files: Files, rendered: list[Manifest] | None) -> list[CheckResult]:
    lock = files.lock
    rooted = files.merged if lock["umbrella"] else Mapping({"jupyterhub": files.merged})
    objects = None if rendered is None else [manifest.data for manifest in rendered]
    findings = cast(rooted, files.manifests, context_of(lock), objects)
    left = surprises(findings, actions_of(lock), keeps_of(lock))
    nets: tuple[Net, ...] = ("references", "origin", "nodes")
    return [_net(net, findings, left, values_alone=rendered is None) for net in nets]


def _net(net: Net, findings: list[Finding], left: list[Finding], *, values_alone: bool) -> CheckResult:
    caught = sum(finding.net == net for finding in findings)
    items = [finding.message for finding in left if finding.net == net]
    note = f"{caught} caught, {caught - len(items)} accounted for" + ("; values alone" if values_alone else "")
    return CheckResult(net, "found" if items else "ok", tuple(dict.fromkeys(items)), note)
