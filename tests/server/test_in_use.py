"""A download from a server that its owner goes on working with: root, home and all of Jupyter are one tree."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from server.serving import BASE, TOKEN, Server, own, serving

SIZE = 30_000_000
PATIENCE_SECONDS = 60


def post(server: Server, path: str, body: object) -> Any:
    with closing(server.connection(60)) as connection:
        headers = {"Authorization": f"token {TOKEN}", "Content-Type": "application/json"}
        connection.request("POST", BASE + path, json.dumps(body), headers)
        answer = connection.getresponse()
        assert answer.status == 201, answer.read()
        return json.loads(answer.read())


def work(server: Server, history: Path) -> None:
    """Do what people do: start a kernel, which writes its history, and stop it."""
    before = history.stat().st_mtime_ns if history.exists() else 0
    kernel = post(server, "api/kernels", {"name": "python3"})
    deadline = monotonic() + PATIENCE_SECONDS
    while not history.exists() or history.stat().st_mtime_ns == before:
        assert monotonic() < deadline
        sleep(0.05)
    assert server.ask(f"api/kernels/{kernel['id']}", method="DELETE").status == 204


def test_a_download_that_was_cut_goes_on_while_the_server_is_used(place: Path) -> None:
    pytest.importorskip("ipykernel")
    home = place / "home"
    (home / "data").mkdir(parents=True)
    for number in range(10):
        (home / "data" / f"{number}").write_bytes(bytes([number]) * (SIZE // 10))
    history = home / ".ipython" / "profile_default" / "history.sqlite"
    own(place)
    jupyter = {
        "JUPYTER_CONFIG_DIR": str(home / ".jupyter"),
        "JUPYTER_DATA_DIR": str(home / ".local/share/jupyter"),
        "JUPYTER_RUNTIME_DIR": str(home / ".local/share/jupyter/runtime"),
    }
    with serving(place, home, **jupyter) as server:
        work(server, history)  # the first kernel of all makes its profile, which is a change

        connection, response = server.begin("takeout/archive/")
        with closing(connection):
            tag = response.headers["ETag"]
            start = response.read(SIZE // 2)
        work(server, history)

        rest = server.ask("takeout/archive/", Range=f"bytes={len(start)}-", If_Range=tag)
        assert (rest.status, rest.tag) == (206, tag)
        body = start + rest.body
        report = body[body.rindex(b"Takeout: what this archive holds") :].decode("utf-8", "replace")
        assert ".local/share/jupyter/runtime" in report
        assert "history.sqlite" in report

        (home / "data" / "new").write_text("a result")
        again = server.ask("takeout/archive/", Range=f"bytes={len(start)}-", If_Range=tag)
        assert (again.status, len(again.body)) == (200, int(again.headers["content-length"]))
        assert again.tag != tag
