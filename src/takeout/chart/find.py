"""Find a chart on this machine, or pull it from its repository; put an umbrella together out of such charts."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import yaml

from takeout.adapt.nets.live import is_off
from takeout.chart.helm import sdk
from takeout.chart.places import Origin, Places, Wanted
from takeout.chart.tree import read_chart
from takeout.errors import DiskError, InputError, NetworkError, TakeoutError, Where
from takeout.progress import Progress, silent

_OFFLINE = re.compile(
    r"no such host|dial tcp|connection re(?:fused|set)|timeout|deadline exceeded|unreachable|TLS handshake|EOF|"
    r"server misbehaving|proxyconnect",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """A chart on this machine.

    Attributes:
        path: The chart: a directory or a ``.tgz``.
        origin: How it was found.
        version: The version that it says it is.
    """

    path: Path
    origin: Origin
    version: str


def find_chart(wanted: Wanted, places: Places, *, offline: bool = False, progress: Progress = silent) -> Found:
    """Return the chart ``wanted``, pulled into the cache where it is nowhere on this machine.

    Args:
        wanted: The chart.
        places: Where to look.
        offline: Look on this machine alone.
        progress: Told when the chart is pulled.

    Raises:
        NetworkError: When it is not here and its repository cannot be reached.
        InputError: When its repository does not have it, or it has none.
        DiskError: When the cache cannot be written.
    """
    for path, origin in places.search(wanted):
        return Found(path, origin, read_chart(path).version)
    if offline or not wanted.repository or wanted.repository.startswith("file:"):
        raise _absent(wanted, "there is no network" if offline else "no repository is known for it")
    progress(f"pull {wanted}", 0, 1)
    path = _pull(wanted, places.cache)
    progress(f"pull {wanted}", 1, 1)
    return Found(path, "pulled", read_chart(path).version)


@contextmanager
def umbrella(
    chart_yaml: Path,
    places: Places,
    *,
    values: Mapping[str, Any] | None = None,
    offline: bool = False,
    progress: Progress = silent,
) -> Iterator[Path]:
    """Yield a chart directory made of ``chart_yaml`` and the charts it depends on; it is gone after the block.

    Args:
        chart_yaml: The umbrella's Chart.yaml; its directory is not written to.
        places: Where to look for the dependencies.
        values: Values, so that dependencies that they turn off need not be found.
        offline: Look on this machine alone.
        progress: Told when a chart is pulled.

    Raises:
        InputError: When Chart.yaml cannot be read, or dependencies are nowhere.
        NetworkError: When a dependency is not here and its repository cannot be reached.
    """
    dependencies = _dependencies(chart_yaml)
    with tempfile.TemporaryDirectory(prefix="takeout-chart-") as name:
        root = Path(name) / "umbrella"
        (root / "charts").mkdir(parents=True)
        shutil.copyfile(chart_yaml, root / "Chart.yaml")
        problems: list[TakeoutError] = []
        for item in dependencies:
            if is_off(values or {}, str(item.get("condition", ""))):
                continue
            wanted = Wanted(str(item.get("name")), str(item.get("version", "")), str(item.get("repository", "")))
            try:
                _place(wanted, chart_yaml.parent, root / "charts", places, offline=offline, progress=progress)
            except TakeoutError as error:
                problems.append(error)
        if problems:
            raise _together(problems)
        yield root


def _place(wanted: Wanted, base: Path, charts: Path, places: Places, *, offline: bool, progress: Progress) -> None:
    if wanted.repository.startswith("file://"):
        path = (base / wanted.repository.removeprefix("file://")).resolve()
        tree = read_chart(path)
        if tree.name != wanted.name:
            raise InputError(f"{path} is the chart {tree.name}, not {wanted.name}", where=Where(str(path)))
    else:
        path = find_chart(wanted, places, offline=offline, progress=progress).path
    if path.is_dir():
        shutil.copytree(path, charts / wanted.name)
    else:
        shutil.copyfile(path, charts / wanted.archive)


def _dependencies(chart_yaml: Path) -> list[dict[str, Any]]:
    try:
        data = yaml.load(chart_yaml.read_bytes(), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise DiskError(f"cannot read {chart_yaml}: {error.strerror}", where=Where(str(chart_yaml))) from error
    except yaml.YAMLError as error:
        raise InputError(f"cannot read {chart_yaml}: {error}", where=Where(str(chart_yaml))) from error
    found = data.get("dependencies") if isinstance(data, dict) else None
    return [item for item in found or () if isinstance(item, dict)]


def _together(problems: list[TakeoutError]) -> TakeoutError:
    """Return one error for all: a network that is down is the same trouble for every chart."""
    first = next((problem for problem in problems if isinstance(problem, NetworkError)), problems[0])
    if len(problems) == 1:
        return first
    message = "; ".join(problem.message for problem in problems)
    return type(first)(message, where=first.where, hint=first.hint)


def _pull(wanted: Wanted, cache: Path) -> Path:
    """Pull into a directory beside the cache's, check, and rename: the cache never holds half a chart."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=".pull-") as name:
            arrived = _download(wanted, Path(name))
            tree = read_chart(arrived)
            if tree.name != wanted.name:
                raise InputError(f"{wanted.repository} gave the chart {tree.name} for {wanted.name}")
            return arrived.replace(cache / f"{tree.name}-{tree.version}.tgz")
    except OSError as error:
        raise DiskError(
            f"cannot keep the chart in {cache}: {error.strerror or error}",
            where=Where(str(cache)),
            hint="set XDG_CACHE_HOME to a directory that can be written to",
        ) from error


