from __future__ import annotations

import helm_python
import pytest
from hypothesis import given
from hypothesis import strategies as st

from takeout.values.node import to_data
from takeout.values.read import read_yaml
from takeout.values.resolve import ResolveError, as_key, is_string, resolve
from values.strategies import TRAPS


@pytest.mark.parametrize("trap", TRAPS)
def test_each_trap_is_read_as_helm_reads_it(trap: str) -> None:
    text = f"k:\n  {trap}\n"
    assert repr(to_data(read_yaml(text, "f").values)) == repr(helm_python.values_from_yaml(text))


@given(st.text("0123456789+-._eExXoObBaAfFnN:~", min_size=1, max_size=8))
def test_anything_like_a_number_is_read_as_helm_reads_it(word: str) -> None:
    text = f"k: [{word!r}, {word} ]\n".replace("'" + word + "'", f'"{word}"')
    try:
        expected = repr(helm_python.values_from_yaml(text))
    except helm_python.HelmError:
        return
    assert repr(to_data(read_yaml(text, "f").values)) == expected


@given(
    st.sampled_from(
        (
            "1e3",
            "1e5",
            "1e6",
            "1e20",
            "1e-4",
            "1e-5",
            "0.1",
            "1.5",
            "16777217.5",
            "3.4028236e38",
            "1e-46",
            "-0.0",
            ".nan",
            "-.inf",
        )
    )
    | st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr)
)
def test_a_number_as_a_key_is_the_same_text_as_in_helm(word: str) -> None:
    text = f"{word}: 1\n"
    assert to_data(read_yaml(text, "f").values) == helm_python.values_from_yaml(text)


@pytest.mark.parametrize(
    ("value", "key"), [(True, "true"), (False, "false"), (493, "493"), (1e6, "1e+06"), ("x", "x")]
)
def test_keys_become_strings(value: str | float, key: str) -> None:
    assert as_key(value) == key


@pytest.mark.parametrize("value", [None, 2**63])
def test_some_values_cannot_be_keys(value: int | None) -> None:
    with pytest.raises(ResolveError, match="a key cannot be"):
        as_key(value)


def test_a_tag_that_does_not_fit_is_refused() -> None:
    assert resolve("12", "tag:yaml.org,2002:str", plain=True) == "12"
    assert resolve("12", "tag:yaml.org,2002:float", plain=True) == 12
    assert resolve("2024-03-18", "tag:yaml.org,2002:timestamp", plain=True) == "2024-03-18"
    with pytest.raises(ResolveError, match="!!timestamp"):
        resolve("2024-13-18", "tag:yaml.org,2002:timestamp", plain=True)
    with pytest.raises(ResolveError, match="base64"):
        resolve("a", "tag:yaml.org,2002:binary", plain=True)


def test_strings_are_told_from_other_words() -> None:
    assert is_string("no one")
    assert not is_string("no")
