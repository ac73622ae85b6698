"""A machine that cannot run a cluster is told why, at once, with nothing left; a fault of ours is not hidden."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cluster.machine import build, main, rights, surroundings
from cluster.machine.places import Places
from cluster.machine.surroundings import PORTS, in_the_way, pass_proxies_by
from cluster.machine.trouble import Fault, Trouble

_GIB = 1 << 30

Machine = Callable[..., None]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Give the surroundings of a machine on which all is well, but for what a test says."""

    def given(*, routes: Sequence[Mapping[str, str]] = (), memory: str = "MemAvailable:  9000000 kB") -> None:
        def run(words: Sequence[str | Path], **_: Any) -> str:
            return json.dumps(list(routes)) if words[0] == "ip" else ""

        (tmp_path / "meminfo").write_text(memory)
        (tmp_path / "bridges").touch()
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / "images" / "debian.json").touch()
        monkeypatch.setattr(surroundings, "run", run)
        monkeypatch.setattr(surroundings, "tried", lambda *_, **__: "")
        monkeypatch.setattr(surroundings, "_MEMORY", tmp_path / "meminfo")
        monkeypatch.setattr(surroundings, "_BRIDGES", tmp_path / "bridges")
        monkeypatch.setattr(surroundings, "is_taken", lambda _: False)

    return given


def test_a_machine_on_which_all_is_well(machine: Machine, places: Places) -> None:
    wide = [{"dst": "default", "dev": "eth0"}, {"dst": "10.0.0.0/8", "dev": "tun0"}]
    machine(routes=[*wide, {"dst": "10.222.0.0/24", "dev": "takeout0"}])
    assert in_the_way(places) == []


def test_everything_in_the_way_is_told_at_once(
    machine: Machine, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(routes=[{"dst": "10.223.7.0/24", "dev": "cni0"}], memory="MemAvailable:    1000 kB")
    (places.root / "bridges").unlink()
    (places.images / "debian.json").unlink()
    monkeypatch.setattr(surroundings, "MIRROR", "http://127.0.0.1:1/debian")
    monkeypatch.setattr(surroundings, "is_taken", lambda port: port == 6443)
    monkeypatch.delenv("http_proxy", raising=False)
    faults = in_the_way(places)
    assert [fault.partition(":")[0] for fault in faults] == [
        "another program listens on port 6443, where kube-apiserver is to",
        "a network of this machine, 10.223.7.0/24 (cni0), is in the cluster's 10.223.0.0/16",
        "packets on a bridge do not come to iptables",
        "0 MiB of memory are free, and 2048 are needed",
        "Debian cannot be had for the images",
    ]


def test_go_that_cannot_fetch_is_told(machine: Machine, places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    machine()
    monkeypatch.setattr(surroundings, "is_anything_stale", lambda _: True)

    def run(words: Sequence[str | Path], **_: Any) -> str:
        if words[0] == "go":
            raise Trouble("go mod download failed (1)\n  dial tcp: no such host")
        return "[]"

    monkeypatch.setattr(surroundings, "run", run)
    assert in_the_way(places) == ["Go modules cannot be had: go mod download failed (1) dial tcp: no such host"]


def test_a_port_is_taken_as_long_as_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert surroundings.is_taken(port)
    assert not surroundings.is_taken(port)
    assert PORTS[6443] == "kube-apiserver"


def test_a_proxy_is_passed_by_and_what_was_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet.example.edu")
    monkeypatch.setenv("no_proxy", "")
    pass_proxies_by()
    pass_proxies_by()
    assert os.environ["NO_PROXY"].split(",")[:2] == ["intranet.example.edu", "10.222.0.0/16"]
    assert os.environ["no_proxy"].split(",").count("10.223.0.0/16") == 1


@pytest.mark.parametrize(("free", "fits"), [(1, False), (3, False), (5, True)])
def test_a_disk_that_is_almost_full_is_no_place_for_pods(
    places: Places, monkeypatch: pytest.MonkeyPatch, free: int, fits: bool
) -> None:
    places.images.mkdir()
    (places.images / "takeout.json").touch()
    disk = SimpleNamespace(total=200 * _GIB, free=free * _GIB)
    monkeypatch.setattr(rights.shutil, "disk_usage", lambda _: disk)
    if fits:
        rights._need_room(places)
    else:
        with pytest.raises(Trouble, match=r"and 4\.0 are needed"):
            rights._need_room(places)


@pytest.mark.parametrize(
    ("said", "ours"),
    [
        ("# takeout/tests/cluster/cloud\n  cloud/main.go:12:5: undefined: y", True),
        ("missing go.sum entry for module providing package k8s.io/x", True),
        ('main.go:2:8: module k8s.io/x: Get "https://proxy.golang.org": dial tcp: no such host', False),
        ("# k8s.io/kubernetes/pkg/x\n  /usr/lib/go/pkg/tool/compile: signal: killed", False),
        ("write /root/.cache/go-build/x: no space left on device", False),
    ],
    ids=["source", "sums", "network", "memory", "disk"],
)
def test_sources_that_do_not_compile_are_a_fault_of_ours(
    places: Places, monkeypatch: pytest.MonkeyPatch, said: str, ours: bool
) -> None:
    def refuse(words: Sequence[str | Path], **_: Any) -> str:
        if words[1] == "version":
            return "go version go1.26.8 linux/amd64"
        raise Trouble(f"go build failed (1)\n  {said}")

    monkeypatch.setattr(build, "run", refuse)
    with pytest.raises(Trouble) as caught:
        build.build_programs(places, lambda _: None)
    assert isinstance(caught.value, Fault) is ours


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Trouble("etcd does not answer after 300 seconds"), 3),
        (OSError(errno.ENOSPC, "No space left on device"), 3),
        (Fault("go build failed"), 1),
    ],
    ids=["program", "disk", "ours"],
)
def test_what_does_not_start_whole_is_taken_down_again(
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    code: int,
) -> None:
    down: list[bool] = []

    def start(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(main, "find_places", lambda: places)
    for name in ("_check", "_ask_for_rights", "pass_proxies_by"):
        monkeypatch.setattr(main, name, lambda *_: None)
    monkeypatch.setattr(main, "_start", start)
    monkeypatch.setattr(main, "down", lambda *, purge: down.append(purge))
    monkeypatch.setenv("PATH", os.environ["PATH"])
    assert main.up(control_plane_only=False, images=()) == code
    assert down == [False]
    assert f"there is no cluster: {error}" in capsys.readouterr().err

    places.run.mkdir()
    assert main.up(control_plane_only=False, images=()) == code
    assert down == [False], "what was there before is left alone"


def test_an_error_that_no_machine_makes_is_not_hidden(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    def check(_: Places) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file", "go/go.mod")

    monkeypatch.setattr(main, "find_places", lambda: places)
    monkeypatch.setattr(main, "pass_proxies_by", lambda: None)
    monkeypatch.setattr(main, "_check", check)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    with pytest.raises(FileNotFoundError):
        main.up(control_plane_only=False, images=())
