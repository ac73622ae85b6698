"""Memory is used again, and never while anybody looks at it."""

from __future__ import annotations

import contextlib
from mmap import mmap

import pytest

from takeout.archive.contents.buffers import Buffers


def test_a_buffer_is_used_again_when_no_view_of_it_is_left() -> None:
    buffers = Buffers()
    view = buffers.take(100_000)
    part, owner = view[10:20], view.obj
    del view
    assert buffers.take(100_000).obj is not owner
    del part
    held = [buffers.take(100_000) for _ in range(2)]
    assert any(each.obj is owner for each in held)


def test_a_small_wish_does_not_hold_a_large_buffer() -> None:
    buffers = Buffers()
    large = buffers.take(4 << 20).obj
    small = buffers.take(100)
    assert small.obj is not large
    assert len(small) == 100


def test_no_more_is_kept_than_said() -> None:
    buffers = Buffers(kept_bytes=1 << 20)
    views = [buffers.take(300_000) for _ in range(20)]
    owners = {id(view.obj) for view in views}
    assert len(owners) == 20
    del views
    assert len(buffers) <= 1 << 20
    assert len(buffers.take(5 << 20)) == 5 << 20
    assert len(buffers) <= 1 << 20


def test_a_new_buffer_is_in_use_before_another_thread_can_find_it(monkeypatch: pytest.MonkeyPatch) -> None:
    resizable: list[bool] = []
    keep = Buffers._keep

    def look(buffers: Buffers, buffer: mmap) -> None:
        keep(buffers, buffer)
        with contextlib.suppress(BufferError):
            buffer.resize(len(buffer))
            resizable.append(True)

    monkeypatch.setattr(Buffers, "_keep", look)
    views = [Buffers().take(1_000) for _ in range(3)]
    assert len(views) == 3
    assert resizable == []
