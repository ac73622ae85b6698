from __future__ import annotations

import pytest

from takeout.values.node import Comments, Mapping, Scalar, from_data
from takeout.values.read import read_yaml
from takeout.values.write import write_yaml

CAREFUL = """\
# The hub of a school.
# It is small.

hub: # the hub
  config:
    # Who may come in.
    Authenticator:
      admin_users: # staff
        - a@b.org
        - "yes"
      # allowed: true
    JupyterHub:
      authenticator_class: github

  extraConfig:
    01-hello: |
      # not a comment
      print("hello")

      c.Spawner.x = 1
    02-strip: |-
      one
      two
    03-keep: |+
      one

    04-indent: |2
        deeper
      back
  "y": 1
  mode: "0755"
  empty: {}
  none: null
  list: []
  url: http://a.b/c#d

proxy:
  nested:
    - - a
      - b
    # Above the item.
    - name: x
      value: "1"
    - |
      text
      of two lines
  long: >-
    A line of words that was folded in the source because it is longer than anyone would like to read
    on a screen without turning it.

# The end.
"""


def test_what_a_careful_person_wrote_comes_back_as_it_was() -> None:
    assert write_yaml(read_yaml(CAREFUL, "f").values) == CAREFUL


def test_sections_are_separated_and_lists_are_indented() -> None:
    text = "a:\n- 1\n- {b: [2], c: {d: 3}}\nb: 2\n\n\n\n# c\nc: 3\n"
    assert write_yaml(read_yaml(text, "f").values) == (
        "a:\n  - 1\n  - b:\n      - 2\n    c:\n      d: 3\n\nb: 2\n\n# c\nc: 3\n"
    )


def test_anchors_and_merges_are_written_out() -> None:
    text = "a: &a\n  x: 1\nb:\n  <<: *a\n  z: 2\nc: *a\n"
    assert write_yaml(read_yaml(text, "f").values) == "a:\n  x: 1\n\nb:\n  x: 1\n  z: 2\n\nc:\n  x: 1\n"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("text", "text"),
        ("a b: c", '"a b: c"'),
        ("a:b", "a:b"),
        ("a #b", '"a #b"'),
        ("a#b", "a#b"),
        ("-x", "-x"),
        ("--flag=1", "--flag=1"),
        ("---", '"---"'),
        ("- x", '"- x"'),
        ("yes", '"yes"'),
        ("Y", '"Y"'),
        ("null", '"null"'),
        ("12:30", '"12:30"'),
        ("2024-03-18", '"2024-03-18"'),
        ("1.2.3", "1.2.3"),
        ("1e400", '"1e400"'),
        ("0o8", "0o8"),
        ("", '""'),
        ("{x}", '"{x}"'),
        ('say "x"', 'say "x"'),
        ('"x"', "'\"x\"'"),
        ("C:\\dir: 'x'", "\"C:\\\\dir: 'x'\""),
        ("\x85", '"\\x85"'),
        ("a\tb", '"a\\tb"'),
        ("\ufeff", '"\\uFEFF"'),
        ("é😀", "é😀"),
        ("a\r\nb", '"a\\r\\nb"'),
        (True, "true"),
        (None, "null"),
        (10**21, "1000000000000000000000"),
        (1e-07, "1e-07"),
        (0.5, "0.5"),
    ],
)
def test_quotes_are_used_only_where_a_reader_needs_them(value: str | float | None, written: str) -> None:
    assert write_yaml(Mapping({"k": Scalar(value)})) == f"k: {written}\n"


def test_quotes_of_the_source_are_kept() -> None:
    assert write_yaml(read_yaml("a: 'x'\nb: \"z\"\n", "f").values) == 'a: "x"\n\nb: "z"\n'


@pytest.mark.parametrize(
    ("text", "block"),
    [
        ("a\nb", "|-\n  a\n  b\n"),
        ("a\nb\n", "|\n  a\n  b\n"),
        ("a\n\n\n", "|+\n  a\n\n\n"),
        (" a\nb\n", "|2\n   a\n  b\n"),
        ("\na\n", "|2\n\n  a\n"),
        ("a\n  \nb\n", "|\n  a\n    \n  b\n"),
        ("a\n  ", '"a\\n  "\n'),
        ("\n\n", '"\\n\\n"\n'),
        ("a\x01\nb", '"a\\x01\\nb"\n'),
    ],
)
def test_a_text_of_many_lines_is_a_block_where_it_can_be(text: str, block: str) -> None:
    assert write_yaml(Mapping({"k": from_data(text)})) == f"k: {block}"


def test_nothing_is_an_empty_mapping_and_a_header_stands_above() -> None:
    assert write_yaml(Mapping()) == "{}\n"
    assert write_yaml(Mapping({"a": Scalar(1)}), header=["Made by hand.", "", "# Keep it."]) == (
        "# Made by hand.\n#\n# Keep it.\n\na: 1\n"
    )


def test_comments_cannot_break_out_of_their_line() -> None:
    values = Mapping({"a": Scalar(1, comments=Comments(("one\ntwo: 2",), "three\nfour: 4", ("\x00",)))})
    assert write_yaml(values) == "# one\n# two: 2\na: 1 # three four: 4\n  # \ufffd\n"
