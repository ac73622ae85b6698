"""Run a command and turn whatever happens into text and an exit code."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence

import typer

from takeout.cli import INTERRUPTED
from takeout.cli.app import app
from takeout.cli.output import Output
from takeout.errors import DiskError, InputError, TakeoutError, Where

ClickUsageError: type[Exception] = typer.BadParameter.__bases__[0]
"""What typer raises for an unknown option or command; it has no public name in every version of typer."""


class CommandLineError(InputError):
    """The command line itself is wrong."""

    code = "usage"


class BugError(TakeoutError):
    """Something that nobody foresaw."""

    code = "bug"


class InterruptedRunError(TakeoutError):
    """Somebody pressed Ctrl-C."""

    code = "interrupted"
    exit_code = INTERRUPTED


def run(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` name and return its exit code; see ``takeout.cli.main``."""
    output = Output(json="--json" in _options(arguments), quiet=False)
    try:
        code = _invoke(arguments)
    except TakeoutError as error:
        code = _fail(output, error)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except OSError as error:
        code = _fail(output, _disk_error(error))
    except Exception as error:  # noqa: BLE001 - the last resort, so that --json and exit codes hold even then
        code = _bug(output, error)
    if code == INTERRUPTED:
        _fail(output, InterruptedRunError("interrupted; nothing is left half-written"))
    output.flush()
    return code


def _invoke(arguments: Sequence[str]) -> int:
    command = typer.main.get_command(app)
    try:
        result = command.main(list(arguments), prog_name="takeout", standalone_mode=False)
    except ClickUsageError as error:
        raise _usage_error(error) from error
    return result if isinstance(result, int) else 0


def _usage_error(error: Exception) -> CommandLineError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "takeout"
    message = str(getattr(error, "format_message", error.__str__)()).strip().rstrip(".")
    return CommandLineError(message[:1].lower() + message[1:], hint=f"`{path} --help` shows what it takes")


def _bug(output: Output, error: Exception) -> int:
    output.message("".join(traceback.format_exception(error)).rstrip())
    hint = "please report it with the lines above and the command that you ran"
    return _fail(output, BugError(f"a bug in Takeout: {type(error).__name__}: {error}", hint=hint))


def _disk_error(error: OSError) -> DiskError:
    name = error.filename or error.filename2
    file = os.fsdecode(name) if isinstance(name, str | bytes) else ""
    return DiskError(error.strerror or str(error), where=Where(file) if file else None)


def _fail(output: Output, error: TakeoutError) -> int:
    output.error(error)
    return error.exit_code


def _options(arguments: Sequence[str]) -> list[str]:
    given = list(arguments)
    return given[: given.index("--")] if "--" in given else given
