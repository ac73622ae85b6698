"""What needs a stream to a pod: run a command in it, forward a port to it."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from takeout.cluster.connection import Connection, kubernetes
from takeout.cluster.refusals import Refusal, refused
from takeout.errors import ClusterError

_STATUS = re.compile(r"(?:status|Handshake status) (?P<status>\d{3})")
_CHUNK = 64 * 1024
_ACCEPT_SECONDS = 0.2
_END_SECONDS = 4.0
"""The client says farewell to the apiserver in a thread of its own, for at most three seconds."""


@dataclass(frozen=True, slots=True)
class Executed:
    """What a command in a pod came to.

    Attributes:
        code: Its exit code.
        out: What it printed.
        err: What it printed on its error stream.
    """

    code: int
    out: str
    err: str


def execute(
    connection: Connection, pod: str, namespace: str, command: Sequence[str], *, container: str, seconds: float
) -> Executed:
    """Run a command in a pod; see ``Cluster.execute``."""
    what = f"run {command[0]} in the pod {pod}"
    given = {"container": container} if container else {}
    running = _opened(
        connection,
        "stream",
        "connect_get_namespaced_pod_exec",
        what,
        pod=pod,
        namespace=namespace,
        command=list(command),
        stdin=False,
        stdout=True,
        stderr=True,
        tty=False,
        _preload_content=False,
        **given,
    )
    try:
        running.run_forever(timeout=seconds)
        if running.is_open():
            raise ClusterError(f"{command[0]} in the pod {pod} does not end in {seconds:.0f} seconds")
        code = running.returncode
        return Executed(0 if code is None else int(code), running.read_channel(1), running.read_channel(2))
    except (KeyError, TypeError, ValueError) as error:
        # The client reads the exit code out of a text that has none when the command could not be started.
        raise ClusterError(f"cannot {what}: the container has no such program, or the connection ended") from error
    finally:
        running.close()
        # A connection that the other side ended first is only marked as closed.
        running.sock.shutdown()


@contextmanager
def forwarded(connection: Connection, pod: str, namespace: str, port: int) -> Iterator[str]:
    """Listen on this machine and carry every connection to a pod's port; see ``Cluster.forward``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(_ACCEPT_SECONDS)
        ended = threading.Event()
        carriers: list[threading.Thread] = []

        def accept() -> None:
            while not ended.is_set():
                try:
                    near, _ = listener.accept()
                except TimeoutError:
                    continue
                except OSError:
                    return
                carrier = threading.Thread(
                    target=_carry, args=(connection, pod, namespace, port, near), daemon=True
                )
                carriers.append(carrier)
                carrier.start()

        acceptor = threading.Thread(target=accept, name=f"forward to {pod}:{port}", daemon=True)
        acceptor.start()
        try:
            yield "{}:{}".format(*listener.getsockname())
        finally:
            ended.set()
            acceptor.join()
            for carrier in carriers:
                carrier.join(_END_SECONDS)


def _carry(connection: Connection, pod: str, namespace: str, port: int, near: socket.socket) -> None:
    """Carry one connection, both ways, until either side ends it."""
    with near:
        try:
            streams = _opened(
                connection,
                "portforward",
                "connect_get_namespaced_pod_portforward",
                f"forward a port to the pod {pod}",
                pod=pod,
                namespace=namespace,
                ports=str(port),
            )
        except ClusterError:
            return  # the caller sees its connection end, and tries again
        far = streams.socket(port)
        # A pair of Unix sockets inside the client: it has no other way to say that the far side has ended.
        far.setblocking(True)
        back = threading.Thread(target=_pump, args=(far, near), daemon=True)
        back.start()
        _pump(near, far)
        back.join(timeout=5)
        with contextlib.suppress(OSError):
            streams.close()
        _end(streams)


def _end(streams: Any) -> None:
    """Close the connection to the apiserver; the client leaves that open where the far side ends first."""
    until = time.monotonic() + _END_SECONDS
    while streams.websocket.connected and time.monotonic() < until:
        time.sleep(_END_SECONDS / 100)
    with contextlib.suppress(OSError):
        streams.websocket.shutdown()


def _pump(source: Any, target: Any) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _opened(
    connection: Connection, opener: str, method: str, what: str, *, pod: str, namespace: str, **options: Any
) -> Any:
    """Return a stream of the Kubernetes client; each with a client of its own, which the opener changes."""
    client = kubernetes("client")
    connection.credentials()  # a token that has run out is renewed
    core = client.CoreV1Api(client.ApiClient(connection.configuration))
    try:
        return getattr(kubernetes("stream"), opener)(getattr(core, method), pod, namespace, **options)
    except client.ApiException as error:
        reason = str(error.reason or error)
        found = _STATUS.search(reason)
        status = int(found["status"]) if found else int(error.status or 0)
        raise refused(Refusal(status, "", reason), what, context=connection.context) from error
