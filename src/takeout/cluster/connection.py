"""A connection to a cluster: requests with time limits, patience, and errors in words."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from urllib.parse import urlencode

from takeout.cluster.refusals import TOO_MANY, UNAVAILABLE, is_certain, read_refusal, refused, unreachable
from takeout.errors import ToolError

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 60.0
PATIENCE_SECONDS = 90.0
"""How long a cluster that answered before may be away, or too busy, before that is an error."""

_MOST_PAUSE_SECONDS = 15.0
_SILENT_SECONDS = 3.0
"""How long to wait without a word."""

_PASSING = (TOO_MANY, 500, 502, UNAVAILABLE, 504)
_REFUSES_UNSEEN = (TOO_MANY, UNAVAILABLE)
"""With ``Retry-After`` the server says that it did nothing: then even a POST is sent again."""
_REPEATABLE = ("GET", "PUT", "PATCH", "DELETE")


class Connection:
    """Requests to one cluster.

    Attributes:
        context: The kubeconfig's context; ``in-cluster`` within a pod.
        server: The cluster's address.
        namespace: The context's namespace, or ``default``.
        configuration: The Kubernetes client's own configuration, for its streams.
        kubeconfig: The file or files that were read; empty within a pod.
        tell: Told in words when the cluster is waited for; from whichever thread waits.
    """

    def __init__(
        self,
        configuration: Any,
        *,
        context: str,
        namespace: str = "default",
        kubeconfig: str = "",
        complaint: str = "",
        patience_seconds: float = PATIENCE_SECONDS,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.configuration = configuration
        self.context = context
        self.server = str(configuration.host)
        self.namespace = namespace
        self.kubeconfig = kubeconfig
        self.tell: Callable[[str], None] = lambda _: None
        self._is_awaited = False
        self._complaint = complaint
        self._patience_seconds = patience_seconds
        self._pause = pause
        self._answered = False
        self._pool = kubernetes("client.rest").RESTClientObject(configuration).pool_manager
        self._renewing = threading.Lock()

    def close(self) -> None:
        """Close every connection."""
        # Without this a pool that an error leads to keeps its connections until Python tidies up.
        for key in self._pool.pools.keys():  # noqa: SIM118 - it cannot be iterated over
            self._pool.pools[key].close()
        self._pool.clear()

    def json(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        """Return what the cluster answers, as data.

        Args:
            method: ``GET``, ``POST``, ``PUT``, ``PATCH`` or ``DELETE``.
            path: The path on the server.
            what: What is asked for, for errors: ``list pods in the namespace hub``.
            query: The query's parameters.
            body: What is sent, as data.
            content_type: How the body is meant; a patch has several kinds.

        Raises:
            NetworkError: When there is no answer.
            ClusterError: When the cluster refuses.
        """
        sent = None if body is None else json.dumps(body).encode()
        answer = self.raw(method, path, what, query=query, body=sent, content_type=content_type)
        try:
            data = json.loads(answer)
        except ValueError as error:
            words = answer[:80].decode(errors="replace")
            raise ToolError(
                f"{self.server} answers in another language than Kubernetes': {words!r}",
                hint="a proxy in between? See the server's address in the kubeconfig",
            ) from error
        return data if isinstance(data, dict) else {"items": data}

    def raw(
        self,
        method: str,
        path: str,
        what: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        accept: str = "application/json",
    ) -> bytes:
        """Return what the cluster answers, as it is; see ``json``."""
        address = self.server + path + (f"?{urlencode(query)}" if query else "")
        pauses = _pauses()
        waited = 0.0
        while True:
            status, content, wait = self._once(
                method, address, body, {"Accept": accept, "Content-Type": content_type}
            )
            if isinstance(content, Exception):
                patience = self._patience_seconds if self._answered and method in _REPEATABLE else 0.0
                if is_certain(content) or waited >= patience:
                    raise unreachable(content, self.server, self.context) from content
            elif status < 400:  # noqa: PLR2004 - HTTP's own line
                self._answered = True
                self._say_that_it_answers()
                return content
            elif not _may_repeat(method, status, wait) or waited >= self._patience_seconds:
                self._answered = True
                refusal = read_refusal(status, content)
                raise refused(refusal, what, context=self.context, plugin=self._complaint)
            pause = min(wait if wait is not None else next(pauses), _MOST_PAUSE_SECONDS)
            self._say_that_it_is_awaited(status, what, waited + pause)
            self._pause(pause)
            waited += pause

    def _say_that_it_is_awaited(self, status: int, what: str, waited: float) -> None:
        """Say once that the cluster is waited for, however many requests do."""
        if waited < _SILENT_SECONDS or self._is_awaited:
            return
        self._is_awaited = True
        why = f"is too busy to {what} ({status})" if status else f"does not answer the request to {what}"
        self.tell(f"the cluster {why}: waiting for it, for {self._patience_seconds:.0f} s at most")

    def _say_that_it_answers(self) -> None:
        if self._is_awaited:
            self._is_awaited = False
            self.tell("the cluster answers again")

    def answers(self) -> bool:
        """Whether the cluster answers at this moment; it is asked once."""
        status, _, _ = self._once("GET", f"{self.server}/version", None, {"Accept": "application/json"})
        return 0 < status < 500  # noqa: PLR2004 - HTTP's own line

    def _once(
        self, method: str, address: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes | Exception, float | None]:
        """Return the status, the body or why there is none, and for how long the server asks to wait."""
        urllib3 = import_module("urllib3")
        timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS)
        try:
            answer = self._pool.request(
                method,
                address,
                body=body,
                headers={**headers, **self.credentials()},
                timeout=timeout,
                retries=False,
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return 0, error, None
        return answer.status, answer.data, _retry_after(answer.headers.get("Retry-After"))

    def credentials(self) -> dict[str, str]:
        """Return the header that says who asks; a token that has run out is renewed."""
        with self._renewing, complaints() as said:
            settings = self.configuration.auth_settings()
        if said:
            self._complaint = said[-1]
        bearer = settings.get("BearerToken")
        return {"authorization": str(bearer["value"])} if bearer else {}


def kubernetes(module: str) -> Any:
    """Return a module of the Kubernetes client.

    Raises:
        ToolError: When it is not installed.
    """
    try:
        return import_module(f"kubernetes.{module}")
    except ImportError as error:
        raise ToolError(
            f"the Kubernetes client is missing: {error}", hint="pip install 'jupyterhub-takeout[hub]'"
        ) from error


def _may_repeat(method: str, status: int, wait: float | None) -> bool:
    return status in _PASSING and (method in _REPEATABLE or (status in _REFUSES_UNSEEN and wait is not None))


def _pauses() -> Iterator[float]:
    seconds = 0.5
    while True:
        yield seconds
        seconds = min(seconds * 2, _MOST_PAUSE_SECONDS)


def _retry_after(text: str | None) -> float | None:
    """Return the seconds of a ``Retry-After``; Kubernetes sends no dates."""
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None


class _Listener(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


@contextmanager
def complaints() -> Iterator[list[str]]:
    """Catch what the client logs of a credential plugin that failed; it says it nowhere else, and goes on."""
    said: list[str] = []
    root = logging.getLogger()
    listener = _Listener(said)
    root.addHandler(listener)
    try:
        yield said
    finally:
        root.removeHandler(listener)
