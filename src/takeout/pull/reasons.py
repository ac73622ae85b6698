"""Why a file could not be taken, in words, and whether that is the end of all."""

from __future__ import annotations

from takeout.pull.answers import AbsentError, FailedError, GaveUpError, RefusedError
from takeout.pull.receive import ChangedError, NoRangesError


def ends_pull(error: BaseException) -> bool:
    """Return whether an error ends the pull and not one file."""
    return not isinstance(
        error,
        AbsentError | RefusedError | FailedError | GaveUpError | ChangedError | NoRangesError | UnicodeEncodeError,
    )


def why_not(error: BaseException) -> str:
    """Return why a file could not be taken."""
    match error:
        case AbsentError():
            text = "the server lists it and does not have it: it vanished, or is a link that leads nowhere"
        case RefusedError(status=status):
            text = f"the server refuses it (status {status})"
        case FailedError(status=status):
            text = f"the server fails to read it (status {status}): it may not be readable"
        case GaveUpError(reason=reason):
            text = f"it did not come after many attempts: {reason}"
        case ChangedError(found=found):
            text = f"what the server lists and what it sends disagree: {found}"
        case UnicodeEncodeError():
            text = "its name is not UTF-8, and the server's file interface cannot be asked for it"
        case _:
            text = str(error)
    return text
