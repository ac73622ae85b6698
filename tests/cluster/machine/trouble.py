"""What keeps a cluster from running here."""

from __future__ import annotations

import errno


class Trouble(Exception):  # noqa: N818 - it is the machine's, not the program's
    """A cluster cannot be started; the message says why, and what would help."""


class Fault(Trouble):
    """It cannot be started anywhere: what is wrong is in this repository."""


_OF_THE_MACHINE = frozenset(
    getattr(errno, name)
    for name in "EACCES EDQUOT EMFILE ENFILE ENOMEM ENOSPC ENOSYS EOPNOTSUPP EPERM EROFS".split()  # noqa: SIM905
)


def is_of_the_machine(error: OSError) -> bool:
    """Whether an error is about what the machine allows and has, and not about what is asked of it."""
    return error.errno in _OF_THE_MACHINE
