from __future__ import annotations

import contextlib
import json
import random
from pathlib import Path

import helm_python
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from takeout.errors import ValuesError
from takeout.values.node import Mapping, Scalar, to_data, walk
from takeout.values.read import Document, read_yaml
from takeout.values.write import write_yaml
from values.strategies import documents


def as_text(data: object) -> str:
    """A form in which 1 and true differ."""
    return json.dumps(data, sort_keys=True)


def helm_reads(text: str) -> str | None:
    try:
        return as_text(helm_python.values_from_yaml(text))
    except helm_python.HelmError:
        return None


def we_read(text: str) -> tuple[str | None, Document | None]:
    try:
        document = read_yaml(text, "f")
    except ValuesError as error:
        return (None, None) if error.faults[0].fatal and error.faults[0].where.line else ("no place", None)
    return as_text(to_data(document.values)), document


@given(documents())
def test_reads_what_helm_reads(text: str) -> None:
    assert we_read(text)[0] == helm_reads(text)


@given(documents(bad=True))
def test_refuses_what_helm_refuses(text: str) -> None:
    assert we_read(text)[0] == helm_reads(text)


@given(documents())
def test_every_node_has_its_line(text: str) -> None:
    document = we_read(text)[1]
    lines = text.count("\n") + 1
    if document is not None:
        for _, node in walk(document.values):
            assert node.mark.file == "f"
            assert 1 <= node.mark.line <= lines


@given(documents())
def test_no_comment_is_made_up(text: str) -> None:
    document = we_read(text)[1]
    if document is not None:
        for _, node in walk(document.values):
            for comment in (*node.comments.before, node.comments.after, *node.comments.foot):
                assert comment == "" or (comment.startswith("#") and comment in text)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
@example(b"\xff\xfea\x00")
@example(b"a: \xed\xa0\x80")
@example(b"[" * 5000)
@example(b"- " * 5000)
@example(b"{a: " * 5000)
@example(b"\n".join(b" " * i + b"a:" for i in range(1000)))
def test_only_a_values_error_escapes(data: bytes) -> None:
    with contextlib.suppress(ValuesError):
        read_yaml(data, "f")


def test_mutated_real_files_are_read_as_helm_reads_them_or_refused(snapshot: Path, tmp_path: Path) -> None:
    """What Helm refuses is refused; what it reads is read the same, or refused with a place."""
    chance = random.Random(20)  # noqa: S311 - not for secrets
    files = sorted(snapshot.glob("config/clusters/*/*.values.yaml"))
    pieces = [
        "&a ",
        "*a",
        "<<: ",
        "!!str ",
        "- ",
        ": ",
        "\t",
        " #",
        '"',
        "'",
        "|",
        ">",
        "{",
        "]",
        ",",
        "\n",
        "\r\n",
        "%",
        "\\",
    ]
    (tmp_path / "Chart.yaml").write_text("apiVersion: v2\nname: a\nversion: 1.0.0\n")
    read = 0
    for _ in range(300):
        lines = chance.choice(files).read_text().split("\n")
        start = chance.randrange(len(lines))
        text = "\n".join(lines[start : start + chance.randint(1, 15)])
        for _ in range(chance.randint(1, 3)):
            place = chance.randint(0, len(text))
            text = text[:place] + chance.choice(pieces) + text[place + chance.choice((0, 0, 1, 3)) :]
        (tmp_path / "values.yaml").write_bytes(text.encode())
        ours, document = we_read(text)
        try:
            helm = as_text(helm_python.Chart.load(tmp_path).values)
        except helm_python.HelmError:
            helm = None
        if document is None:
            continue
        assert ours == helm, text
        read += 1
        assert read_back(document.values) == json.loads(ours or "")
    assert read > 50


def read_back(values: Mapping) -> object:
    return helm_python.values_from_yaml(write_yaml(values))


def test_every_file_of_the_snapshot_is_read_as_helm_reads_it(snapshot: Path) -> None:
    files = sorted(snapshot.rglob("*.yaml"))
    for file in files:
        text = file.read_text()
        assert as_text(to_data(read_yaml(text, file.name).values)) == helm_reads(text), file
    assert len(files) > 300


@pytest.mark.parametrize("levels", [5, 9, 30])
def test_aliases_that_grow_without_bound_are_refused_as_helm_refuses_them(levels: int) -> None:
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, levels):
        text += f"a{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * 10) + "]\n"
    if levels == 5:
        assert we_read(text)[0] == helm_reads(text)
    else:
        with pytest.raises(ValuesError, match="grow"):
            read_yaml(text, "f")
        assert helm_reads(text) is None


def test_a_leaf_is_what_json_makes_of_it() -> None:
    document = read_yaml("a: 9223372036854775807\nb: 1e3\nc: 0.1\nd: -0.0", "f")
    assert [node.value for _, node in walk(document.values) if isinstance(node, Scalar)] == [
        9223372036854776000,
        1000,
        0.1,
        0,
    ]
