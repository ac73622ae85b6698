"""The connections to one server, one for each thread."""

from __future__ import annotations

import threading

from takeout.pull.line import Line
from takeout.pull.site import Site


class Lines:
    """The connections to one server; finding a free one among many would cost more than a request.

    Args:
        site: Where they lead.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._of_thread = threading.local()
        self._all: list[Line] = []
        self._lock = threading.Lock()
        self._closed = False

    def own(self) -> Line:
        """Return the calling thread's own connection; one that comes after the end can make none."""
        line: Line | None = getattr(self._of_thread, "own", None)
        if line is None:
            line = self._of_thread.own = Line(self._site)
            with self._lock:
                self._all.append(line)
                if self._closed:
                    line.end()
        return line

    def close(self) -> None:
        """Close all of them, for good."""
        with self._lock:
            self._closed = True
            for line in self._all:
                line.end()
