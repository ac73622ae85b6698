"""Values that a jsonnet program makes."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable
from collections.abc import Mapping as MappingABC

from takeout.errors import Fault, TakeoutError, ValuesError, Where
from takeout.values.node import Data, Mapping, Mark, ScalarData, from_data
from takeout.values.resolve import as_json

# Programs look at the folders in std.thisFile, so the name must be absolute and a few folders deep.
_ROOT = "/source/"
_PLACE = re.compile(re.escape(_ROOT) + r"(?P<file>[^\s:]+):\(?(?P<line>\d+):(?P<column>\d+)")
_BEFORE_MESSAGE = re.compile(r"^(?:RUNTIME ERROR:\s+|" + re.escape(_ROOT) + r"\S+:[\d:()-]+\s+)+")


def evaluate(text: str, file: str, ext_vars: MappingABC[str, str], read: Callable[[str], str | None]) -> Mapping:
    """Return the values that the jsonnet program ``text`` gives.

    Args:
        text: The program.
        file: Its name inside the source, symbolic links not resolved; imports are relative to its folder.
        ext_vars: The external variables; all of them are strings.
        read: Returns the text of a file inside the source, or None when there is none.

    Raises:
        ValuesError: When the program fails, or gives something else than an object; with jsonnet's own message.
    """
    import _gojsonnet  # noqa: PLC0415 - loading Go's runtime takes longer than most commands do without it

    importer = _Importer(read)
    try:
        output = _gojsonnet.evaluate_snippet(
            _ROOT + file, text, ext_vars=dict(ext_vars), import_callback=importer.find
        )
        data: Data = json.loads(output, parse_int=_integer, parse_float=_float)
        values = from_data(data, Mark(file))
    except (RuntimeError, ValueError, RecursionError) as error:
        if importer.error is not None:
            raise importer.error from error
        raise _explain(str(error), file, importer.missing) from error
    if not isinstance(values, Mapping):
        message = "a values file must give an object, and this program gives something else"
        raise ValuesError([Fault("not-a-mapping", message, Where(file), "end it with { … }", fatal=True)])
    return values


class _Importer:
    """Finds imports inside the source; an exception must not cross the Go runtime, so it is kept for later."""

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self._read = read
        self.missing = ""
        self.error: TakeoutError | None = None

    def find(self, folder: str, name: str) -> tuple[str, bytes] | None:
        path = posixpath.normpath(posixpath.join(folder, name))
        try:
            text = self._read(path.removeprefix(_ROOT)) if path.startswith(_ROOT) else None
        except TakeoutError as error:
            self.error = error
            return None
        except Exception:  # noqa: BLE001 - whatever a reader does, Go must get an answer
            text = None
        if text is None:
            self.missing = name
            return None
        return path, text.encode()


def _explain(output: str, file: str, missing: str) -> ValuesError:
    first = output.splitlines()[0] if output else "jsonnet failed"
    message = _BEFORE_MESSAGE.sub("", first)
    hint = ""
    if missing and "import" in first:
        message = f"the import {missing!r} is not in the source"
        hint = "imports are looked for in the folder of the file that has them"
    elif "Undefined external variable" in first:
        hint = "the program is of another era of its source, or of another deployer"
    elif "max stack frames" in first:
        hint = "the program calls itself without end"
    match = _PLACE.search(output)
    where = Where(match["file"], int(match["line"]), int(match["column"])) if match else Where(file)
    return ValuesError([Fault("jsonnet", f"jsonnet: {message}", where, hint, fatal=True)])


def _integer(digits: str) -> ScalarData:
    return as_json(int(digits))


def _float(digits: str) -> ScalarData:
    return as_json(float(digits))
