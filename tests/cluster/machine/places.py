"""Where the cluster of the tests keeps its files, and the addresses it uses."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
CHECKOUT = HERE.parent.parent

NODE = "takeout-test-node"
BRIDGE = "takeout0"
NODE_ADDRESS = "10.222.0.1"
"""The bridge's own address: the node's, the API server's, and the gateway of every pod."""
CLUSTER_RANGE = "10.222.0.0/16"
POD_RANGE = "10.222.0.0/24"
SERVICE_RANGE = "10.223.0.0/16"
API_SERVICE = "10.223.0.1"
DNS_SERVICE = "10.223.0.10"
BALANCER_RANGE = "10.224.0.0/24"
API_PORT = 6443
ETCD_PORT = 22379
ETCD_PEER_PORT = 22380


@dataclass(frozen=True, slots=True)
class Places:
    """The directories of one cluster.

    Attributes:
        root: What is kept between clusters, and in ``run`` what is not.
    """

    root: Path

    @property
    def bin(self) -> Path:
        """The programs built from Go modules."""
        return self.root / "bin"

    @property
    def images(self) -> Path:
        """Layers of the images, as an OCI layout."""
        return self.root / "images"

    @property
    def containerd(self) -> Path:
        """The images as containerd keeps them, so that they are imported once."""
        return self.root / "containerd"

    @property
    def logs(self) -> Path:
        """The logs of the last cluster; they outlive it."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """What exists as long as the cluster does."""
        return self.root / "run"

    @property
    def certificates(self) -> Path:
        """Certificates and kubeconfigs."""
        return self.run / "certificates"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.root / "kubeconfig"

    @property
    def socket(self) -> Path:
        """Where containerd listens."""
        return self.run / "containerd" / "containerd.sock"


def find_places() -> Places:
    """Return the places: below ``TAKEOUT_CLUSTER_DIR``, or the user's cache."""
    named = os.environ.get("TAKEOUT_CLUSTER_DIR")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Places(Path(named).resolve() if named else cache / "takeout" / "cluster")
