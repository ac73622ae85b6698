from __future__ import annotations

from pathlib import Path

import helm_python
import yaml
from hypothesis import given
from hypothesis import strategies as st

from takeout.errors import ValuesError
from takeout.values.node import Comments, Mapping, Node, Scalar, Sequence, from_data, to_data
from takeout.values.read import read_yaml
from takeout.values.write import write_yaml
from values.strategies import documents, texts, values_data

_comments = st.builds(
    Comments,
    st.lists(
        st.sampled_from(("", "# above", "#", "not marked", "# two\nlines", "# \x07 odd \u2028")), max_size=3
    ).map(tuple),
    st.sampled_from(("", "# behind", "unmarked", "# two\nlines", "# 'q' \"")),
    st.lists(st.sampled_from(("", "# below", "# - item")), max_size=2).map(tuple),
)
_scalars = st.builds(
    Scalar,
    st.none() | st.booleans() | st.integers(-9, 9) | texts,
    style=st.sampled_from(("plain", "quoted", "literal", "folded")),
    comments=_comments,
)


def _collections(below: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.builds(
        Mapping,
        st.dictionaries(st.sampled_from(("a", "y", "b c", "k" * 1100)), below, max_size=3),
        comments=_comments,
    ) | st.builds(Sequence, st.lists(below, max_size=3).map(tuple), comments=_comments)


_nodes = st.recursive(_scalars, _collections, max_leaves=8)
mappings = st.builds(
    Mapping, st.dictionaries(st.sampled_from(("a", "b", "c")), _nodes, max_size=3), comments=_comments
)


def as_mapping(data: object) -> Mapping:
    node = from_data(data)
    assert isinstance(node, Mapping)
    return node


def after_json(data: object) -> object:
    """Plain data with numbers as 64-bit floats have them."""
    if isinstance(data, dict):
        return {key: after_json(value) for key, value in data.items()}
    if isinstance(data, list):
        return [after_json(value) for value in data]
    return float(data) if isinstance(data, (int, float)) and not isinstance(data, bool) else data


@given(values_data)
def test_helm_reads_back_what_was_written(data: dict[str, object]) -> None:
    text = write_yaml(as_mapping(data))
    assert after_json(helm_python.values_from_yaml(text)) == after_json(data)
    document = read_yaml(text, "written")
    assert after_json(to_data(document.values)) == after_json(data)
    assert {fault.code for fault in document.faults} <= {"number-changed"}


@given(values_data)
def test_strings_survive_readers_of_yaml_1_1(data: dict[str, object]) -> None:
    """PyYAML follows YAML 1.1 more closely than Helm; what is a string here must be one there."""

    def same(ours: object, theirs: object) -> bool:
        if isinstance(ours, dict):
            return isinstance(theirs, dict) and all(same(ours[key], theirs[key]) for key in ours)
        if isinstance(ours, list):
            return isinstance(theirs, list) and all(map(same, ours, theirs))
        return ours == theirs if isinstance(ours, str) else not isinstance(theirs, str)

    def without_numbers(value: object) -> object:
        if isinstance(value, dict):
            return {key: without_numbers(below) for key, below in value.items()}
        if isinstance(value, list):
            return [without_numbers(below) for below in value]
        return 7 if isinstance(value, float) else value

    kept = without_numbers(data)
    assert same(kept, yaml.safe_load(write_yaml(as_mapping(kept))))


@given(mappings)
def test_styles_and_comments_never_change_the_values(values: Mapping) -> None:
    text = write_yaml(values, header=["Made for a test", ""])
    assert helm_python.values_from_yaml(text) == to_data(values)
    assert text.startswith("# Made for a test\n#\n\n")
    assert "\n\n\n" not in text or any("\n\n" in str(leaf) for leaf in _strings(values))


@given(documents())
def test_writing_is_stable(text: str) -> None:
    try:
        values = read_yaml(text, "f").values
    except ValuesError:
        return
    written = write_yaml(values)
    again = read_yaml(written, "g")
    assert helm_python.values_from_yaml(written) == helm_python.values_from_yaml(text)
    assert write_yaml(again.values) == written
    assert not {"duplicate-key", "yaml11-key", "octal-mode"} & {fault.code for fault in again.faults}


def test_every_file_of_the_snapshot_survives_with_its_comments(snapshot: Path) -> None:
    for file in sorted(snapshot.rglob("*.yaml")):
        text = file.read_text()
        values = read_yaml(text, file.name).values
        written = write_yaml(values)
        assert helm_python.values_from_yaml(written) == helm_python.values_from_yaml(text), file
        assert write_yaml(read_yaml(written, "again").values) == written, file
        for line in text.splitlines():
            if line.lstrip().startswith("#"):
                assert line.strip() in written, file


def _strings(node: Node) -> list[str]:
    match node:
        case Mapping():
            return [text for child in node.entries.values() for text in _strings(child)]
        case Sequence():
            return [text for child in node.items for text in _strings(child)]
    return [node.value] if isinstance(node.value, str) else []
