"""Faults with the place that a person can open."""

from __future__ import annotations

from typing import NoReturn

from takeout.errors import Fault, ValuesError, Where
from takeout.values.lint import Remark
from takeout.values.path import Path, format_path

COLLECTION_KEY = ("value", "a mapping or list cannot be a key", "write the key as text; put braces in quotes")


class Reporter:
    """Gathers the faults of one document.

    Args:
        file: The file's name.
        first_line: How many lines of the file come before the document.

    Attributes:
        faults: What was found so far; none of it is fatal.
    """

    def __init__(self, file: str, first_line: int) -> None:
        self.faults: list[Fault] = []
        self._file = file
        self._first_line = first_line

    def remark(self, place: tuple[int, int], remark: Remark | None, path: Path = ()) -> None:
        """Note ``remark``, if it is one, at a line and column of the document, both from 0."""
        if remark is not None:
            self.faults.append(Fault(remark.code, remark.message, self._where(place, path), remark.hint))

    def refuse(self, place: tuple[int, int], code: str, message: str, hint: str) -> NoReturn:
        """Give up on the document.

        Raises:
            ValuesError: Always.
        """
        raise ValuesError([Fault(code, message, self._where(place, ()), hint, fatal=True)])

    def _where(self, place: tuple[int, int], path: Path) -> Where:
        line, column = place
        return Where(self._file, self._first_line + line + 1, column + 1, format_path(path) if path else "")
