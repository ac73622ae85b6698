"""Under a real JupyterHub: the server is started, waited for, pulled from, and stopped again."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from pull.compare import tree
from pull.hubs import RealHub, find_proxy
from pull.test_through import RAW, make_odd
from takeout.errors import NetworkError, TokenError, UnknownHubError
from takeout.pull import Options, Token, pull
from takeout.pull.connection import Connection

WAIT_SECONDS = 30.0


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealHub]:
    if find_spec("jupyterhub") is None or not find_proxy():
        pytest.skip("there is no JupyterHub or no configurable-http-proxy (npm) on this machine")
    place = tmp_path_factory.mktemp("hub")
    (place / "homes").mkdir()
    started = RealHub(place, place / "homes", base="/prefix/")
    yield started
    started.stop()


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def test_a_stopped_server_is_started_pulled_from_and_stopped(hub: RealHub, tmp_path: Path) -> None:
    token = Token(hub.user("ana"))
    (hub.homes / "ana" / "notes.txt").write_text("notes")
    said: list[str] = []

    report = pull(f"{hub.address}hub/home", tmp_path / "here", token, progress=lambda step, *_: said.append(step))

    assert report.server == f"{hub.address}user/ana/"
    assert (tmp_path / "here" / "notes.txt").read_text() == "notes"
    assert any(step.startswith("starting the server") for step in said)
    assert any("stopped again" in note for note in report.notes)
    assert until(lambda: not hub.servers("ana"))


def test_a_server_that_ran_is_left_running_and_the_same_home_is_the_same_pull(
    hub: RealHub, tmp_path: Path
) -> None:
    token = Token(hub.user("ben.o"))
    (hub.homes / "ben.o" / "a.txt").write_text("a")
    hub.call("POST", "users/ben.o/server")
    assert until(lambda: bool(hub.servers("ben.o").get("", {}).get("ready")))

    report = pull(
        f"{hub.address}user/ben.o/lab/tree/x?reset",
        tmp_path / "here",
        token,
        Options(through="kernel", exclude=(".*",)),
    )
    again = pull(f"{hub.address}hub/user/ben.o/tree", tmp_path / "here", token, Options(exclude=(".*",)))

    assert report.fetched_files >= 1
    assert again.fetched_files == 0
    assert tree(tmp_path / "here")["a.txt"][1] == b"a"
    assert hub.servers("ben.o")[""]["ready"]


def test_a_named_server_is_started_by_its_address(hub: RealHub, tmp_path: Path) -> None:
    token = Token(hub.user("eva"))
    (hub.homes / "eva" / "a.txt").write_text("a")

    report = pull(f"{hub.address}user/eva/gpu/lab", tmp_path / "here", token, Options(leave_running=True))

    assert report.server == f"{hub.address}user/eva/gpu/"
    assert set(hub.servers("eva")) == {"gpu"}


@pytest.mark.parametrize(("extension", "name"), [(True, "kim"), (False, "pat")])
def test_a_server_that_is_culled_half_way_is_started_again(
    hub: RealHub, tmp_path: Path, extension: bool, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("takeout.pull.pace.SILENT_SECONDS", 2.0)
    token = Token(hub.user(name))
    for number in range(40):
        (hub.homes / name / f"{number}.bin").write_bytes(bytes(500_000 + number))
    culled = False

    def cull(step: str, done: int, total: int) -> None:
        nonlocal culled
        del total
        if step == "bytes" and done > 1_000_000 and not culled:
            culled = True
            hub.call("DELETE", f"users/{name}/server")

    options = Options(connections=2, extension=extension, exclude=(".*",))
    report = pull(f"{hub.address}user/{name}/", tmp_path / "here", token, options, progress=cull)

    assert culled
    assert report.files == 40
    here, there = tree(tmp_path / "here"), tree(hub.homes / name)
    assert {name: entry for name, entry in there.items() if not name.startswith(".")} == here


def test_other_people_s_tokens_do_not_open_a_home(hub: RealHub, tmp_path: Path) -> None:
    hub.user("lee")
    other = Token(hub.user("mia"))

    with pytest.raises((TokenError, UnknownHubError)):
        pull(f"{hub.address}user/lee/", tmp_path / "here", other)
    with pytest.raises(TokenError):
        pull(f"{hub.address}hub/home", tmp_path / "here", Token("not-a-token"))


def test_a_server_that_cannot_start_is_said_in_the_hub_s_words(hub: RealHub, tmp_path: Path) -> None:
    token = Token(hub.user("zoe"))

    with pytest.raises(NetworkError, match=r"does not start|fails to start"):
        pull(f"{hub.address}user/zoe/", tmp_path / "here", token)


def test_a_server_that_was_started_for_nothing_is_stopped_again(
    hub: RealHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = Token(hub.user("yan"))

    def refuse(_: Connection) -> None:
        assert hub.servers("yan")[""]["ready"]
        raise TokenError("the server does not accept the token")

    monkeypatch.setattr("takeout.pull.reach._check_token", refuse)
    with pytest.raises(TokenError):
        pull(f"{hub.address}user/yan/", tmp_path / "here", token)

    assert until(lambda: not hub.servers("yan"))


@pytest.mark.parametrize(("app", "version"), [("jupyter-server", "1.24.0"), ("notebook", "6.5.7")])
def test_the_hub_s_server_may_be_of_earlier_years(
    hub: RealHub, old_python: str, tmp_path: Path, app: str, version: str
) -> None:
    name = f"old-on-{app}"
    token = Token(hub.user(name))
    home = hub.homes / name
    make_odd(home)
    here, own = tmp_path / "here", ("/.ipython", "/.jupyter", "/.local", "/.cache")

    shown = pull(f"{hub.address}hub/home", here, token, Options(exclude=(*own, "/links"), leave_running=True))
    with urllib.request.urlopen(f"{shown.server}api", timeout=30) as answer:  # noqa: S310 - an address of this test
        assert json.load(answer) == {"version": version}
    report = pull(f"{hub.address}hub/home", here, token, Options(exclude=own, through="kernel"))

    assert old_python
    assert shown.server == f"{hub.address}user/{name}/"
    assert {item.path for item in shown.not_taken} <= {RAW}
    there = {path: entry for path, entry in tree(home).items() if f"/{path.split('/')[0]}" not in own}
    assert tree(here) == there
    assert [item.path for item in report.not_taken] == ["fifo"]
