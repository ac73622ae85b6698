"""An archive goes into whatever can be written to."""

from __future__ import annotations

import io
import os
import sys
from contextlib import closing

import pytest

from takeout.archive.packing import copy
from takeout.progress import silent


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a pipe holds what it holds")
def test_a_pipe_holds_a_whole_piece() -> None:
    import fcntl  # noqa: PLC0415 - Windows has none

    ends, others = os.pipe(), os.pipe()
    try:
        try:
            fcntl.fcntl(others[1], fcntl.F_SETPIPE_SZ, 1 << 20)
        except PermissionError:
            pytest.skip("this user's pipes hold as much as they may")
        piece = bytes(1 << 20)
        os.set_blocking(ends[1], False)  # nobody reads yet
        with open(ends[1], "wb", buffering=0, closefd=False) as file:
            copy(iter([piece]), file, silent, 0, 0)
        assert len(os.read(ends[0], 1 << 20)) == len(piece)
    finally:
        for end in (*ends, *others):
            os.close(end)


def test_what_is_no_pipe_is_written_to_as_it_is() -> None:
    with closing(io.BytesIO()) as file:
        assert copy(iter([b"one", b"two"]), file, silent, 0, 0) == 6
        assert file.getvalue() == b"onetwo"