def _download(wanted: Wanted, into: Path) -> Path:
    helm = sdk()
    version = wanted.version or None
    try:
        if wanted.repository.startswith("oci://"):
            # What an OCI registry delivers is checked against its manifest's digest by Helm itself.
            reference = wanted.repository.rstrip("/")
            if not reference.endswith(f"/{wanted.name}"):
                reference += f"/{wanted.name}"
            helm.pull(reference, version=version, destination=into)
            return _only(into, wanted)
        entry = _entry(helm.repo_index(wanted.repository), wanted)
        address = urljoin(wanted.repository.rstrip("/") + "/", str(entry["urls"][0]))
        helm.pull(address, version=version, destination=into)
        arrived = _only(into, wanted)
        promised, digest = str(entry.get("digest") or ""), helm.digest(arrived)
    except helm.HelmError as error:
        raise _failed(wanted, str(error)) from error
    if promised and promised.removeprefix("sha256:") != digest.removeprefix("sha256:"):
        raise NetworkError(
            f"the chart {wanted} arrived with the digest {digest}, and the index promises {promised}",
            hint="try again; if it stays so, do not use the chart and tell its repository's owners",
        )
    return arrived


def _entry(index: Mapping[str, Any], wanted: Wanted) -> Mapping[str, Any]:
    versions = (index.get("entries") or {}).get(wanted.name) or []
    for entry in versions:
        if entry.get("urls") and str(entry.get("version")).removeprefix("v") == wanted.version.removeprefix("v"):
            found: Mapping[str, Any] = entry
            return found
    if versions and not wanted.version:
        newest: Mapping[str, Any] = versions[0]
        return newest
    near = get_close_matches(wanted.version, [str(entry.get("version")) for entry in versions], n=3)
    hint = f"nearest versions: {', '.join(near)}" if near else "see the repository's index.yaml for what it has"
    raise InputError(f"{wanted.repository} has no chart {wanted}", hint=hint)


def _only(folder: Path, wanted: Wanted) -> Path:
    archives = sorted(folder.glob("*.tgz"))
    if len(archives) != 1:
        raise InputError(f"{wanted.repository} gave {len(archives)} archives for the chart {wanted}")
    return archives[0]


def _failed(wanted: Wanted, message: str) -> TakeoutError:
    if _OFFLINE.search(message):
        # Go nests causes, the outermost first, each with the address again; the innermost says why.
        cause = message.splitlines()[-1].rpartition(": ")[2].strip()
        return _absent(wanted, f"{wanted.repository} cannot be reached ({cause})")
    return InputError(f"cannot pull the chart {wanted} from {wanted.repository}: {message}")


def _absent(wanted: Wanted, why: str) -> NetworkError:
    repository = wanted.repository
    if repository.startswith("oci://"):
        source = (
            repository if repository.endswith(f"/{wanted.name}") else f"{repository.rstrip('/')}/{wanted.name}"
        )
        pull = f"helm pull {source} --version {wanted.version}"
    else:
        pull = f"helm pull {wanted.name} --repo {repository or '<repository>'} --version {wanted.version}"
    return NetworkError(
        f"the chart {wanted} is not on this machine, and {why}",
        hint=f"where there is a network, run `{pull}`; then give the folder with --chart, or in TAKEOUT_CHARTS",
    )
