"""A kernel or a terminal that ends half-way, and files that change while they are read through one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pull.compare import tree
from pull.conftest import Serve
from pull.servers import TOKEN, JupyterServer
from takeout.pull import Options, Token, pull
from takeout.pull.answers import AskAgainError
from takeout.pull.channel import agent_text
from takeout.pull.model import Through
from takeout.pull.through import Agent

KEY = Token(TOKEN)
PIECE_BYTES = 2 << 20
LENGTH = 6 * PIECE_BYTES + 5
Wanted = list[tuple[str, int, int]]
Event = Callable[[Agent], None]
At = Callable[[int, Event], list[int]]


def make_hidden(home: Path) -> None:
    home.mkdir()
    (home / ".large.bin").write_bytes(os.urandom(LENGTH))


def end_kernel(server: JupyterServer) -> None:
    (kernel,) = server.get("api/kernels")  # type: ignore[misc]
    server.get(f"api/kernels/{kernel['id']}", "DELETE")


def restart_kernel(server: JupyterServer) -> None:
    (kernel,) = server.get("api/kernels")  # type: ignore[misc]
    server.get(f"api/kernels/{kernel['id']}/restart", "POST")


def end_terminal(server: JupyterServer) -> None:
    (terminal,) = server.get("api/terminals")  # type: ignore[misc]
    server.get(f"api/terminals/{terminal['name']}", "DELETE")


def die(agent: Agent) -> None:
    """Have the kernel end while it computes; the server notices it by itself."""
    with pytest.raises(AskAgainError, match="kernel ended"):
        agent._channel.evaluate("os._exit(1)")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Have something happen before the agent is asked to read for the n-th time; give the numbers of the calls."""
    read: Callable[[Agent, Wanted], list[tuple[int, int, bytes, str]]] = Agent.read
    calls: list[int] = []

    def put(number: int, event: Event) -> list[int]:
        def disturbed(agent: Agent, wanted: Wanted) -> list[tuple[int, int, bytes, str]]:
            calls.append(len(calls) + 1)
            if calls[-1] == number:
                event(agent)
            return read(agent, wanted)

        monkeypatch.setattr(Agent, "read", disturbed)
        return calls

    return put


@pytest.mark.parametrize(
    ("through", "end"),
    [("kernel", end_kernel), ("kernel", restart_kernel), ("kernel", None), ("terminal", end_terminal)],
)
def test_a_kernel_that_ends_half_way_is_started_again_and_goes_on_where_it_was(
    show: Serve, tmp_path: Path, at: At, through: Through, end: Callable[[JupyterServer], None] | None
) -> None:
    home = tmp_path / "home"
    make_hidden(home)
    server = show(home)
    calls = at(4, die if end is None else lambda _: end(server))
    report = pull(server.address, tmp_path / "here", KEY, Options(through=through))

    assert report.whole
    assert report.fetched_bytes == LENGTH
    assert len(calls) == 7
    assert tree(tmp_path / "here") == tree(home)
    assert server.get("api/kernels") == []
    assert server.get("api/terminals") == []


def test_a_large_hidden_file_is_gone_on_with_by_the_next_pull(show: Serve, tmp_path: Path, at: At) -> None:
    home = tmp_path / "home"
    make_hidden(home)
    server = show(home)

    def interrupt(_: Agent) -> None:
        raise KeyboardInterrupt

    at(5, interrupt)
    with pytest.raises(KeyboardInterrupt):
        pull(server.address, tmp_path / "here", KEY, Options(through="kernel"))
    assert server.get("api/kernels") == []
    report = pull(server.address, tmp_path / "here", KEY, Options(through="kernel"))

    assert report.fetched_bytes == LENGTH - 4 * PIECE_BYTES
    assert tree(tmp_path / "here") == tree(home)


def test_a_large_hidden_file_that_changes_is_read_anew(show: Serve, tmp_path: Path, at: At) -> None:
    home = tmp_path / "home"
    make_hidden(home)
    server = show(home)

    def change(_: Agent) -> None:
        (home / ".large.bin").write_bytes(os.urandom(LENGTH - PIECE_BYTES))

    at(3, change)
    report = pull(server.address, tmp_path / "here", KEY, Options(through="kernel"))

    assert report.whole
    assert tree(tmp_path / "here") == tree(home)


def test_a_file_that_never_keeps_still_is_named(
    show: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name, length in (("run.log", 100), (".large.log", PIECE_BYTES + 1), ("still.txt", 1)):
        (home / name).write_bytes(bytes(length))
    fstat, agent = os.fstat, {}  # type: ignore[var-annotated]
    exec(agent_text(), agent)  # noqa: S102 - as a kernel does

    def grow(descriptor: int) -> os.stat_result:
        if fstat(descriptor).st_size > 1:
            os.utime(descriptor)
        return fstat(descriptor)

    def here(_: Agent, wanted: Wanted) -> list[tuple[int, int, bytes, str]]:
        """Read by the agent's own text, in this process."""
        with monkeypatch.context() as patch:
            patch.setattr(os, "fstat", grow)
            patch.setattr(Agent, "_call", lambda *_: agent["takeout_read"](str(server.root), wanted))
            return read(Agent(None, ""), wanted)  # type: ignore[arg-type]

    server = show(home)
    read = Agent.read
    monkeypatch.setattr(Agent, "read", here)
    report = pull(server.address, tmp_path / "here", KEY, Options(through="kernel"))

    assert {item.path for item in report.suspect} == {"run.log", ".large.log"}
    assert (tmp_path / "here" / "still.txt").read_bytes() == b"\0"
