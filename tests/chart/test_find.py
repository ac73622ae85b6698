"""Charts found on this machine, pulled from a repository, and put together."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import helm_python
import pytest

from takeout.chart.find import find_chart, umbrella
from takeout.chart.helm import Chart
from takeout.chart.places import Places, Wanted
from takeout.errors import DiskError, InputError, NetworkError

WANTED = Wanted("little", "1.2.3", "https://charts.invalid")
Write = Callable[..., Path]
Pack = Callable[[Path, Path], Path]


def places(tmp_path: Path, given: Path | None = None, **environ: str) -> Places:
    return Places.of(given, {"HOME": str(tmp_path / "home"), **environ})


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def repository(tmp_path: Path, write_chart: Write, pack: Pack) -> Iterator[tuple[str, Path]]:
    """Yield the address and the folder of a chart repository on this machine."""
    folder = tmp_path / "served"
    pack(write_chart(folder=tmp_path / "source"), folder)
    helm_python.repo_index_generate(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_environment_names_the_places(tmp_path: Path) -> None:
    plain = places(tmp_path)
    home = tmp_path / "home/.cache"
    assert (plain.helm, plain.content) == ((home / "helm/repository",), home / "helm/content")
    assert plain.cache == home / "takeout/charts"
    told = places(tmp_path, XDG_CACHE_HOME="/c", HELM_CACHE_HOME="/h", TAKEOUT_CHARTS="/t")
    assert (told.helm, told.folder, told.cache) == (
        (Path("/h/repository"),),
        Path("/t"),
        Path("/c/takeout/charts"),
    )


def test_each_place_in_its_turn(tmp_path: Path, write_chart: Write, pack: Pack) -> None:
    source = write_chart(folder=tmp_path / "source")
    home = tmp_path / "home/.cache"
    everywhere = places(tmp_path, TAKEOUT_CHARTS=str(tmp_path / "folder"))
    with pytest.raises(NetworkError, match="there is no network") as caught:
        find_chart(WANTED, everywhere, offline=True)
    assert "helm pull little --repo https://charts.invalid --version 1.2.3" in caught.value.hint
    for folder, origin in (
        (home / "takeout/charts", "cache"),
        (home / "helm/repository", "helm"),
        (tmp_path / "folder", "folder"),
    ):
        path = pack(source, folder)
        found = find_chart(WANTED, everywhere, offline=True)
        assert (found.path, found.origin, found.version) == (path, origin, "1.2.3")


def test_helm_4_keeps_charts_under_their_digests(tmp_path: Path, write_chart: Write, pack: Pack) -> None:
    folder = tmp_path / "home/.cache/helm/content/ab"
    path = pack(write_chart(folder=tmp_path / "source"), folder).rename(folder / "abcd.chart")
    (folder / "ffff.chart").write_bytes(b"broken")
    assert find_chart(WANTED, places(tmp_path), offline=True).path == path


def test_what_the_user_gives_wins_whatever_its_version(tmp_path: Path, write_chart: Write, pack: Pack) -> None:
    older = write_chart(version="1.0.0", folder=tmp_path / "older")
    assert find_chart(WANTED, places(tmp_path, older), offline=True).version == "1.0.0"
    packed = pack(older, tmp_path / "packed")
    assert find_chart(WANTED, places(tmp_path, packed), offline=True).path == packed


def test_a_folder_of_charts_has_the_very_version(tmp_path: Path, write_chart: Write, pack: Pack) -> None:
    folder = tmp_path / "folder"
    write_chart(version="1.0.0", folder=folder)
    with pytest.raises(NetworkError):
        find_chart(WANTED, places(tmp_path, folder), offline=True)
    path = pack(write_chart(folder=tmp_path / "source"), folder)
    assert find_chart(WANTED, places(tmp_path, folder), offline=True).path == path
    assert find_chart(Wanted("little", ""), places(tmp_path, folder), offline=True).version == "1.0.0"


def test_an_umbrella_that_is_given_has_the_chart_inside(tmp_path: Path, write_chart: Write, pack: Pack) -> None:
    outer = write_chart("outer")
    path = pack(write_chart(folder=tmp_path / "source"), outer / "charts")
    assert find_chart(WANTED, places(tmp_path, outer), offline=True).path == path


def test_a_chart_is_pulled_once(tmp_path: Path, repository: tuple[str, Path]) -> None:
    address, served = repository
    told: list[tuple[str, int, int]] = []
    found = find_chart(
        Wanted("little", "1.2.3", address), places(tmp_path), progress=lambda *step: told.append(step)
    )
    assert found.origin == "pulled"
    assert found.path == tmp_path / "home/.cache/takeout/charts/little-1.2.3.tgz"
    assert told == [("pull little 1.2.3", 0, 1), ("pull little 1.2.3", 1, 1)]
    (served / "index.yaml").unlink()
    assert find_chart(Wanted("little", "1.2.3", address), places(tmp_path)).origin == "cache"
    assert [path.name for path in found.path.parent.iterdir()] == ["little-1.2.3.tgz"]


def test_a_chart_that_is_not_what_the_index_promises_is_refused(
    tmp_path: Path, repository: tuple[str, Path], write_chart: Write, pack: Pack
) -> None:
    address, served = repository
    pack(write_chart(files={"values.yaml": "evil: true\n"}, folder=tmp_path / "evil"), served)
    with pytest.raises(NetworkError, match="index promises"):
        find_chart(Wanted("little", "1.2.3", address), places(tmp_path))
    assert list((tmp_path / "home/.cache/takeout/charts").iterdir()) == []


def test_a_version_that_the_repository_does_not_have(tmp_path: Path, repository: tuple[str, Path]) -> None:
    with pytest.raises(InputError, match=r"has no chart little 1\.2\.4") as caught:
        find_chart(Wanted("little", "1.2.4", repository[0]), places(tmp_path))
    assert caught.value.hint == "nearest versions: 1.2.3"


def test_a_repository_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="cannot be reached") as caught:
        find_chart(Wanted("little", "1.2.3", "http://127.0.0.1:9"), places(tmp_path))
    assert "TAKEOUT_CHARTS" in caught.value.hint
    with pytest.raises(NetworkError, match="no repository is known"):
        find_chart(Wanted("little", "1.2.3"), places(tmp_path))


def test_a_cache_that_cannot_be_written(tmp_path: Path, repository: tuple[str, Path]) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a directory must be")
    with pytest.raises(DiskError, match="cannot keep the chart"):
        find_chart(Wanted("little", "1.2.3", repository[0]), places(tmp_path, XDG_CACHE_HOME=str(blocked)))


def test_an_umbrella_is_put_together_beside_the_replica(tmp_path: Path, write_chart: Write, pack: Pack) -> None:
    folder = tmp_path / "folder"
    pack(write_chart(folder=tmp_path / "source", files={"templates/a.yaml": "kind: A\n"}), folder)
    write_chart("near", "0.1.0", {"templates/b.yaml": "kind: B\n"}, folder=tmp_path / "charts")
    replica = write_chart(
        "replica",
        dependencies=[
            {"name": "little", "version": "1.2.3", "repository": "https://charts.invalid", "alias": "l"},
            {"name": "near", "version": "0.1.0", "repository": "file://../charts/near"},
            {
                "name": "absent",
                "version": "1",
                "repository": "https://charts.invalid",
                "condition": "absent.enabled",
            },
        ],
    )
    before = sorted(replica.rglob("*"))
    places_ = places(tmp_path, folder)
    values = {"absent": {"enabled": False}}
    with umbrella(replica / "Chart.yaml", places_, values=values, offline=True) as path, Chart.load(path) as chart:
        assert [m.kind for m in chart.render(values, name="r", namespace="n")] == ["A", "B"]
        assert set(chart.tree.children) == {"l", "near"}
    assert not path.exists()
    assert sorted(replica.rglob("*")) == before
    with pytest.raises(NetworkError, match="absent 1"), umbrella(replica / "Chart.yaml", places_, offline=True):
        pass


def test_every_dependency_that_is_missing_is_named(tmp_path: Path, write_chart: Write) -> None:
    replica = write_chart("replica", dependencies=[{"name": "a", "version": "1"}, {"name": "b", "version": "2"}])
    with pytest.raises(NetworkError, match=r"a 1 .*; .*b 2"), umbrella(replica / "Chart.yaml", places(tmp_path)):
        pass
    (replica / "Chart.yaml").write_text("a: [")
    with pytest.raises(InputError, match=r"Chart\.yaml"), umbrella(replica / "Chart.yaml", places(tmp_path)):
        pass
