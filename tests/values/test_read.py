from __future__ import annotations

from pathlib import Path

import helm_python
import pytest

from takeout.errors import Fault, ValuesError
from takeout.values.node import Comments, Mapping, Scalar, Sequence, find, to_data
from takeout.values.path import parse_path
from takeout.values.read import read_yaml

COMMENTED = """\
# the file

# the hub
hub:  # behind hub

  # the image
  image: a#b  # behind image
  # commented out
  # tag: 1
user:
  script: |  # behind script
    # part of the script

    echo


  quoted: "a # b"  # behind quoted
  empty:
    # - nothing yet
  list:
  # the first
  - name: x
    # within x
    value: 1

  # the second
  - [a, # flow
     b]  # behind b
  # after the list
# the end
"""


def comments(text: str, path: str) -> Comments:
    node = find(read_yaml(text, "f").values, parse_path(path))
    assert node is not None
    return node.comments


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("hub", Comments(("# the file", "", "# the hub"), "# behind hub", ("# commented out", "# tag: 1"))),
        ("hub.image", Comments(("", "# the image"), "# behind image")),
        ("user", Comments()),
        ("user.script", Comments((), "# behind script")),
        ("user.quoted", Comments(("",), "# behind quoted")),
        ("user.empty", Comments(foot=("# - nothing yet",))),
        ("user.list[0]", Comments(("# the first",))),
        ("user.list[0].value", Comments(("# within x",))),
        ("user.list[1]", Comments(("", "# the second"), "# behind b")),
        ("user.list[1][0]", Comments((), "# flow")),
        ("user.list", Comments(foot=("# after the list",))),
        ("$", Comments(foot=("# the end",))),
    ],
)
def test_comments_belong_to_the_entry_a_reader_would_say(path: str, expected: Comments) -> None:
    assert comments(COMMENTED, path) == expected


def test_a_sign_inside_a_scalar_is_no_comment() -> None:
    text = "a: x#y\nb: 'x # y'\nc: \"x\n  # y\"\nd: >\n  x\n  # y\ne: http://x/#y\n"
    for key in "abcde":
        assert comments(text, key) == Comments()


def test_marks_name_the_line_of_each_value() -> None:
    values = read_yaml("a: 1\nb:\n  - x\n  - c: |\n      text\n", "some/file.yaml").values
    lines = {"a": 1, "b": 3, "b[0]": 3, "b[1]": 4, "b[1].c": 4}
    for path, line in lines.items():
        node = find(values, parse_path(path))
        assert node is not None
        assert str(node.mark) == f"some/file.yaml:{line}"


def test_styles_are_kept() -> None:
    values = read_yaml("a: x\nb: 'x'\nc: \"x\"\nd: |\n  x\ne: >\n  x\n", "f").values
    assert [node.style for node in values.entries.values() if isinstance(node, Scalar)] == [
        "plain",
        "quoted",
        "quoted",
        "literal",
        "folded",
    ]


def test_an_alias_keeps_its_own_line_and_comments() -> None:
    values = read_yaml("a: &x  # first\n  b: 1\n# second\nc: *x  # behind\n", "f").values
    assert values.entries["a"].comments == Comments((), "# first")
    assert values.entries["c"].comments == Comments(("# second",), "# behind")
    assert values.entries["c"].mark.line == 4
    assert to_data(values) == {"a": {"b": 1}, "c": {"b": 1}}


def test_a_merged_mapping_gives_way_to_keys_below_and_wins_over_keys_above() -> None:
    text = "x: &x {a: 1, b: 1}\nz:\n  a: 2\n  <<: *x\n  b: 2\n"
    document = read_yaml(text, "f")
    assert to_data(document.values) == {"x": {"a": 1, "b": 1}, "z": {"a": 1, "b": 2}}
    assert to_data(document.values) == helm_python.values_from_yaml(text)
    assert faults(document.faults) == [("merge-replaces-key", 4, "z.a")]


def faults(found: tuple[Fault, ...]) -> list[tuple[str, int, str]]:
    return [(fault.code, fault.where.line, fault.where.path) for fault in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3", [("duplicate-key", 3, "a")]),
        ("h:\n  - a: 1\n    'a': 2", [("duplicate-key", 3, "h[0].a")]),
        (
            "h:\n  y: 1\n  on: 2\n  'n': 3",
            [("yaml11-key", 2, "h.true"), ("duplicate-key", 3, "h.true"), ("yaml11-key", 3, "h.true")],
        ),
        ("0755: x", [("yaml11-key", 1, "493")]),
        ("a:\n  mode: 0755", [("octal-mode", 2, "a.mode")]),
        ("any: 0o17", [("octal-mode", 1, "any")]),
        ("v:\n  - defaultMode: 755", [("octal-mode", 2, "v[0].defaultMode")]),
        ("mode: 0\nfileMode: 420\ndefaultMode: 511\nreplicas: 755\nmodel: 755\nx: 0", []),
        ("mode: '0755'\nx: 0.5\nz: 08", []),
        ("image:\n  tag: 1.10", [("number-changed", 2, "image.tag")]),
        ("tag: 1e5", [("number-changed", 1, "tag")]),
        ("tag: 3\nversion: '1.10'\ncpu: 1.10", []),
        ("id: 9007199254740993", [("number-changed", 1, "id")]),
        ("account: 123456789012", []),
        ("id: 9007199254740992", []),
        ("a: 1\n...\nb: 2", [("unread-document", 2, "")]),
        ("a: 1\n...\n# nothing\n", []),
        ("a: 1\n---\na: 2\n", []),
    ],
)
def test_what_helm_swallows_is_reported(text: str, expected: list[tuple[str, int, str]]) -> None:
    document = read_yaml(text, "f")
    assert faults(document.faults) == expected
    assert all(fault.hint and not fault.fatal and fault.where.file == "f" for fault in document.faults)


