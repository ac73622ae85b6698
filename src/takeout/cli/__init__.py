"""The command line: parse, call, print.

Nothing outside this package imports it, and ``main`` is the one place where errors become text and exit codes.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

INTERRUPTED = 130
"""Exit code after Ctrl-C: 128 and the number of SIGINT."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What follows the program's name; ``sys.argv`` where None.

    Returns:
        0 done; 1 done, and something was found; 2 the input is wrong; 3 the world is wrong; 130 interrupted.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        # As the program, not as a function of somebody's: what cancels a job in CI must leave things clean too.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        from takeout.cli.run import run

        return run(given)
    except KeyboardInterrupt:
        return INTERRUPTED
