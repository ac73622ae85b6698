"""What keeps a cluster from running here."""

from __future__ import annotations


class Trouble(Exception):  # noqa: N818 - it is the machine's, not the program's
    """A cluster cannot be started; the message says why, and what would help."""
