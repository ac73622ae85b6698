"""The token: where it comes from, and how it stays out of sight."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from takeout.errors import DiskError, TokenError, Where

VARIABLE = "JUPYTERHUB_API_TOKEN"
HINT = (
    f"set {VARIABLE}, or give --token-file FILE; a hub makes tokens at its address /hub/token, "
    "see docs/how-to/pull-your-home.md"
)


class Token:
    """A secret that shows itself only to whoever asks for it by name.

    Args:
        secret: The token.

    Raises:
        TokenError: When it cannot be a token.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        if not secret or not secret.isascii() or any(c.isspace() or not c.isprintable() for c in secret):
            # What was given is not shown: it may be a token with a letter too many.
            raise TokenError("what was given as a token is not one", hint=HINT)
        self._secret = secret

    def __repr__(self) -> str:
        """Return a text without the secret."""
        return "Token(…)"

    def header(self) -> str:
        """Return the value of the ``Authorization`` header."""
        return f"token {self._secret}"

    def hidden_in(self, text: str) -> str:
        """Return ``text`` without the secret."""
        return text.replace(self._secret, "…")


def find_token(
    environment: Mapping[str, str], file: Path | None = None, ask: Callable[[], str] | None = None
) -> Token:
    """Return the token: from the file, else from the environment, else as a person types it.

    Args:
        environment: The environment's variables.
        file: A file that holds nothing but the token.
        ask: Asks a person; None where there is nobody to ask.

    Raises:
        TokenError: When there is none.
        DiskError: When the file cannot be read.
    """
    if file is not None:
        try:
            return Token(file.read_text(encoding="utf-8").strip())
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise DiskError(
                f"the file with the token cannot be read: {reason}", where=Where(str(file)), hint=HINT
            ) from error
        except UnicodeDecodeError as error:
            raise TokenError("the file holds no token", where=Where(str(file)), hint=HINT) from error
    given = environment.get(VARIABLE, "").strip()
    if not given and ask is not None:
        given = ask().strip()
    if not given:
        raise TokenError("no token given", hint=HINT)
    return Token(given)
