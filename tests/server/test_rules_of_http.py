"""Ranges, tags and names, without a server."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from takeout.server.disposition import content_disposition, file_name
from takeout.server.ranges import Span, UnsatisfiableError, any_tags, requested, strong_tags


@given(length=st.integers(0, 60), first=st.integers(0, 70), last=st.integers(0, 70))
def test_a_range_is_a_slice(length: int, first: int, last: int) -> None:
    whole = bytes(range(length))
    header = f"bytes={first}-{last}"
    if last < first:
        assert requested(header, length) is None
    elif first >= length:
        with pytest.raises(UnsatisfiableError):
            requested(header, length)
    else:
        span = requested(header, length)
        assert span is not None
        assert whole[span.start : span.stop] == whole[first : last + 1]
        assert span.content_range(length) == f"bytes {first}-{min(last, length - 1)}/{length}"


@given(length=st.integers(1, 60), suffix=st.integers(1, 70), first=st.integers(0, 59))
def test_open_ranges_reach_to_the_end(length: int, suffix: int, first: int) -> None:
    whole = bytes(range(length))
    end = requested(f"bytes=-{suffix}", length)
    assert end is not None
    assert whole[end.start : end.stop] == whole[-suffix:]
    if first < length:
        assert requested(f"bytes={first}-", length) == Span(first, length)


@given(st.text(max_size=40))
@example("bytes=0-1,2-3")
@example("bytes=-")
@example("bytes=٣-٤")
@example("BYTES=1-2")
@example("bytes=1-2-3")
@example("bytes=" + "9" * 25 + "-")
def test_no_header_breaks_anything(header: str) -> None:
    try:
        span = requested(header, 10)
    except UnsatisfiableError:
        return
    assert span is None or 0 <= span.start < span.stop <= 10


def test_nothing_can_be_had_of_nothing() -> None:
    for header in ("bytes=0-", "bytes=-1", "bytes=0-0"):
        with pytest.raises(UnsatisfiableError):
            requested(header, 0)


def test_tags() -> None:
    assert strong_tags('"a", W/"b", "c"') == ("a", "c")
    assert strong_tags("Sun, 06 Nov 1994 08:49:37 GMT") == ()
    assert strong_tags(None) == ()
    assert any_tags('"a", W/"b"') == ("a", "b")
    assert any_tags(" * ") == ("*",)
    assert any_tags(None) == ()


@given(st.binary(max_size=300))
@example(b"..")
@example(b"")
@example(b'a"b')
@example(b"a\r\nb")
@example("é日本🎒".encode())
@example(b"CON.")
@example(b"%41%0d")
@example("\u202egnp.exe".encode())
def test_any_directory_gives_a_name_that_can_be_saved(directory: bytes) -> None:
    name = file_name(directory, ".zip")
    header = content_disposition(name)

    assert name.endswith(".zip")
    assert len(name) > len(".zip")
    assert not set(name) & set('<>:"/\\|?*%\r\n\0\u202e')
    assert header.isascii()
    assert header.isprintable()
    plain = header.split('"')[1]
    assert plain.endswith("zip")
    if "filename*" in header:
        assert unquote_to_bytes(header.rpartition("''")[2]) == name.encode()
    else:
        assert plain == name
