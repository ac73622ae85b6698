"""Keep what a Go library logs away from the user's terminal, and keep it for us."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STDERR = 2
_REDIRECT = threading.Lock()
_LOG_LINE = re.compile(rb"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (?P<text>.*)|level=\w+ msg=.*|time=\S+ level=.*")


@contextmanager
def quiet() -> Iterator[list[str]]:
    """Catch what Go's log writes to the standard error stream, and yield its lines (there after the block).

    The stream is redirected below Python, for the whole process; what others write meanwhile is passed on.
    """
    lines: list[str] = []
    with _REDIRECT, tempfile.TemporaryFile() as caught:
        sys.stderr.flush()
        saved = os.dup(_STDERR)
        os.dup2(caught.fileno(), _STDERR)
        try:
            yield lines
        finally:
            sys.stderr.flush()
            os.dup2(saved, _STDERR)
            os.close(saved)
            caught.seek(0)
            for line in caught.read().splitlines(keepends=True):
                if match := _LOG_LINE.match(line):
                    lines.append((match["text"] or line).decode(errors="replace").strip())
                else:
                    os.write(_STDERR, line)
