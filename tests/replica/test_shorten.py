import pytest

from takeout.replica.shorten import HIDDEN, difference, is_placeholder, short_data, shown
from takeout.values.node import Data, from_data
from takeout.values.path import parse_path


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("a", "a"),
        ("", '""'),
        (None, "null"),
        (True, "true"),
        ({"a": [1]}, '{"a": [1]}'),
        ("a\nb\n", "a … (2 lines)"),
    ],
)
def test_a_value_is_one_line(data: Data, text: str) -> None:
    assert short_data(data) == text


@pytest.mark.parametrize("data", ["x" * 500, "x" * 500 + "\ny", list(range(500))])
def test_a_long_value_is_cut(data: Data) -> None:
    assert len(short_data(data)) == 72
    assert "…" in short_data(data)


@pytest.mark.parametrize(
    ("path", "data", "hidden"),
    [
        ("hub.config.X.client_secret", "abc", True),
        ("hub.services.a.apiToken", "abc", True),
        ("hub.services", {"a": {"api_token": "abc"}}, True),
        ("x.password", ["abc"], True),
        ("x.password", "", False),
        ("x.password", "<fill in: x.password>", False),
        ("x.existingSecret", "name", False),
        ("x.secretName", "tls", False),
        ("x.tokens", 5, False),
        ("singleuser.image.tag", "abc", False),
    ],
)
def test_what_has_the_name_of_a_secret_is_not_shown(path: str, data: Data, hidden: bool) -> None:
    assert (shown(parse_path(path), from_data(data)) == HIDDEN) is hidden


def test_what_is_known_as_a_secret_is_not_shown_nor_what_holds_it() -> None:
    known = frozenset({("hub", "x", "key")})
    assert shown(("hub", "x", "key"), from_data("abc"), known) == HIDDEN
    assert shown(("hub",), from_data({"x": {"key": "abc"}}), known) == HIDDEN
    assert shown(("hub", "y"), from_data("abc"), known) == "abc"


@pytest.mark.parametrize(
    ("data", "expected"),
    [("<secret: a.b>", True), ("<fill in: a>", True), ("<b>bold</b>", False), ("fill in", False), (None, False)],
)
def test_placeholders_are_told_apart(data: Data, expected: bool) -> None:
    assert is_placeholder(data) is expected


def test_a_difference_shows_what_went_and_came() -> None:
    assert difference("a\nb\nc\n", "a\nc\nd\n") == ["@@ -1,3 +1,3 @@", " a", "-b", " c", "+d"]
    assert len(difference("\n".join("abcdefghijklmnopqrstuvwxyz"), "")) == 25
