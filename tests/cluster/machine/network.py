"""The bridge that pods hang on, the way out for them, and the removal of every rule made for the cluster."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

from cluster.machine.places import BALANCER_RANGE, BRIDGE, CLUSTER_RANGE, NODE_ADDRESS, POD_RANGE, Places
from cluster.machine.run import run, tried
from cluster.machine.trouble import Trouble

_OUT = "TAKEOUT-TEST-OUT"
_OURS = ("KUBE-", "TAKEOUT-TEST-")
_TABLES = ("filter", "nat", "mangle", "raw")
_PROGRAMS = (("iptables", "iptables-save"), ("ip6tables", "ip6tables-save"))
_SWITCHES = ("net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables")


def make_network(places: Places) -> None:
    """Make the bridge with the node's address, and let pods reach what the machine reaches."""
    if not _exists(BRIDGE):
        run(["ip", "link", "add", BRIDGE, "type", "bridge"])
        run(["ip", "address", "add", f"{NODE_ADDRESS}/{POD_RANGE.partition('/')[2]}", "dev", BRIDGE])
        run(["ip", "link", "set", BRIDGE, "up"])
        # Only kube-proxy knows these addresses; without a route a packet to them would not even come to its rules.
        run(["ip", "route", "add", BALANCER_RANGE, "dev", BRIDGE])
    _remember_switches(places)
    for switch in _SWITCHES:
        _write_switch(switch, "1")
    if not tried(["iptables", "-t", "nat", "-n", "-L", _OUT]):
        run(["iptables", "-t", "nat", "-N", _OUT])
        run(["iptables", "-t", "nat", "-A", _OUT, "!", "-d", CLUSTER_RANGE, "!", "-o", BRIDGE, "-j", "MASQUERADE"])
        run(["iptables", "-t", "nat", "-A", "POSTROUTING", "-s", CLUSTER_RANGE, "-j", _OUT])


def refuse_another(places: Places) -> None:
    """Stop before anything is changed on a machine that is a node of some other cluster.

    Raises:
        Trouble: When rules of Kubernetes are there that no cluster of ours made.
    """
    if not places.run.exists() and "-A KUBE-SERVICES" in tried(["iptables-save", "-t", "nat"]):
        raise Trouble(
            "iptables has rules of Kubernetes already: this machine is a node of another cluster. "
            "Point KUBECONFIG at that one and set TAKEOUT_TEST_CLUSTER=1 instead"
        )


def remove_network(places: Places) -> None:
    """Remove the bridge, with what hangs on it, every rule of the cluster, and set the kernel's switches back."""
    for program, save in _PROGRAMS:
        for table in _TABLES:
            _remove_rules(program, save, table)
    for name in tried(["ipset", "list", "-n"]).split():
        if name.startswith(("KUBE-", "kube-router-", "inet6:kube-router-")):
            tried(["ipset", "destroy", name])
    tried(["ip", "link", "delete", BRIDGE])
    try:
        before = json.loads(_memory(places).read_text())
    except OSError:
        return
    for switch, value in before.items():
        _write_switch(switch, value)


def network_left() -> list[str]:
    """Return what is still there of a cluster's network."""
    left = [f"network interface {BRIDGE}"] if _exists(BRIDGE) else []
    for _, save in _PROGRAMS:
        chains = [line.split()[0][1:] for line in tried([save]).splitlines() if line.startswith(":")]
        left += [f"chain {chain} of {save[:-5]}" for chain in chains if chain.startswith(_OURS)]
    return left


def _remove_rules(program: str, save: str, table: str) -> None:
    """Remove the chains of the cluster from a table, and the rules that jump to them, in one step."""
    lines = tried([save, "-t", table]).splitlines()
    chains = [line.split()[0][1:] for line in lines if line.startswith(":")]
    ours = [chain for chain in chains if chain.startswith(_OURS)]
    if not ours:
        return
    jumps = [
        line for line in lines if line.startswith("-A") and line.split()[1] not in ours and _names(line, ours)
    ]
    script = [
        f"*{table}",
        *(f":{chain} - [0:0]" for chain in ours),
        *(line.replace("-A", "-D", 1) for line in jumps),
        *(f"-X {chain}" for chain in ours),
        "COMMIT",
    ]
    run([f"{program}-restore", "--noflush"], given="\n".join(script) + "\n")


def _names(rule: str, chains: list[str]) -> bool:
    words = rule.split()
    return any(word in {"-j", "-g"} and chain in chains for word, chain in pairwise(words))


def _exists(interface: str) -> bool:
    return Path("/sys/class/net", interface).exists()


def _memory(places: Places) -> Path:
    return places.run / "switches.json"


def _remember_switches(places: Places) -> None:
    if not _memory(places).exists():
        places.run.mkdir(parents=True, exist_ok=True)
        found = {switch: _read_switch(switch) for switch in _SWITCHES}
        _memory(places).write_text(json.dumps({switch: value for switch, value in found.items() if value}))


def _read_switch(switch: str) -> str:
    path = Path("/proc/sys", switch)
    return path.read_text().strip() if path.exists() else ""


def _write_switch(switch: str, value: str) -> None:
    path = Path("/proc/sys", switch)
    if path.exists() and path.read_text().strip() != value:
        path.write_text(value)
