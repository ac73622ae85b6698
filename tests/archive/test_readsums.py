"""Checksums by name, in whatever order they are asked for."""

from __future__ import annotations

import hashlib
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from takeout.archive.opening.readsums import Sums


def sha(name: bytes) -> bytes:
    return hashlib.sha256(name).digest()


NAMES = st.lists(st.binary(max_size=3), unique=True, max_size=12)


@given(NAMES.flatmap(lambda names: st.tuples(st.just(names), st.permutations([*names, b"none"]))))
def test_each_is_taken_out_once_in_any_order(names: tuple[list[bytes], list[bytes]]) -> None:
    sums = Sums()
    for name in names[0]:
        sums.put(name, sha(name))
    left = len(names[0])
    for name in names[1]:
        assert sums.pop(name) == (sha(name) if name in names[0] else None)
        left -= name in names[0]
        assert len(sums) == left
        assert sums.pop(name) is None


def test_other_names_have_the_sum_of_the_first() -> None:
    sums = Sums()
    sums.put(b"first", sha(b"1"))
    sums.put_link(b"second", b"first")
    sums.put_link(b"third", b"second")
    sums.put_link(b"lost", b"nowhere")
    assert [sums.pop(name) for name in (b"first", b"third", b"second", b"lost")] == [*[sha(b"1")] * 3, b""]


def test_in_order_they_take_little_memory() -> None:
    count = 20_000
    tracemalloc.start()
    try:
        sums = Sums()
        for number in range(count):
            sums.put(b"%d" % number, sha(b"x"))
        assert all(sums.pop(b"%d" % number) for number in range(count))
        assert tracemalloc.get_traced_memory()[1] < 60 * count
    finally:
        tracemalloc.stop()
    assert len(sums) == 0
