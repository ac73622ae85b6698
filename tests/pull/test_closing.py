"""Every connection is closed by whoever opened it, also when the other end or another thread ends it first."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pull.conftest import Serve
from pull.servers import TOKEN, JupyterServer, connection_to
from sockets import left_open, open_sockets
from takeout.pull import Options, Token
from takeout.pull.answers import AskAgainError, RefusedError
from takeout.pull.connection import Connection
from takeout.pull.kernel import KernelChannel
from takeout.pull.line import CutError, Line
from takeout.pull.pace import Pace
from takeout.pull.reach import reach
from takeout.pull.site import Site
from takeout.pull.terminal import TerminalChannel

KEY = Token(TOKEN)


def test_a_web_socket_that_the_server_has_closed_is_closed_here_too(show: Serve, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    server = show(tmp_path / "home")
    with closing(connection_to(server)) as connection:
        channel = TerminalChannel(connection)
        raw = channel._socket.sock
        (terminal,) = server.get("api/terminals")  # type: ignore[misc]
        server.get(f"api/terminals/{terminal['name']}", "DELETE")
        while channel._socket.recv():
            pass
        assert not channel._socket.connected
        assert raw.fileno() >= 0

        channel.close()

    assert raw.fileno() < 0


@pytest.mark.parametrize(("kind", "method"), [(KernelChannel, "_run"), (TerminalChannel, "_begin")])
def test_what_does_not_come_to_life_is_closed_at_once(
    shared: JupyterServer,
    monkeypatch: pytest.MonkeyPatch,
    kind: type[KernelChannel | TerminalChannel],
    method: str,
) -> None:
    def fail(*_: object) -> None:
        raise AskAgainError("it died")

    monkeypatch.setattr(kind, method, fail)
    before = open_sockets()
    # What was raised holds everything on its way; nothing but closing closes it.
    with closing(connection_to(shared)) as connection, pytest.raises(AskAgainError) as raised:
        kind(connection)

    assert raised.tb
    assert left_open(before) == set()
    assert shared.get("api/kernels") == []
    assert shared.get("api/terminals") == []


@pytest.fixture
def silent() -> Iterator[int]:
    """A server that takes connections and says nothing; give its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


def ask(line: Line) -> str:
    """Make a request; return why it failed."""
    try:
        line.ask("GET", "/x", {}, body=None, seconds=(60, 60))
    except CutError as error:
        return str(error)
    finally:
        line.done(None)
    return ""


def test_a_thread_that_waits_for_an_answer_hears_that_the_connection_is_ended(silent: int) -> None:
    line, heard = Line(Site(f"http://127.0.0.1:{silent}", None, "")), []
    before = open_sockets()
    thread = threading.Thread(target=lambda: heard.append(ask(line)))
    thread.start()
    while open_sockets() == before:
        thread.join(0.01)

    line.end()
    thread.join(50)

    assert heard == ["the connection was cut"]
    assert left_open(before) == set()


def test_a_thread_that_comes_late_makes_no_connection(silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    ended, late = (Line(Site(f"http://127.0.0.1:{silent}", None, "")) for _ in range(2))
    before = open_sockets()
    connect = Site.connect

    def end_meanwhile(site: Site) -> socket.socket:
        made = connect(site)
        late.end()
        return made

    ended.end()
    assert ask(ended) == "the connection was cut"
    monkeypatch.setattr(Site, "connect", end_meanwhile)
    assert ask(late) == "the connection was cut"
    assert left_open(before) == set()

    connection = Connection(f"http://127.0.0.1:{silent}", "/", None, Pace(2), hub="", patience_seconds=60)
    connection.close()
    with pytest.raises(AskAgainError, match="cut"), connection.ask("x"):
        pass
    assert left_open(before) == set()


def test_a_server_that_cannot_be_used_leaves_no_connection_open(
    shared: JupyterServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Connection) -> None:
        raise RefusedError(403)

    monkeypatch.setattr("takeout.pull.reach._check_token", refuse)
    before = open_sockets()
    with pytest.raises(RefusedError) as raised:
        reach(shared.address, KEY, Options(), Pace(2))

    assert raised.tb
    assert left_open(before) == set()
