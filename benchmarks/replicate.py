"""Seconds to replicate every hub of a source, beside ``helm template`` over the same hubs with the same layers.

Takeout runs as its command does (one process for all hubs, files written); Helm runs as the origin runs it, one
process a hub, with the layers already evaluated and written out, so that Helm pays for no jsonnet.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from takeout.source import open_source
from takeout.source.model import Configuration
from takeout.values.node import to_data


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True)
    parser.add_argument("--helm", default=shutil.which("helm"))
    parser.add_argument("--charts", type=Path, default=os.environ.get("TAKEOUT_CHARTS"))
    parser.add_argument("--limit", type=int, default=0, help="only the first so many hubs for Helm")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()

    source = open_source(arguments.source)
    hubs = source.hubs()
    with tempfile.TemporaryDirectory() as scratch:
        ours = [replicate_all(arguments.source, Path(scratch) / f"out{run}") for run in range(arguments.runs)]
        per_hub = statistics.median(ours) / len(hubs)
        total = statistics.median(ours)
        print(f"takeout hub replicate --all   {len(hubs):4d} hubs  {total:8.2f} s  {per_hub:.3f} s a hub")
        if not arguments.helm or not arguments.charts:
            print("helm template                 not measured: no helm program, or no charts")
            return
        chosen = hubs[: arguments.limit] if arguments.limit else hubs
        theirs, rendered = [], 0
        for entry in chosen:
            seconds = template(
                arguments.helm,
                Path(arguments.charts),
                source.load(entry),
                arguments.source,
                Path(scratch) / entry.cluster / entry.name,
            )
            if seconds is not None:
                theirs.append(seconds)
                rendered += 1
    if not theirs:
        print("helm template                 rendered no hub: are the chart's templates and dependencies at hand?")
        return
    mean = statistics.mean(theirs)
    print(f"helm template                 {rendered:4d} hubs  {sum(theirs):8.2f} s  {mean:.3f} s a hub")
    print(f"ratio a hub (takeout / helm)  {per_hub / mean:.2f}")


def replicate_all(source: str, to: Path) -> float:
    """Return the wall seconds of one run of the command, start of the interpreter included."""
    command = [sys.executable, "-m", "takeout", "hub", "replicate", "--all", "--source", source, "--to", str(to)]
    command += ["--domain", "{hub}.{cluster}.example.edu", "--quiet"]
    begin = time.perf_counter()
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    seconds = time.perf_counter() - begin
    if done.returncode not in (0, 1):  # 1: done, and some hub is not closed
        raise SystemExit(f"takeout ended with {done.returncode}")
    return seconds


def template(helm: str, charts: Path, configuration: Configuration, source: str, scratch: Path) -> float | None:
    """Return the wall seconds of ``helm template`` for one hub, or None where Helm cannot render it."""
    chart = assemble(charts, configuration, Path(source), scratch)
    command = [helm, "template", configuration.entry.name, str(chart)]
    for number, layer in enumerate(configuration.layers[1:]):
        path = scratch / f"{number}.json"
        path.write_text(json.dumps(to_data(layer.values)))
        command += ["--values", str(path)]
    begin = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    seconds = time.perf_counter() - begin
    if done.returncode:
        print(f"  {configuration.entry.id}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    return seconds


def assemble(charts: Path, configuration: Configuration, source: Path, scratch: Path) -> Path:
    """Return a directory with the source's chart and its dependencies, as ``helm dependency build`` leaves it."""
    chart = scratch / configuration.facts.chart
    shutil.copytree(source / "helm-charts" / configuration.facts.chart, chart, symlinks=False)
    inner = chart
    if (chart / "Chart.yaml").read_text().find("file://../basehub") >= 0:
        inner = chart / "charts" / "basehub"
        shutil.copytree(source / "helm-charts" / "basehub", inner)
    (inner / "charts").mkdir(exist_ok=True)
    for dependency in configuration.facts.dependencies.values():
        archive = charts / f"{dependency.chart}-{dependency.version}.tgz"
        if archive.exists():
            shutil.copy(archive, inner / "charts")
    return chart


if __name__ == "__main__":
    main()
