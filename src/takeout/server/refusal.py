"""An answer that says no: status, code, message and mend."""

from __future__ import annotations

from collections.abc import Mapping

from takeout.errors import InputError, StaleError, TakeoutError


class Refusal(Exception):  # noqa: N818 - it is an answer, not a fault of the program
    """A request that is not fulfilled.

    Args:
        status: HTTP status.
        code: Stable name, such as ``path``.
        message: What is wrong, in one sentence.
        hint: The mend, or empty.
        headers: What else the answer's head says.
    """

    def __init__(
        self, status: int, code: str, message: str, hint: str = "", *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.headers = dict(headers or {})

    def to_json(self) -> dict[str, object]:
        """Return the fields that a client reads; the names are those of the command line's errors."""
        return {"code": self.code, "message": self.message, "where": None, "hint": self.hint}


def refusal_of(error: TakeoutError) -> Refusal:
    """Return the answer that an error of the core amounts to."""
    if isinstance(error, StaleError):
        return Refusal(409, error.code, error.message, error.hint)
    if isinstance(error, InputError):
        return Refusal(400, error.code, error.message, error.hint)
    return Refusal(503, error.code, error.message, error.hint)
