"""The images that hubs ask for, from no registry.

They are not the originals. One Debian with Python, Node.js and everything else is below all of them but the
smallest; what the chart calls in an image is there under the path it is called by, and only the start differs.
So a hub's values need no change to fit the test, and the disk holds the packages once.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping

from cluster.machine.layers import make_layers
from cluster.machine.layout import Blob, Layout, Recipe
from cluster.machine.lock import alone
from cluster.machine.places import Places
from cluster.machine.run import run
from cluster.machine.runtime import PAUSE, ctr
from cluster.machine.trouble import Trouble

DNS = "registry.k8s.io/coredns/coredns:test"
_IMPORT_SECONDS = 15 * 60.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DEBIAN = {"PATH": _PATH, "LANG": "C.UTF-8"}
_JOVYAN = {**_DEBIAN, "HOME": "/home/jovyan", "NB_USER": "jovyan", "NB_UID": "1000", "SHELL": "/bin/bash"}
_INIT = ("tini", "--")

RECIPES: Mapping[str, Recipe] = {
    "pause": Recipe(layers=("pause",), entrypoint=("/pause",), user="65535:65535"),
    "dns": Recipe(layers=("coredns",), entrypoint=("/coredns",)),
    "scheduler": Recipe(
        layers=("debian", "scheduler"), entrypoint=("/usr/local/bin/kube-scheduler",), variables=_DEBIAN
    ),
    "awaiter": Recipe(layers=("debian", "awaiter"), entrypoint=("/image-awaiter",), variables=_DEBIAN),
    "secret-sync": Recipe(layers=("debian", "secret-sync"), entrypoint=("/secret-sync",), variables=_DEBIAN),
    "shell": Recipe(layers=("debian",), command=("/bin/sh",), variables=_DEBIAN),
    "git": Recipe(
        layers=("debian",), entrypoint=("git",), command=("--help",), variables=_DEBIAN, directory="/git"
    ),
    "proxy": Recipe(
        layers=("debian", "node"),
        entrypoint=(*_INIT, "configurable-http-proxy"),
        user="65534",
        variables=_DEBIAN,
    ),
    "hub": Recipe(
        layers=("debian", "python"),
        entrypoint=_INIT,
        command=("jupyterhub", "--config", "/usr/local/etc/jupyterhub/jupyterhub_config.py"),
        user="jovyan",
        directory="/srv/jupyterhub",
        variables=_JOVYAN,
    ),
    "gateway": Recipe(
        layers=("debian", "python"),
        entrypoint=_INIT,
        command=("dask-gateway-server", "--config", "/etc/dask-gateway/dask_gateway_config.py"),
        user="jovyan",
        variables=_JOVYAN,
    ),
    "traefik": Recipe(layers=("traefik",), entrypoint=("/traefik",)),
    "pebble": Recipe(layers=("pebble",), entrypoint=("/pebble",)),
    "user": Recipe(
        layers=("debian", "python", "takeout"),
        entrypoint=_INIT,
        command=("jupyter", "lab", "--ip=0.0.0.0"),
        user="jovyan",
        directory="/home/jovyan",
        variables=_JOVYAN,
    ),
}

_KINDS = (
    (r"/pause$", "pause"),
    (r"/coredns$", "dns"),
    (r"/kube-scheduler$", "scheduler"),
    (r"/k8s-image-awaiter$", "awaiter"),
    (r"/k8s-secret-sync$", "secret-sync"),
    (r"/(k8s-network-tools|busybox|alpine|bash|python)$", "shell"),
    (r"/(alpine/|.*-)?git$", "git"),
    (r"/configurable-http-proxy$", "proxy"),
    (r"/(k8s-hub(-slim)?|pilot-hub|.*-hub)$", "hub"),
    (r"/dask-gateway-server$", "gateway"),
    (r"/traefik$", "traefik"),
    (r"/pebble$", "pebble"),
)
_ONES_OWN = {PAUSE: "pause", DNS: "dns"}


def guess_kind(name: str) -> str:
    """Return which of our recipes stands for an image: for one of unknown name, that of a user."""
    repository = re.sub(r"(@sha256:.*|:[^/:]*)$", "", full_name(name))
    return next((kind for pattern, kind in _KINDS if re.search(pattern, repository)), "user")


def provide(places: Places, names: Iterable[str], say: Callable[[str], None]) -> None:
    """Have containerd know images under these names, as whichever kind the name suggests.

    Raises:
        Trouble: When what is in them cannot be had, or containerd refuses them.
    """
    wanted = {full_name(name): guess_kind(name) for name in names}
    with alone(places, "images"):
        _provide(places, wanted, say)


def _provide(places: Places, wanted: Mapping[str, str], say: Callable[[str], None]) -> None:
    kinds = {**_ONES_OWN, **wanted}
    layers = make_layers(places, {layer for kind in kinds.values() for layer in RECIPES[kind].layers}, say)
    layout = Layout(places.images)
    manifests = {kind: layout.write_image(RECIPES[kind], layers) for kind in sorted({*kinds.values()})}
    here = _known(places)
    missing = {name: manifests[kind] for name, kind in kinds.items() if here.get(name) != manifests[kind].digest}
    if missing:
        say(f"giving containerd {len(missing)} image{'s' if len(missing) != 1 else ''}")
        _give(places, layout, missing)


def full_name(name: str) -> str:
    """Return an image's name with its registry and its tag, as containerd keeps it."""
    first, slash, rest = name.partition("/")
    if not slash:
        name = f"docker.io/library/{name}"
    elif not re.search(r"[.:]|^localhost$", first):
        name = f"docker.io/{name}"
    elif first in {"docker.io", "index.docker.io"}:
        name = f"docker.io/{rest}" if "/" in rest else f"docker.io/library/{rest}"
    return name if re.search(r"(@|:[^/]*$)", name) else f"{name}:latest"


def _known(places: Places) -> dict[str, str]:
    """Return the digests of the images that containerd has, by name."""
    rows = run([*ctr(places), "images", "list"]).splitlines()[1:]
    return {row.split()[0]: row.split()[2] for row in rows}


def _give(places: Places, layout: Layout, images: Mapping[str, Blob]) -> None:
    """Import images by one stream, so that no archive of gigabytes lies on the disk."""
    command = [str(word) for word in (*ctr(places), "images", "import", "--digests=false", "-")]
    with (places.logs / "import.log").open("wb") as log:
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
        assert child.stdin is not None
        late = threading.Timer(_IMPORT_SECONDS, child.kill)
        late.start()
        try:
            layout.export(images, child.stdin)
            child.stdin.close()
        except BrokenPipeError:
            pass  # What it says in its log is the reason.
        finally:
            child.wait()
            late.cancel()
        if child.returncode:
            raise Trouble(f"containerd refused the images; see {log.name}")