def test_a_fault_says_what_helm_sees() -> None:
    messages = [fault.message for fault in read_yaml("mode: 0755\ndefaultMode: 755\non: 1\nmode: 1", "f").faults]
    assert "Helm sees the number 493" in messages[0]
    assert "Helm sees 01363" in messages[1]
    assert messages[2] == "Helm reads the key on as 'true'"
    assert "line 1" in messages[3]


def test_the_last_of_two_equal_keys_wins_and_remembers_the_first() -> None:
    values = read_yaml("# why\na: 1\nb: 2\na: 3", "f").values
    assert to_data(values) == {"a": 3, "b": 2}
    node = values.entries["a"]
    assert isinstance(node.replaced, Scalar)
    assert (node.replaced.value, node.mark.line) == (1, 4)
    assert node.comments.before == ("# why",)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: 1\n- b", 2, 1, "did not find expected key"),
        ("a: [1,\n  2", 3, 1, "expected ',' or ']'"),
        ("a:\n\tb: 1", 2, 1, "cannot start any token"),
        ("a: 'x\ny: 1", 3, 1, "quoted scalar"),
        ("a: b: c", 1, 5, "mapping values are not allowed"),
        ("- 1", 1, 1, "a list"),
        ("just text", 1, 1, "a single value"),
        ("a: 1\nb: *x", 2, 4, r"\*x has no anchor"),
        ("a: &x [*x]", 1, 8, "contains itself"),
        ("a: .inf", 1, 4, "infinity"),
        ("a: !!int x", 1, 4, "!!int"),
        ("~: 1", 1, 1, "null"),
        ("a:\n  ? [x]\n  : 1", 2, 5, "cannot be a key"),
        ("a: &x {b: 1}\n*x : 1", 2, 1, "cannot be a key"),
        ("a:\n  <<: 3", 2, 7, "<< takes a mapping"),
        ('a: "x\\/y"', 1, 4, "escape"),
        ("%YAML 1.2\na: 1", 2, 1, "document start"),
        ("a: 1\n--- b", 2, 4, "start of a document"),
        ("a: x\0y", 1, 5, r"U\+0000"),
        ("a: 1\n\ufeffb: 2", 2, 1, "byte order mark"),
        ("a: " + "[" * 300, 1, 203, "nested"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(text: str, line: int, column: int, words: str) -> None:
    with pytest.raises(ValuesError, match=words) as caught:
        read_yaml(text, "dir/f.yaml")
    fault = caught.value.faults[0]
    assert (fault.where.file, fault.where.line, fault.where.column) == ("dir/f.yaml", line, column)
    assert fault.fatal
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "data", [b"a: \xff", b"\xff\xfea\x00:\x00", b"\xfe\xff\x00a", b"a: \xe2\x82", b"x\n\xed\xa0\x80"]
)
def test_other_encodings_are_refused_with_a_hint(data: bytes) -> None:
    with pytest.raises(ValuesError, match="UTF-") as caught:
        read_yaml(data, "f")
    assert caught.value.hint == "save the file as UTF-8"


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "~", "\ufeff", "\n\n"])
def test_an_empty_file_is_an_empty_mapping(text: str) -> None:
    assert to_data(read_yaml(text, "f").values) == {}


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\n---\nb: 2\n",
        "---\n---\na: 1",
        "a: {x: 1}\n---\n# nothing\n---\na: {y: ~}\n--- # third\na: {z: 1}\n",
        "a: 1\r\n---\r\nb: |\r\n  x\r\n  y",
        "a: |\n  x\n---\nb: >-\n  y",
        "\ufeffa: 1",
        "a: |\n  no final line break",
    ],
)
def test_several_documents_merge_as_in_helm(text: str, tmp_path: Path) -> None:
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: a\nversion: 1.0.0\n")
    (tmp_path / "values.yaml").write_bytes(text.encode())
    assert to_data(read_yaml(text.encode(), "f").values) == helm_python.Chart.load(tmp_path).values


def test_lines_go_on_counting_in_a_later_document() -> None:
    document = read_yaml("a: 1\n---\nb: 2\nb: 3\n", "f")
    assert document.values.entries["b"].mark.line == 4
    assert faults(document.faults) == [("duplicate-key", 4, "b")]
    with pytest.raises(ValuesError) as caught:
        read_yaml("a: 1\n---\nb: [\n", "f")
    assert caught.value.faults[0].where.line == 4


def test_reading_builds_lists_and_mappings() -> None:
    values = read_yaml("a: [1, {b: 2}]", "f").values
    assert isinstance(values, Mapping)
    assert isinstance(values.entries["a"], Sequence)
    assert to_data(values) == {"a": [1, {"b": 2}]}
