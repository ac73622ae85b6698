"""Server-sent events. Source: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

from __future__ import annotations

import json


def event(name: str, data: object) -> bytes:
    """Return one event; JSON on one line has no line's end inside."""
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()
