"""The chart that a replica is for, found or fetched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from takeout.chart.find import find_chart, umbrella
from takeout.chart.helm import Chart
from takeout.chart.places import Places, Wanted
from takeout.errors import InputError, Where
from takeout.progress import Progress, silent
from takeout.replica.commit import create_directory
from takeout.replica.files import Files
from takeout.replica.model import CHART
from takeout.replica.recall import layout_of
from takeout.source.chartfile import JUPYTERHUB
from takeout.source.model import Configuration
from takeout.values.node import to_data

OWN = ".takeout/charts"
"""Where a replica keeps the chart that its source itself holds; like all of ``.takeout`` it is not published."""


def keep_chart(directory: Path, configuration: Configuration) -> None:
    """Keep the source's own chart beside the replica in ``directory``; take away what another source left there.

    Raises:
        DiskError: When it cannot be written.
    """
    folder = directory / OWN
    shutil.rmtree(folder, ignore_errors=True)
    versions = (each.version for each in configuration.facts.dependencies.values() if each.chart == JUPYTERHUB)
    archive = Wanted(JUPYTERHUB, next(versions, "")).archive
    if configuration.packaged is not None and "/" not in archive:
        create_directory(folder, {archive: configuration.packaged}, frozenset())


@contextmanager
def open_chart_of(
    files: Files, *, chart: Path | None = None, offline: bool = False, progress: Progress = silent
) -> Iterator[Chart]:
    """Yield the chart of a replica: z2jh's own, or the umbrella put together out of its dependencies.

    Args:
        files: The replica.
        chart: A chart or a folder of charts to take it from first.
        offline: Whether the network must be left alone.
        progress: Told when a chart is fetched.

    Raises:
        InputError: When ``chart`` is not there, or is no chart.
        NetworkError: When a chart is nowhere on this machine and cannot be fetched.
        ToolError: When Helm's library is not installed.
    """
    if chart is not None and not chart.exists():
        hint = "give a chart's directory, its .tgz, or a folder of charts"
        raise InputError("there is no such chart", where=Where(str(chart)), hint=hint)
    places = Places.of(chart, own=files.directory / OWN)
    layout = layout_of(files.lock)
    if layout.umbrella:
        values = to_data(files.merged)
        given = values if isinstance(values, dict) else {}
        file = files.directory / CHART
        with (
            umbrella(file, places, values=given, offline=offline, progress=progress) as path,
            Chart.load(path) as it,
        ):
            yield it
        return
    wanted = Wanted(layout.jupyterhub.chart, layout.jupyterhub.version, layout.jupyterhub.repository)
    found = find_chart(wanted, places, offline=offline, progress=progress)
    with Chart.load(found.path) as it:
        yield it
