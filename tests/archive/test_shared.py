"""What processes read arrives in shared buffers, compressed or as it is, and with it what became of it."""

from __future__ import annotations

import io
import os
import tarfile
import zlib
from array import array
from mmap import mmap
from pathlib import Path
from typing import TypeVar

import pytest

from takeout.archive import FORMATS, take_inventory
from takeout.archive.contents import program, readers, reading, shared
from takeout.archive.contents.batch import Order
from takeout.archive.contents.program import Answer
from takeout.archive.contents.readers import Readers
from takeout.archive.contents.results import Results, State
from takeout.archive.contents.shape import Part, Shape
from takeout.archive.contents.shared import SharedBuffers
from takeout.archive.contents.zstandard import zstd
from takeout.archive.formats import compress

T = TypeVar("T")

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="this system has no memory to share")


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_shared_buffers_come_back() -> None:
    before = descriptors()
    buffers = SharedBuffers(2)
    first, second = buffers.take(), buffers.take()
    assert first is not None
    assert second is not None
    assert {first[0], second[0]} == {0, 1}
    assert buffers.take() is None
    part = first[1][2:4]
    del first
    assert buffers.take() is None
    del part
    assert buffers.take() is not None
    buffers.close()
    del buffers, second
    assert descriptors() == before


@pytest.mark.usefixtures("answers")
def test_a_process_compresses_what_it_has_read(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []
    ask = Readers.answer

    def noted(asked: Readers, ticket: readers.Ticket) -> Answer | None:
        answer = ask(asked, ticket)
        lengths.append(answer[-1] if answer else -1)
        return answer

    monkeypatch.setattr(Readers, "answer", noted)
    monkeypatch.setattr(reading, "BATCH_BYTES", 100_000)
    inventory = take_inventory(many)
    archive = FORMATS["tar.zst"](inventory)
    given = b"".join(archive.read())
    assert len(lengths) > 1
    assert all(0 < length < 400_000 for length in lengths)
    assert given.count(b"\x28\xb5\x2f\xfd") >= len(lengths)
    with tarfile.open(fileobj=io.BytesIO(zstd.decompress(given))) as tar:
        name = f"{many.name}/d3/f17"
        assert tar.extractfile(name).read() == (many / "d3" / "f17").read_bytes()  # type: ignore[union-attr]


def test_what_gets_longer_stays_as_it_is() -> None:
    data = os.urandom(5_000)
    buffer = mmap(-1, len(data))
    buffer[:] = data
    alone = program.Program(-1, [buffer], zlib.crc32)
    packing = compress.Zstd.packing
    assert packing is not None
    assert alone._pack(memoryview(buffer), len(data), packing) == -1
    assert buffer[:] == data
    length = alone._pack(memoryview(buffer), 4_000, packing)
    assert zstd.decompress(buffer[:length]) == data[:4_000]


def test_what_a_buffer_has_no_room_for_is_read_here(
    place: Path, answers: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "BUFFER_BYTES", 300_000)
    here_instead: list[range] = []
    read = reading.Reading._batch_here

    def noted(self: reading.Reading, order: Order, span: range, shape: Shape[T]) -> tuple[Part[T], memoryview]:
        here_instead.append(span)
        return read(self, order, span, shape)

    monkeypatch.setattr(reading.Reading, "_batch_here", noted)
    home = place / "narrow"
    home.mkdir()
    for number in range(500):  # headers of 512 bytes and more, which their files' lengths do not tell of
        (home / f"{number:03}{'n' * 200}").write_bytes(b"%d" % number)
    inventory = take_inventory(home)
    beside = FORMATS["tar.zst"](inventory)
    with tarfile.open(fileobj=io.BytesIO(zstd.decompress(b"".join(beside.read())))) as tar:
        assert tar.extractfile(f"narrow/007{'n' * 200}").read() == b"7"  # type: ignore[union-attr]
        assert len(tar.getmembers()) == 503
    assert all(answers)
    assert here_instead
    assert not beside.results.troubles


def test_results_taken_together_are_those_taken_one_by_one() -> None:
    states = bytes([State.GOOD, State.UNREAD, State.SHRANK, State.GOOD])
    crcs, shas = array("I", [1, 0, 3, 4]).tobytes(), b"".join(bytes([each]) * 32 for each in range(4))
    together = Results(6)
    assert together.put_all(1, (states, crcs, shas)) == -1
    assert [together.state(each) for each in range(6)] == [State.UNREAD, *map(State, states), State.UNREAD]
    assert (together.crc(3), together.sha(4)) == (3, bytes([3]) * 32)
    assert together.troubles == {3: State.SHRANK}
    assert together.put_all(1, (states, crcs, shas)) == -1  # a second pass that reads the same
    assert together.put(2, State.GOOD, 2, bytes(32))  # another name of a file, which came with none
    assert together.put_all(1, (states, crcs, shas[:-1] + b"x")) == 4
