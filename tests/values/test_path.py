"""Dotted paths are written and read without loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeout.values.path import format_path, parse_path

PATHS = st.lists(st.text() | st.integers(min_value=0, max_value=10**6)).map(tuple)


@given(PATHS)
def test_every_path_comes_back(path: tuple[str | int, ...]) -> None:
    assert parse_path(format_path(path)) == path


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), "$"),
        (("hub", "extraEnv"), "hub.extraEnv"),
        (("nodeSelector", "a.b/c"), 'nodeSelector."a.b/c"'),
        (("profileList", 0, "image"), "profileList[0].image"),
        (("",), '""'),
        ((0, 1), "[0][1]"),
    ],
)
def test_written_form(path: tuple[str | int, ...], text: str) -> None:
    assert format_path(path) == text


@pytest.mark.parametrize("text", ["a..b", "a.", ".a", 'a"b', "a[x]", "a[0]b", 'a."', "a b"])
def test_what_is_no_path_says_where(text: str) -> None:
    with pytest.raises(ValueError, match="not a path"):
        parse_path(text)


@given(st.text())
def test_no_text_crashes_the_parser(text: str) -> None:
    try:
        parse_path(text)
    except ValueError as error:
        assert "not a path" in str(error)  # noqa: PT017 - any text may be one
