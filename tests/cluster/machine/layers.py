"""The layers of the images: what is in each, and when it must be made again."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from cluster.machine import trees
from cluster.machine.build import build_program, describe_program
from cluster.machine.layout import Blob, Layout
from cluster.machine.places import CHECKOUT, HERE, Places
from cluster.machine.run import run

_HUB = (
    *("jupyterhub>=5.4,<6", "jupyterhub-kubespawner>=7,<8", "jupyterhub-idle-culler", "pycurl", "statsd"),
    *("oauthenticator[googlegroups,mediawiki]>=17,<18", "jupyterhub-firstuseauthenticator"),
    *("jupyterhub-hmacauthenticator", "jupyterhub-ldapauthenticator", "jupyterhub-ltiauthenticator"),
    *("jupyterhub-nativeauthenticator", "jupyterhub-tmpauthenticator", "jupyterhub-fancy-profiles"),
    *("psycopg2-binary", "pymysql", "sqlalchemy-cockroachdb"),
)
_USER = ("jupyterlab>=4.2", "notebook>=7.2", "nbclassic>=1.1", "nbgitpuller", "ipykernel")
_DASK = ("dask-gateway-server[kubernetes]", "dask-gateway")
_NODE = ("configurable-http-proxy@5",)


def make_layers(places: Places, names: Iterable[str], say: Callable[[str], None]) -> dict[str, Blob]:
    """Return the layers by name; those that are new, or of changed content, are made first."""
    layout = Layout(places.images)
    made: dict[str, Blob] = {}
    for name in sorted({*names, *_below(names)}, key=list(_MAKERS).index):
        stamp = places.images / f"{name}.json"
        key = _MAKERS[name][0](places)
        known = json.loads(stamp.read_text()) if stamp.exists() else {}
        if known.get("key") != key or not layout.path(blob := Blob(known["digest"], known["size_bytes"])).exists():
            say(f"making the layer {name}")
            blob = _make(places, layout, name)
            stamp.write_text(json.dumps({"key": key, "digest": blob.digest, "size_bytes": blob.size_bytes}))
        made[name] = blob
    return made


def _make(places: Places, layout: Layout, name: str) -> Blob:
    """Make a layer beside the one of before, which is replaced only when the new one is whole."""
    tree = places.images / "trees" / name
    new = tree.with_suffix(".new")
    trees.unmount(new)
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    _MAKERS[name][1](places, new)
    shutil.rmtree(tree, ignore_errors=True)
    new.rename(tree)
    return layout.write_layer(tree)


def _below(names: Iterable[str]) -> set[str]:
    """Return the layers that must exist for others to be made on."""
    return {"debian"} if "python" in names else {"debian", "python"} if "takeout" in names else set()


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()


def _of_program(name: str) -> Callable[[Places], str]:
    return lambda _: _digest(describe_program(name))


def _put_program(name: str, target: str) -> Callable[[Places, Path], None]:
    def put(places: Places, tree: Path) -> None:
        build_program(places, name, lambda _: None)
        (tree / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(places.bin / name, tree / target)

    return put


def _of_script(name: str) -> Callable[[Places], str]:
    return lambda _: _digest((HERE / "image" / name).read_text())


def _put_script(name: str) -> Callable[[Places, Path], None]:
    def put(_: Places, tree: Path) -> None:
        shutil.copy(HERE / "image" / name, tree)

    return put


def _python_packages() -> Sequence[str]:
    """Return what pip is asked for: with what Takeout needs, so that its own layer is its wheel alone."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    return (*_HUB, *_USER, *_DASK, *project["dependencies"])


def _put_python(places: Places, tree: Path) -> None:
    trees.add_python([places.images / "trees" / "debian"], tree, _python_packages())


def _sources() -> list[tuple[str, str]]:
    """Return what the layer depends on; a community's half of Takeout is in it, and never runs there."""
    files = [CHECKOUT / "pyproject.toml"]
    for folder in ("src/takeout", "labextension/src", "labextension/style", "labextension/schema"):
        files += sorted(
            path for path in (CHECKOUT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"
        )
    return [(str(path.relative_to(CHECKOUT)), hashlib.sha256(path.read_bytes()).hexdigest()) for path in files]


def _put_takeout(places: Places, tree: Path) -> None:
    with tempfile.TemporaryDirectory() as directory:
        run(
            [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", directory, CHECKOUT],
            timeout_seconds=600,
        )
        below = [places.images / "trees" / name for name in ("debian", "python")]
        trees.add_python(below, tree, ["--no-deps"], files=list(Path(directory).glob("*.whl")))


_MAKERS: dict[str, tuple[Callable[[Places], str], Callable[[Places, Path], None]]] = {
    "pause": (_of_program("pause"), _put_program("pause", "pause")),
    "coredns": (_of_program("coredns"), _put_program("coredns", "coredns")),
    "debian": (lambda _: _digest(trees.describe_debian()), lambda _, tree: trees.make_debian(tree)),
    "node": (lambda _: _digest(_NODE), lambda _, tree: trees.add_node(tree, _NODE)),
    "traefik": (_of_program("traefik"), _put_program("traefik", "traefik")),
    "pebble": (_of_program("pebble"), _put_program("pebble", "pebble")),
    "scheduler": (
        _of_program("user-scheduler"),
        _put_program("user-scheduler", "usr/local/bin/kube-scheduler"),
    ),
    "awaiter": (_of_script("image-awaiter"), _put_script("image-awaiter")),
    "secret-sync": (_of_script("secret-sync"), _put_script("secret-sync")),
    "python": (lambda _: _digest(_python_packages(), trees.PIP), _put_python),
    "takeout": (lambda _: _digest(_sources()), _put_takeout),
}
"""For each layer what it depends on, and how it is made; in an order in which they can be made."""
