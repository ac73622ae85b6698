"""containerd: its configuration, and what it leaves behind."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path

from cluster.machine.places import BRIDGE, POD_RANGE, Places
from cluster.machine.processes import running, start, stop, wait_for
from cluster.machine.run import tried

PAUSE = "registry.k8s.io/pause:3.10.1"
NAMESPACE = "k8s.io"
_PLUGINS = (Path("/usr/lib/cni"), Path("/opt/cni/bin"))
_SHARED = Path("/run/containerd")
_FOREIGN = ("aufs", "btrfs", "devmapper", "zfs")


def start_runtime(places: Places) -> None:
    """Start containerd with directories of its own, so that it meets no other containerd of this machine."""
    run_directory = places.run / "containerd"
    (run_directory / "net.d").mkdir(parents=True, exist_ok=True)
    (run_directory / "net.d" / "10-bridge.conflist").write_text(json.dumps(_describe_network(places), indent=1))
    configuration = run_directory / "config.toml"
    configuration.write_text(_configure(places))
    # It is to pull nothing, and that a registry cannot be reached is what some tests are about.
    no_proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "")
    start(places, "containerd", ["containerd", "--config", configuration], env=no_proxies)
    wait_for(places, "containerd", lambda: bool(tried([*ctr(places), "version"])))


def stop_runtime(places: Places) -> None:
    """End every container, forget all but the images, and stop containerd."""
    if running(places, "containerd"):
        for name in tried([*ctr(places), "tasks", "list", "-q"]).split():
            tried([*ctr(places), "tasks", "delete", "--force", name])
        for name in tried([*ctr(places), "containers", "list", "-q"]).split():
            tried([*ctr(places), "containers", "delete", name])
    stop(places, "containerd")
    shutil.rmtree(places.containerd / "io.containerd.grpc.v1.cri", ignore_errors=True)
    # Shims make their sockets there, wherever containerd has its own; another containerd may as well.
    for directory in (*_SHARED.glob("*"), _SHARED):
        with contextlib.suppress(OSError):
            directory.rmdir()


def ctr(places: Places) -> list[str | Path]:
    """Return the beginning of a ctr command that speaks with our containerd."""
    return ["ctr", "--address", places.socket, "--namespace", NAMESPACE]


def has_network_plugins() -> bool:
    """Whether the CNI plugins are installed."""
    return (network_plugins() / "bridge").exists()


def network_plugins() -> Path:
    """Return the directory of the CNI plugins: Debian's, or the one everyone else uses."""
    return next((path for path in _PLUGINS if (path / "bridge").exists()), _PLUGINS[0])


def _configure(places: Places) -> str:
    run_directory = places.run / "containerd"
    off = ", ".join(f'"io.containerd.snapshotter.v1.{name}"' for name in _FOREIGN)
    return f"""\
version = 2
root = "{places.containerd}"
state = "{run_directory / "state"}"
disabled_plugins = [{off}, "io.containerd.tracing.processor.v1.otlp"]

[grpc]
address = "{places.socket}"

[plugins."io.containerd.internal.v1.opt"]
path = "{run_directory / "opt"}"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE}"
netns_mounts_under_state_dir = true
disable_apparmor = true
# Not every root may make a process dearer to the kernel than it is itself.
restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "{network_plugins()}"
conf_dir = "{run_directory / "net.d"}"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
Root = "{run_directory / "runc"}"
"""


def _describe_network(places: Places) -> dict[str, object]:
    addresses = {
        "type": "host-local",
        "dataDir": str(places.run / "addresses"),
        "ranges": [[{"subnet": POD_RANGE}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": BRIDGE, "isGateway": True, "hairpinMode": True, "ipam": addresses}
    return {"cniVersion": "0.4.0", "name": "takeout-test", "plugins": [bridge]}
